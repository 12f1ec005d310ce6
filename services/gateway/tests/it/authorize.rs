//! The authorization endpoint: the `OpenID` checks of security.md that belong to it, each by name.

use crate::{
    product::{CALLBACK, claims, query},
    suite::{CONSOLE, ISSUER, Suite},
};
use pass_types::Role;
use time::Duration;

/// From the product to the sign-in page, back with a code, and on to tokens.
#[tokio::test]
async fn somebody_signs_in_to_a_product() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();

    let page = browser.get(&product.authorize(&[("login_hint", "taro@example.com")])).await;
    let sign_in = page.location();
    assert!(sign_in.starts_with("/sign-in?flow="), "{sign_in}");
    let page = browser.get(&sign_in).await;
    assert!(page.text.contains("Product backlog") && page.text.contains("value=\"taro@example.com\""));

    let page = browser.sign_in(&sign_in, &taro).await;
    let back = browser.follow(page).await.leads_to();
    assert!(back.as_str().starts_with(&format!("{CALLBACK}&code=")), "{back}");
    let answer = query(&back);
    assert_eq!((answer["state"].as_str(), answer["iss"].as_str()), ("the state", ISSUER));

    let tokens = product.redeem(&answer["code"]).await.good();
    let access = claims(tokens["access_token"].as_str().unwrap());
    let id = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(access["sub"], taro.id.to_string());
    assert_eq!(
        (&access["iss"], &access["aud"], &access["client_id"]),
        (&ISSUER.into(), &"backlog".into(), &"backlog".into())
    );
    assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 300);
    assert_eq!(
        (&id["iss"], &id["aud"], &id["nonce"]),
        (&ISSUER.into(), &"backlog".into(), &"the nonce".into())
    );
    assert_eq!(id["sid"], access["sid"]);
    assert_eq!(id["amr"][0], "pwd");
    assert_eq!(tokens["token_type"], "Bearer");

    // The second time nobody is asked.
    let page = browser.get(&product.authorize(&[])).await;
    assert!(query(&page.leads_to()).contains_key("code"));
}

/// Unknown client or redirect URI: a page, never a redirect; exact match.
#[tokio::test]
async fn an_unknown_client_or_redirect_uri_gets_a_page_and_never_a_redirect() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let browser = suite.browser();
    for change in [
        ("client_id", ""),
        ("client_id", "unknown"),
        ("client_id", "Backlog\0"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://product.example/callback"),
        ("redirect_uri", "https://product.example/callback?of=pass&more"),
        ("redirect_uri", "https://product.example/callback/?of=pass"),
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", "https://product.example@evil.example/callback?of=pass"),
        ("redirect_uri", "javascript:alert(1)"),
        ("redirect_uri", "//evil.example"),
    ] {
        let page = browser.get(&product.authorize(&[change])).await;
        assert_eq!(page.status, 400, "{change:?}");
        assert!(page.headers.get("location").is_none() && !page.text.contains("evil"), "{change:?}");
        assert!(page.text.contains("not known"), "{}", page.text);
        let body = serde_urlencoded::to_string(product.parameters(&[change])).unwrap();
        let page = browser.send(reqwest::Method::POST, "/oauth/authorize", Some(body), &[]).await;
        assert_eq!(page.status, 400, "{change:?}");
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", product.authorize(&[]));
    assert_eq!(browser.get(&twice).await.status, 400);
}

/// PKCE is required, S256 for all, plain is refused; no implicit or hybrid; every response has `iss` and `state`.
#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_to_the_client_with_issuer_and_state() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let browser = suite.browser();
    for (change, error) in [
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "id_token token"), "unsupported_response_type"),
        (("response_type", "code token"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        (("request_uri", "https://evil.example/"), "request_uri_not_supported"),
        (("scope", "profile"), "invalid_scope"),
        (("prompt", "none login"), "invalid_request"),
        (("max_age", "x"), "invalid_request"),
        (("organization", "acme"), "invalid_request"),
    ] {
        let page = browser.get(&product.authorize(&[change])).await;
        let back = page.leads_to();
        assert!(back.as_str().starts_with(CALLBACK), "{back}");
        let answer = query(&back);
        assert_eq!(answer["error"], error, "{change:?}");
        assert_eq!((answer["state"].as_str(), answer["iss"].as_str()), ("the state", ISSUER));
        assert!(!answer.contains_key("code"));
    }
}

/// prompt=none never shows a page; prompt=login always does, and makes a new session.
#[tokio::test]
async fn prompts_are_obeyed() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let page = browser.get(&product.authorize(&[("prompt", "none")])).await;
    assert_eq!(query(&page.leads_to())["error"], "login_required");

    product.sign_in(&browser, &taro, &[]).await;
    let first = browser.session().unwrap();
    let page = browser.get(&product.authorize(&[("prompt", "none")])).await;
    assert!(query(&page.leads_to()).contains_key("code"));

    suite.clock.advance(Duration::minutes(1));
    let page = browser.get(&product.authorize(&[("prompt", "login")])).await;
    let location = page.location();
    assert!(location.starts_with("/sign-in?flow="), "{location}");
    let typed = format!("value=\"{}\"", taro.email);
    assert!(
        browser.get(&location).await.text.contains(&typed),
        "who signs in anew need not type the address"
    );
    // Going on without signing in anew leads to the sign-in page again.
    let resumed = browser.get(&location.replace("/sign-in", "/oauth/resume")).await;
    assert_eq!(resumed.location(), location);
    let page = browser.sign_in(&location, &taro).await;
    assert!(query(&browser.follow(page).await.leads_to()).contains_key("code"));
    assert!(browser.session().unwrap() != first, "a new session at each sign-in");
    assert_eq!(suite.neighbours.sessions_of(&taro).len(), 1, "the one before is over");
}

/// `max_age`: a sign-in that is too old is not good enough, and `auth_time` says when it was.
#[tokio::test]
async fn max_age_is_obeyed() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let signed_in = suite.gateway.clock.now().unix_timestamp();
    product.sign_in(&browser, &taro, &[]).await;
    suite.clock.advance(Duration::minutes(10));
    let page = browser.get(&product.authorize(&[("max_age", "601")])).await;
    let tokens = product.redeem(&query(&page.leads_to())["code"]).await;
    assert_eq!(claims(&tokens.text("id_token"))["auth_time"], signed_in);
    let page = browser.get(&product.authorize(&[("max_age", "599")])).await;
    assert!(page.location().starts_with("/sign-in"));
    let page = browser.get(&product.authorize(&[("max_age", "599"), ("prompt", "none")])).await;
    assert_eq!(query(&page.leads_to())["error"], "login_required");
    let page = browser.get(&product.authorize(&[("max_age", "0")])).await;
    let page = browser.sign_in(&page.location(), &taro).await;
    let code = query(&browser.follow(page).await.leads_to())["code"].clone();
    let again = claims(&product.redeem(&code).await.text("id_token"))["auth_time"].as_i64().unwrap();
    assert_eq!(again, signed_in + 600);
}

/// proves API-2: a token names one organization, the asked-for one if the person is a member of it, checked again
/// when the code is redeemed; switching takes no new login.
#[tokio::test]
async fn the_organization_is_chosen_checked_and_checked_again() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let first = suite.neighbours.organization_of(&taro, Role::Administrator);
    suite.clock.advance(Duration::seconds(1));
    let second = suite.neighbours.organization_of(&taro, Role::Guest);
    let foreign = suite.neighbours.organization_of(&suite.neighbours.account("Hanako"), Role::Member);
    let browser = suite.browser();
    let back = product.sign_in(&browser, &taro, &[]).await;
    let access = claims(&product.redeem(&query(&back)["code"]).await.text("access_token"));
    assert_eq!((&access["org_id"], &access["role"]), (&first.to_string().into(), &"administrator".into()));

    let asking = |id: &pass_types::OrganizationId| product.authorize(&[("organization", &id.to_string())]);
    let page = browser.get(&asking(&second)).await;
    let access = claims(&product.redeem(&query(&page.leads_to())["code"]).await.text("access_token"));
    assert_eq!((&access["org_id"], &access["role"]), (&second.to_string().into(), &"guest".into()));

    let page = browser.get(&asking(&foreign)).await;
    assert_eq!(query(&page.leads_to())["error"], "access_denied");

    let page = browser.get(&asking(&second)).await;
    suite.neighbours.state().members.remove(&(taro.id, second));
    product.redeem(&query(&page.leads_to())["code"]).await.refused("invalid_grant");
}

/// A request by form post works as well, though browsers send no cookie of ours with it.
#[tokio::test]
async fn a_request_may_be_posted() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let (browser, other_site) = (suite.browser(), suite.browser());
    product.sign_in(&browser, &taro, &[]).await;
    let body = serde_urlencoded::to_string(product.parameters(&[])).unwrap();
    let origin = [("origin", "https://product.example")];
    let page = other_site.send(reqwest::Method::POST, "/oauth/authorize", Some(body), &origin).await;
    let page = browser.follow(page).await;
    assert!(query(&page.leads_to()).contains_key("code"));
}

/// A flow that is over, or never was, is a page; the start page leads to the console.
#[tokio::test]
async fn flows_end() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let sign_in = browser.get(&product.authorize(&[])).await.location();
    suite.clock.advance(Duration::minutes(30));
    for path in [
        sign_in.as_str(),
        "/sign-in?flow=nonsense",
        "/oauth/resume",
        "/oauth/resume?flow=01900000-0000-7000-8000-000000000000",
        "/sign-up?flow=01900000-0000-7000-8000-000000000000",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 400, "{path}");
        assert!(page.text.contains("too long"), "{}", page.text);
    }
    assert_eq!(browser.get("/").await.location(), "/sign-in");
    assert_eq!(browser.sign_in("/sign-in", &taro).await.location(), "/");
    assert_eq!(browser.get("/").await.location(), CONSOLE);
}
