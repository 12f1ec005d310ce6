//! Keeping a session alive.

use crate::suite::Suite;
use http::StatusCode;
use pass_proto::errors::v1::ErrorReason;
use pass_testkit::wait_for;
use pass_types::Kind;
use std::time::Duration;
use time::Duration as Span;

const ALMOST: Span = Span::seconds(250);

/// proves security.md, "Data and brokers": secrets at rest are encrypted, tokens are stored hashed
#[tokio::test]
async fn what_is_stored_opens_nothing() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let cookie = browser.cookie("__Host-console").unwrap();
    let row: String = sqlx::query_scalar("SELECT (encode(tokens, 'escape') || sessions::text) FROM sessions")
        .fetch_one(&suite.database.pool)
        .await
        .unwrap();
    assert!(!row.contains("eyJ") && !row.contains(&cookie), "{row}");
}

#[tokio::test]
async fn many_requests_at_once_renew_the_tokens_once() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    suite.clock.advance(Span::minutes(10));
    let requests: Vec<_> = (0..12)
        .map(|_| {
            let browser = browser.clone();
            tokio::spawn(async move { browser.get("/account").await.status })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(suite.gateway.refreshed(), 1);
    suite.clock.advance(Span::minutes(10));
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(suite.gateway.refreshed(), 2);
}

#[tokio::test]
async fn tokens_that_still_live_are_used_while_another_request_renews_them() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    suite.clock.advance(ALMOST);
    let held = suite.gateway.answers.acquire_many(1_000).await.unwrap();
    let renewing = tokio::spawn({
        let browser = browser.clone();
        async move { browser.get("/account").await.status }
    });
    wait_for(async || suite.gateway.refreshed() == 1).await;
    assert_eq!(browser.get("/account").await.status, StatusCode::OK, "does not wait");
    assert_eq!(suite.gateway.refreshed(), 1);
    drop(held);
    assert_eq!(renewing.await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn a_gateway_that_is_down_stops_nobody_until_the_tokens_end() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    suite.gateway.refuse(Some(StatusCode::BAD_GATEWAY));
    suite.clock.advance(ALMOST);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    suite.clock.advance(Span::minutes(1));
    assert_eq!(browser.get("/account").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(suite.count("sessions").await, 1, "nobody is signed out for it");
    suite.gateway.refuse(None);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

/// proves API-5: whatever ends access ends it with the refresh token
#[tokio::test]
async fn a_refused_refresh_token_ends_the_session() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    suite.gateway.refuse(Some(StatusCode::BAD_REQUEST));
    suite.clock.advance(Span::minutes(10));
    let asked = browser.get("/account").await;
    assert_eq!((asked.status, asked.location()), (StatusCode::SEE_OTHER, "/sign-in?to=%2Faccount"));
    assert_eq!(suite.count("sessions").await, 0);
}

/// proves API-5: a revoked access token ends the console's session too
#[tokio::test]
async fn a_revoked_token_ends_the_session() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    suite.services.refuse("get_my_account", Kind::Unauthenticated, ErrorReason::TokenRevoked, vec![]);
    assert_eq!(browser.get("/sessions").await.location(), "/sign-in?to=%2Fsessions");
    assert_eq!(suite.count("sessions").await, 0);
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_again_does_not_go_round_for_ever() {
    let suite = Suite::start().await;
    for (method, path) in [("get_my_account", "/sessions"), ("list_my_sessions", "/sessions")] {
        suite.services.relent();
        let (browser, _) = suite.signed_in().await;
        suite.services.refuse(method, Kind::Unauthenticated, ErrorReason::TokenRevoked, vec![]);
        // The gateway signs in anew without asking anybody, as long as its own session lives.
        let sent = browser.get(path).await;
        let to_gateway = browser.get(sent.location()).await;
        let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
        assert_eq!(browser.get(&back).await.location(), path);
        let stopped = browser.get(path).await;
        assert_eq!(stopped.status, StatusCode::UNAUTHORIZED, "{method}");
        assert!(stopped.body.contains("Your session has ended."), "{}", stopped.body);
        let tried_again = browser.get(path).await;
        assert_eq!(tried_again.status, StatusCode::SEE_OTHER, "whoever tries again may");
    }
}

/// Of two requests that renew, the slower one whose lease is over does not give the other's lease back.
#[tokio::test]
async fn a_lease_is_given_back_by_whoever_has_it() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    suite.clock.advance(ALMOST);
    let held = suite.gateway.answers.acquire_many(1_000).await.unwrap();
    let ask =
        |browser: crate::suite::Browser| tokio::spawn(async move { browser.get("/account").await.status });
    suite.gateway.refuse_late(StatusCode::BAD_GATEWAY);
    let slow = ask(browser.clone());
    wait_for(async || suite.gateway.refreshed() == 1).await;
    suite.clock.advance(Span::seconds(6));
    let quick = ask(browser.clone());
    wait_for(async || suite.gateway.refreshed() == 2).await;
    let lease = suite.lease().await;
    assert!(lease.is_some());
    // The first one's answer is a refusal; the second one still waits for its own.
    suite.gateway.answers.add_permits(1);
    assert_eq!(slow.await.unwrap(), StatusCode::OK, "its tokens still live");
    assert_eq!(suite.lease().await, lease);
    drop(held);
    assert_eq!(quick.await.unwrap(), StatusCode::OK);
    assert_eq!(suite.lease().await, None);
}

#[tokio::test]
async fn a_session_ends_and_is_forgotten() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    suite.clock.advance(Duration::from_secs(24 * 3600 + 1));
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_foreign_cookie_is_nobodys() {
    let suite = Suite::start().await;
    suite.signed_in().await;
    for value in ["", "x", &"A".repeat(43), &"A".repeat(5_000)] {
        let answer = suite
            .browser()
            .send(http::Method::GET, "/account", |it| it.header("cookie", format!("__Host-console={value}")))
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{value}");
    }
}
