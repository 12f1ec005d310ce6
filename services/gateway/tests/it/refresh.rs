//! Refresh tokens: rotation, reuse, the ten seconds' grace, ends.

use crate::{
    product::{Product, claims, query},
    suite::Suite,
};
use pass_proto::events::v1::token_family_revoked::Cause as Revoked;
use pass_types::Role;
use serde_json::Value;
use time::Duration;

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

async fn signed_in(suite: &Suite) -> (Product, String) {
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let token = product.tokens(&suite.browser(), &taro).await.text("refresh_token");
    (product, token)
}

/// Each use gives the successor; the immediate predecessor repeated within 10 s gives the same one.
#[tokio::test]
async fn the_predecessor_repeated_within_ten_seconds_gives_the_same_successor() {
    let suite = Suite::start().await;
    let (product, first) = signed_in(&suite).await;
    let tokens = product.refresh(&first).await.good();
    let second = refresh_token(&tokens);
    assert_ne!(first, second);
    assert!(claims(tokens["id_token"].as_str().unwrap()).get("nonce").is_none());
    suite.clock.advance(Duration::seconds(10));
    assert_eq!(refresh_token(&product.refresh(&first).await.good()), second);
    let third = refresh_token(&product.refresh(&second).await.good());
    product.refresh(&third).await.good();
    assert_eq!(suite.events("token_family_revoked").await, 0);
}

/// After 10 s the predecessor kills the family, with an event.
#[tokio::test]
async fn a_predecessor_repeated_too_late_kills_the_family() {
    let suite = Suite::start().await;
    let (product, first) = signed_in(&suite).await;
    let second = product.refresh(&first).await.text("refresh_token");
    suite.clock.advance(Duration::seconds(11));
    product.refresh(&first).await.refused("invalid_grant");
    product.refresh(&second).await.refused("invalid_grant");
    assert_eq!(suite.revoked_because().await, [Revoked::Reused]);
}

/// proves API-5: killing a family voids the access tokens that it gave too, also those that a replica whose
/// clock is ahead has just issued.
#[tokio::test]
async fn a_killed_family_takes_its_access_tokens_with_it() {
    let suite = Suite::start().await;
    let (product, first) = signed_in(&suite).await;
    let tokens = product.refresh(&first).await;
    let second = product.refresh(&tokens.text("refresh_token")).await;
    let issued = claims(&second.text("access_token"))["iat"].as_i64().unwrap();
    assert_eq!(product.userinfo(&second.text("access_token")).await.status, 200);
    product.refresh(&first).await.refused("invalid_grant");
    for tokens in [&tokens, &second] {
        let gone = async || product.userinfo(&tokens.text("access_token")).await.status == 401;
        pass_testkit::wait_for(gone).await;
    }
    let not_before: time::OffsetDateTime = sqlx::query_scalar("SELECT max(not_before) FROM revocations")
        .fetch_one(&suite.database.pool)
        .await
        .unwrap();
    assert_eq!(not_before.unix_timestamp() - issued, 330, "the family never comes back");
}

/// proves ACC-12: a refresh token that is no good does not keep a session alive.
#[tokio::test]
async fn only_a_good_refresh_token_counts_as_use_of_the_session() {
    let suite = Suite::start().await;
    let (product, first) = signed_in(&suite).await;
    let uses = || suite.neighbours.state().uses;
    let second = product.refresh(&first).await.text("refresh_token");
    let before = uses();
    suite.product("cacoo").await.refresh(&second).await.refused("invalid_grant");
    suite.clock.advance(Duration::seconds(11));
    product.refresh(&first).await.refused("invalid_grant");
    product.refresh(&first).await.refused("invalid_grant");
    product.refresh(&second).await.refused("invalid_grant");
    assert_eq!(uses(), before, "another client's, used, revoked");
    let taro = suite.neighbours.account("Taro");
    let over = product.tokens(&suite.browser(), &taro).await.text("refresh_token");
    let before = uses();
    suite.clock.advance(Duration::minutes(60));
    product.refresh(&over).await.refused("invalid_grant");
    assert_eq!(uses(), before, "idle for too long");
}

/// Anything older than the immediate predecessor kills the family at once.
#[tokio::test]
async fn an_older_token_kills_the_family() {
    let suite = Suite::start().await;
    let (product, first) = signed_in(&suite).await;
    let second = product.refresh(&first).await.text("refresh_token");
    let third = product.refresh(&second).await.text("refresh_token");
    product.refresh(&first).await.refused("invalid_grant");
    product.refresh(&third).await.refused("invalid_grant");
    product.refresh(&first).await.refused("invalid_grant");
    assert_eq!(suite.events("token_family_revoked").await, 1, "once");
}

/// Many at once with one token: all get the same successor, and the family lives.
#[tokio::test(flavor = "multi_thread")]
async fn one_token_used_many_times_at_once_gives_one_successor() {
    let suite = Suite::start().await;
    let (product, first) = signed_in(&suite).await;
    let answers = futures::future::join_all((0..8).map(|_| product.refresh(&first))).await;
    let second = answers[0].text("refresh_token");
    assert!(answers.iter().all(|answer| answer.text("refresh_token") == second));
    product.refresh(&second).await.good();
}

/// Another client's token is refused, and nothing happens to it.
#[tokio::test]
async fn a_refresh_token_is_for_one_client() {
    let suite = Suite::start().await;
    let (product, token) = signed_in(&suite).await;
    let other = suite.product("cacoo").await;
    other.refresh(&token).await.refused("invalid_grant");
    other.post("/oauth/revoke", &[("token", &token)]).await;
    for nonsense in ["", "x", &token[1..]] {
        let error = if nonsense.is_empty() { "invalid_request" } else { "invalid_grant" };
        product.refresh(nonsense).await.refused(error);
    }
    product.refresh(&token).await.good();
}

/// Families end when idle for an hour, and after twelve in any case.
#[tokio::test]
async fn families_end() {
    let suite = Suite::start().await;
    let (product, mut token) = signed_in(&suite).await;
    for _ in 0..12 {
        suite.clock.advance(Duration::minutes(59));
        token = product.refresh(&token).await.text("refresh_token");
    }
    suite.clock.advance(Duration::minutes(12));
    product.refresh(&token).await.refused("invalid_grant");

    let suite = Suite::start().await;
    let (product, token) = signed_in(&suite).await;
    suite.clock.advance(Duration::minutes(60));
    product.refresh(&token).await.refused("invalid_grant");
}

/// proves API-5: a refresh ends with the session, at once, without any event.
#[tokio::test]
async fn a_refresh_ends_with_the_session() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let tokens = product.tokens(&suite.browser(), &taro).await;
    assert_eq!(product.userinfo(&tokens.text("access_token")).await.status, 200);
    suite.neighbours.end(suite.neighbours.sessions_of(&taro)[0]);
    for _ in 0..2 {
        product.refresh(&tokens.text("refresh_token")).await.refused("invalid_grant");
    }
    assert_eq!(suite.revoked_because().await, [Revoked::SessionEnded], "told once (AUD-1)");
    assert_eq!(suite.revocations_of("grant").await, 1, "what the family gave is void");
}

/// The role is fresh at each refresh; a lost membership ends the grant.
#[tokio::test]
async fn the_membership_is_fresh_at_each_refresh() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let tokens = product.tokens(&suite.browser(), &taro).await;
    assert!(claims(&tokens.text("access_token")).get("org_id").is_none());

    let acme = suite.neighbours.organization_of(&taro, Role::Administrator);
    let tokens = product.refresh(&tokens.text("refresh_token")).await;
    let access = claims(&tokens.text("access_token"));
    assert_eq!((&access["org_id"], &access["role"]), (&acme.to_string().into(), &"administrator".into()));

    suite.neighbours.state().members.insert((taro.id, acme), Role::Guest);
    let tokens = product.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(claims(&tokens.text("access_token"))["role"], "guest");

    assert_eq!(product.userinfo(&tokens.text("access_token")).await.status, 200);
    suite.neighbours.state().members.clear();
    product.refresh(&tokens.text("refresh_token")).await.refused("invalid_grant");
    assert_eq!(suite.revoked_because().await, [Revoked::SessionEnded]);
    // The session lives, and gave these.
    pass_testkit::wait_for(async || product.userinfo(&tokens.text("access_token")).await.status == 401).await;
}

/// While identity does not answer nothing is refused for good and nothing is used up.
#[tokio::test]
async fn an_outage_of_identity_is_no_refusal() {
    let suite = Suite::start().await;
    let (product, token) = signed_in(&suite).await;
    suite.neighbours.state().down = true;
    let answer = product.refresh(&token).await;
    assert_eq!((answer.status, &answer.json["error"]), (503, &"temporarily_unavailable".into()));
    suite.neighbours.state().down = false;
    product.refresh(&token).await.good();
}

/// A client may ask for less, never for more.
#[tokio::test]
async fn a_refresh_may_narrow_the_scope() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let back = product.sign_in(&suite.browser(), &taro, &[("scope", "openid profile")]).await;
    let token = product.redeem(&query(&back)["code"]).await.text("refresh_token");
    let refresh = async |token: &str, scope: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        product.post("/oauth/token", &fields).await
    };
    refresh(&token, "openid profile email").await.refused("invalid_scope");
    let tokens = refresh(&token, "openid").await;
    assert_eq!(tokens.text("scope"), "openid");
    let tokens = refresh(&tokens.text("refresh_token"), "openid profile").await;
    assert_eq!(tokens.text("scope"), "openid profile");
}

/// A refresh token given back (RFC 7009) is over, with its family and access tokens; anything else is no error.
#[tokio::test]
async fn a_refresh_token_can_be_given_back() {
    let suite = Suite::start().await;
    let (product, first) = signed_in(&suite).await;
    let tokens = product.refresh(&first).await;
    let second = tokens.text("refresh_token");
    for nonsense in ["x", &first[1..]] {
        assert_eq!(product.post("/oauth/revoke", &[("token", nonsense)]).await.status, 200);
    }
    product.post("/oauth/revoke", &[]).await.refused("invalid_request");
    product.post_as("/oauth/revoke", &[("token", &second)], None).await.refused("invalid_client");
    let token = [("token", second.as_str()), ("token_type_hint", "refresh_token")];
    assert_eq!(product.userinfo(&tokens.text("access_token")).await.status, 200);
    assert_eq!(product.post("/oauth/revoke", &token).await.status, 200);
    product.refresh(&second).await.refused("invalid_grant");
    pass_testkit::wait_for(async || product.userinfo(&tokens.text("access_token")).await.status == 401).await;
    assert_eq!(product.post("/oauth/revoke", &token).await.status, 200);
    assert_eq!(suite.revoked_because().await, [Revoked::Client], "told once (AUD-1)");
}
