//! What every response carries.

use crate::suite::Suite;
use gateway::http::ROUTES;
use reqwest::Method;

/// `no-store`, `no-referrer`, `frame-ancestors 'none'`, CSP with nonces: on all routes, refusals and unknown
/// addresses included.
#[tokio::test]
async fn every_response_has_the_security_headers() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    let routes = ROUTES.iter().map(|route| (route.methods[0], route.path.replace("{token}", "token")));
    let unknown =
        [("GET", "/unknown".to_owned()), ("PUT", "/sign-in".to_owned()), ("GET", "/../etc".to_owned())];
    for (method, path) in routes.chain(unknown) {
        let page = browser.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, None, &[]).await;
        let policy = page.header("content-security-policy").to_owned();
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "'nonce-",
        ] {
            assert!(policy.contains(part), "{method} {path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{method} {path}: {policy}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{method} {path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{method} {path}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{method} {path}");
        assert!(page.header("strict-transport-security").starts_with("max-age="), "{method} {path}");
        let public = ["/.well-known/openid-configuration", "/oauth/jwks"].contains(&path.as_str());
        let cache = if public { "public, max-age=60" } else { "no-store" };
        assert_eq!(page.header("cache-control"), cache, "{method} {path}");
    }
}

/// The sign-in page's form may lead on to the client that waits, and the page's nonce is new each time.
#[tokio::test]
async fn the_sign_in_form_may_lead_on_to_the_client() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let browser = suite.browser();
    let sign_in = browser.get(&product.authorize(&[])).await.location();
    let policies = [browser.get(&sign_in).await, browser.get(&sign_in).await]
        .map(|page| page.header("content-security-policy").to_owned());
    assert!(policies[0].ends_with("form-action 'self' https://product.example"), "{}", policies[0]);
    assert_ne!(policies[0], policies[1]);
    let wrong = browser.submit(&sign_in, &[("email", "x@example.com"), ("password", "x")]).await;
    assert!(wrong.header("content-security-policy").ends_with("https://product.example"));
}
