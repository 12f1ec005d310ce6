//! What every response carries.

use crate::{
    browser::Page,
    neighbours::response,
    product::query,
    saml::{Managed, departure},
    suite::Suite,
};
use gateway::http::ROUTES;
use pass_proto::types::v1::Language;
use reqwest::Method;

/// `no-store`, `no-referrer`, `frame-ancestors 'none'`, CSP with nonces: on all routes, refusals and unknown
/// addresses included.
#[tokio::test]
async fn every_response_has_the_security_headers() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    let path = |path: &str| path.replace("{token}", "token").replace("{space_key}", "SPACE00000");
    let routes = ROUTES.iter().map(|route| (route.methods[0], path(route.path)));
    let unknown =
        [("GET", "/unknown".to_owned()), ("PUT", "/sign-in".to_owned()), ("GET", "/../etc".to_owned())];
    for (method, path) in routes.chain(unknown) {
        let page = browser.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, None, &[]).await;
        let public = ["/.well-known/openid-configuration", "/oauth/jwks"].contains(&path.as_str());
        must_be_secure(&page, if public { "public, max-age=60" } else { "no-store" }, &path);
    }
}

/// The same of what the routes for Managed Accounts answer when all is well.
#[tokio::test]
async fn what_managed_sign_ins_answer_has_the_security_headers() {
    let managed = Managed::start().await;
    let browser = managed.suite.browser();
    let link = managed.suite.neighbours.invite(&managed.company, "nulab", Language::En);
    for path in ["/managed", &link, &format!("/saml/{}", managed.company.space_key)] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        must_be_secure(&page, "no-store", path);
    }
    let leave = browser.submit("/managed", &[("identifier", &managed.company.handle)]).await;
    must_be_secure(&leave, "no-store", "the leave page");
    let assertion = response(&managed.person.email);
    let relay = query(&departure(&leave))["RelayState"].clone();
    let posted = managed.post(&[("SAMLResponse", &assertion), ("RelayState", &relay)]).await;
    must_be_secure(&posted, "no-store", "the answer of the ACS");
    let finished = browser.get(&posted.location()).await;
    assert_eq!(finished.location(), "/");
    must_be_secure(&finished, "no-store", "the end");
    let asked = browser.get(&managed.unsolicited(&managed.person.email).await).await;
    assert_eq!(asked.status, 200);
    must_be_secure(&asked, "no-store", "the question");
}

fn must_be_secure(page: &Page, cache: &str, what: &str) {
    let policy = page.header("content-security-policy");
    for part in
        ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "'nonce-"]
    {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    assert_eq!(page.header("referrer-policy"), "no-referrer", "{what}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(page.header("x-frame-options"), "DENY", "{what}");
    assert!(page.header("strict-transport-security").starts_with("max-age="), "{what}");
    assert_eq!(page.header("cache-control"), cache, "{what}");
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
