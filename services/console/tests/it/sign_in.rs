//! Signing in and out.

use crate::suite::{ORGANIZATION, PUBLIC_URL, Suite};
use http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn signing_in_leads_back_to_where_one_wanted_to_go() {
    let suite = Suite::start().await;
    let (browser, session) = (suite.browser(), suite.session_id());
    let wanted = format!("/organizations/{ORGANIZATION}/members");
    let asked = browser.get(&wanted).await;
    let to_gateway = browser.get(asked.location()).await;
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, session);
    let done = browser.get(&back).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, wanted.as_str()));
    assert_eq!(browser.get(&wanted).await.status, StatusCode::OK);
    let last = suite.services.0.lock().unwrap().asker.clone().unwrap();
    assert_eq!(last.0, Some(session), "the services see the person's own session");
    assert_eq!((last.1.address.as_str(), last.1.user_agent.as_str()), ("127.0.0.1", "nulab-pass"));
}

/// proves security.md, "OpenID provider": no open redirect anywhere
#[tokio::test]
async fn a_link_can_not_say_where_to_go_afterwards() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    let to_gateway = browser.get("/sign-in?to=https%3A%2F%2Fevil.example%2F").await;
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
    assert_eq!(browser.get(&back).await.location(), "/");
}

/// proves security.md, "Everywhere": nothing personal in URLs: neither a link nor the way to the gateway names anybody
#[tokio::test]
async fn a_link_names_nobody() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    let hint = async |path: &str| {
        let to_gateway = browser.get(path).await.location().to_owned();
        assert!(!to_gateway.contains("%40") && !to_gateway.contains('@'), "{to_gateway}");
        to_gateway.split_once("&login_hint=").map(|(_, hint)| hint.to_owned())
    };
    assert_eq!(hint("/sign-in?to=%2Faccount&email=evil%40example.com").await, None);
    assert_eq!(hint("/sign-in?to=%2Faccount&fresh=true").await, None, "nobody is signed in");
    assert_eq!(hint("/sign-in?to=%2Finvitations%2FTOKEN").await, None);
}

/// proves security.md: login CSRF; a sign-in is of one browser, and works once
#[tokio::test]
async fn a_sign_in_is_of_one_browser_and_works_once() {
    let suite = Suite::start().await;
    let (browser, other) = (suite.browser(), suite.browser());
    let to_gateway = browser.get("/sign-in").await;
    other.get("/sign-in").await;
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
    assert_eq!(other.get(&back).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(suite.count("sessions").await, 0);
    assert_eq!(browser.get(&back).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&back).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(suite.count("sessions").await, 1);
}

#[tokio::test]
async fn what_the_gateway_did_not_say_signs_nobody_in() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    for path in ["/callback", "/callback?code=x", "/callback?code=x&state=y", "/callback?state=%00"] {
        assert_eq!(browser.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    let to_gateway = browser.get("/sign-in").await;
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
    let elsewhere = back.replace("iss=http", "iss=https");
    assert_eq!(browser.get(&elsewhere).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    let to_gateway = browser.get("/sign-in").await;
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
    let from_nobody = back.replace("iss=", "x=");
    assert_eq!(browser.get(&from_nobody).await.status, StatusCode::INTERNAL_SERVER_ERROR, "RFC 9207");
    let to_gateway = browser.get("/sign-in").await;
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
    let turned_back = back.replace("code=", "error=access_denied&x=");
    assert_eq!(browser.get(&turned_back).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(suite.count("sessions").await, 0);
}

/// proves security.md, "Limits": whoever has many addresses has one limit
#[tokio::test]
async fn neighbours_in_a_network_share_the_limit_of_strangers() {
    let suite = Suite::start().await;
    let (browser, neighbour) = (suite.browser(), suite.browser_at("127.0.0.2"));
    for _ in 0..60 {
        assert_eq!(browser.get("/callback").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(neighbour.get("/callback").await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(browser.get("/callback").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(neighbour.get("/callback").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(suite.browser_at("127.0.1.1").get("/callback").await.status, StatusCode::BAD_REQUEST);
}

/// proves security.md, "OpenID provider": `none` refused, `typ` tells tokens apart, required claims required
#[tokio::test]
async fn an_id_token_that_is_not_for_this_sign_in_signs_nobody_in() {
    let suite = Suite::start().await;
    for (claims, header) in [
        (json!({ "nonce": "another" }), json!({})),
        (json!({ "aud": "backlog" }), json!({})),
        (json!({ "iss": "http://evil.example" }), json!({})),
        (json!({ "sid": null }), json!({})),
        (json!({ "exp": 1 }), json!({})),
        (json!({}), json!({ "typ": "at+jwt" })),
        (json!({}), json!({ "typ": "logout+jwt" })),
        (json!({}), json!({ "alg": "none" })),
    ] {
        let browser = suite.browser();
        suite.gateway.change_id_tokens(claims.clone(), header.clone());
        let to_gateway = browser.get("/sign-in").await;
        let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
        let refused = browser.get(&back).await;
        assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR, "{claims} {header}");
        assert_eq!(browser.cookie("__Host-console"), None);
    }
    assert_eq!(suite.count("sessions").await, 0);
}

#[tokio::test]
async fn signing_out_ends_it_here_and_leads_to_the_gateway() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    let out = browser.post(&page, "/sign-out", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert!(out.location().starts_with(&format!("{}/logout?", suite.gateway.issuer)), "{}", out.location());
    assert!(out.location().contains("id_token_hint=ey"), "{}", out.location());
    let signed_out = format!("{PUBLIC_URL}/signed-out").replace(':', "%3A").replace('/', "%2F");
    assert!(out.location().contains(&signed_out), "{}", out.location());
    assert_eq!((browser.cookie("__Host-console"), suite.count("sessions").await), (None, 0));
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/signed-out").await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_anew_replaces_the_session() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let before = browser.cookie("__Host-console");
    let to_gateway = browser.get("/sign-in").await;
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
    browser.get(&back).await;
    assert_ne!(browser.cookie("__Host-console"), before);
    assert_eq!(suite.count("sessions").await, 1);
}
