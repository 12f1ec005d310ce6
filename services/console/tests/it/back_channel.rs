//! Being told by the gateway that a session ended (API-5).

use crate::suite::{Browser, Suite};
use http::StatusCode;
use serde_json::{Value, json};

async fn told(browser: &Browser, token: &str) -> StatusCode {
    let answer = browser.post_as_is("/back-channel-logout", &[("logout_token", token)], None).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.status
}

/// proves API-5, ACC-12: the named session ends at once, nobody else's
#[tokio::test]
async fn the_named_session_ends_and_no_other() {
    let suite = Suite::start().await;
    let (mine, session) = suite.signed_in().await;
    let (other, _) = suite.signed_in().await;
    let token = suite.gateway.sign("logout+jwt", &suite.gateway.logout_claims(session));
    assert_eq!(told(&suite.browser(), &token).await, StatusCode::OK);
    assert_eq!(mine.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(other.get("/account").await.status, StatusCode::OK);
    assert_eq!(told(&suite.browser(), &token).await, StatusCode::OK, "repeated until answered");
}

#[tokio::test]
async fn without_a_session_all_of_the_account_end_but_those_that_begin_later() {
    let suite = Suite::start().await;
    let (browser, session) = suite.signed_in().await;
    let mut claims = suite.gateway.logout_claims(session);
    claims.as_object_mut().unwrap().remove("sid");
    claims["sub"] = suite.account.to_string().into();
    let token = suite.gateway.sign("logout+jwt", &claims);
    assert_eq!(told(&suite.browser(), &token).await, StatusCode::OK);
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    let (later, _) = suite.signed_in().await;
    assert_eq!(told(&suite.browser(), &token).await, StatusCode::OK);
    assert_eq!(later.get("/account").await.status, StatusCode::OK, "a token takes effect once");
}

#[tokio::test]
async fn a_session_that_ends_while_the_browser_is_on_its_way_does_not_begin() {
    let suite = Suite::start().await;
    let (browser, session) = (suite.browser(), suite.session_id());
    let to_gateway = browser.get("/sign-in").await;
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, session);
    let token = suite.gateway.sign("logout+jwt", &suite.gateway.logout_claims(session));
    assert_eq!(told(&suite.browser(), &token).await, StatusCode::OK);
    assert_eq!(browser.get(&back).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!((suite.count("sessions").await, browser.cookie("__Host-console")), (0, None));
}

/// proves API-5: only the gateway's logout tokens are obeyed
#[tokio::test]
async fn any_other_token_is_refused_and_changes_nothing() {
    let suite = Suite::start().await;
    let (browser, session) = suite.signed_in().await;
    let good = suite.gateway.logout_claims(session);
    let with = |claim: &str, value: Value| {
        let mut claims = good.clone();
        claims[claim] = value;
        claims
    };
    let good_token = suite.gateway.sign("logout+jwt", &good);
    let (head, signature) = good_token.rsplit_once('.').unwrap();
    let mut tokens = vec![
        String::new(),
        "x".to_owned(),
        "x".repeat(60_000),
        format!("{head}."),
        format!("{head}.{}", signature.chars().rev().collect::<String>()),
        suite.gateway.sign("JWT", &good),
        suite.gateway.sign("at+jwt", &good),
    ];
    for claims in [
        with("aud", json!("backlog")),
        with("iss", json!("http://evil.example")),
        with("nonce", json!("n")),
        with("events", json!({})),
        with("exp", json!(1)),
        with("iat", json!("now")),
        with("sid", json!("x")),
        with("jti", json!("")),
    ] {
        tokens.push(suite.gateway.sign("logout+jwt", &claims));
    }
    for token in tokens {
        assert_eq!(told(&suite.browser(), &token).await, StatusCode::BAD_REQUEST, "{token}");
    }
    let nothing = suite.browser().post_as_is("/back-channel-logout", &[], None).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}
