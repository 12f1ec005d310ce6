//! Codes for tokens.

use crate::{
    product::{Answer, CALLBACK, claims, query},
    suite::Suite,
};
use gateway::{app::clients::Registration, domain::revocation::Subject};
use pass_proto::events::v1::token_family_revoked::Cause as Revoked;
use pass_types::{AccountKind, Role, SessionId};
use std::time::Duration;

/// Codes are bound to client, redirect URI and verifier; a wrong try does not use them up.
#[tokio::test]
async fn a_code_is_for_one_client_redirect_uri_and_verifier() {
    let suite = Suite::start().await;
    let (product, other) = (suite.product("backlog").await, suite.product("cacoo").await);
    let taro = suite.neighbours.account("Taro");
    let code = product.code(&suite.browser(), &taro).await;
    let mut stranger = product.clone();
    stranger.verifier = other.verifier.clone();
    let mut thief = other.clone();
    thief.verifier = product.verifier.clone();
    thief.redeem(&code).await.refused("invalid_grant");
    stranger.redeem(&code).await.refused("invalid_grant");
    product
        .redeem_with(&code, &[("redirect_uri", "https://product.example/other")])
        .await
        .refused("invalid_grant");
    product.redeem_with(&code, &[("redirect_uri", "")]).await.refused("invalid_request");
    product.redeem_with(&code, &[("code_verifier", "")]).await.refused("invalid_request");
    product.redeem_with(&code, &[("code_verifier", "short")]).await.refused("invalid_grant");
    for nonsense in ["nonsense", &code[1..], &format!("{code}A")] {
        product.redeem(nonsense).await.refused("invalid_grant");
    }
    product.redeem(&code).await.good();
}

/// No password grant, no client credentials; the form must be in order.
#[tokio::test]
async fn other_grants_are_refused() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    for (fields, error) in [
        (vec![("grant_type", "password"), ("username", "a"), ("password", "b")], "unsupported_grant_type"),
        (vec![("grant_type", "client_credentials")], "unsupported_grant_type"),
        (vec![("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")], "unsupported_grant_type"),
        (vec![], "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("grant_type", "authorization_code")], "invalid_request"),
        (vec![("grant_type", "refresh_token")], "invalid_request"),
        (vec![("grant_type", "authorization_code")], "invalid_request"),
    ] {
        product.post("/oauth/token", &fields).await.refused(error);
    }
}

/// A code lives 60 s.
#[tokio::test]
async fn a_code_expires() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let code = product.code(&browser, &taro).await;
    suite.clock.advance(Duration::from_mins(1));
    product.redeem(&code).await.refused("invalid_grant");
    let code = product.code(&browser, &taro).await;
    suite.clock.advance(Duration::from_secs(59));
    product.redeem(&code).await.good();
}

/// A code used twice revokes what it gave, refresh token and access token, with an event; and nothing of another
/// client's in that session.
#[tokio::test]
async fn a_code_used_twice_revokes_what_it_gave() {
    let suite = Suite::start().await;
    let (product, other) = (suite.product("backlog").await, suite.product("cacoo").await);
    let (browser, taro) = (suite.browser(), suite.neighbours.account("Taro"));
    let code = product.code(&browser, &taro).await;
    let (tokens, others) = (product.redeem(&code).await, other.tokens(&browser, &taro).await);
    let sid = |tokens: &Answer| claims(&tokens.text("access_token"))["sid"].clone();
    assert_eq!(sid(&tokens), sid(&others), "one session");
    assert_eq!(product.userinfo(&tokens.text("access_token")).await.status, 200);
    suite.clock.advance(Duration::from_secs(1));
    product.redeem(&code).await.refused("invalid_grant");
    product.refresh(&tokens.text("refresh_token")).await.refused("invalid_grant");
    pass_testkit::wait_for(async || product.userinfo(&tokens.text("access_token")).await.status == 401).await;
    assert_eq!(suite.revoked_because().await, [Revoked::CodeReplayed]);
    let not_before: time::OffsetDateTime = sqlx::query_scalar("SELECT max(not_before) FROM revocations")
        .fetch_one(&suite.database.pool)
        .await
        .unwrap();
    assert!(not_before >= suite.gateway.clock.now() + Duration::from_secs(29), "clocks differ");
    product.redeem(&code).await.refused("invalid_grant");
    assert_eq!(suite.events("token_family_revoked").await, 1, "once");

    let fresh = other.refresh(&others.text("refresh_token")).await;
    for tokens in [&others, &fresh] {
        assert_eq!(other.userinfo(&tokens.text("access_token")).await.status, 200, "the other client's");
    }
    let again = product.tokens(&browser, &taro).await;
    assert_eq!(product.userinfo(&again.text("access_token")).await.status, 200, "its next grant");
}

/// proves API-5: a code gives nothing when tokens of its session, account, membership or organization are void.
#[tokio::test]
async fn a_code_gives_no_token_that_is_void() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let (taro, jiro) = (suite.neighbours.account("Taro"), suite.neighbours.account("Jiro"));
    let (acme, other) = (
        suite.neighbours.organization_of(&taro, Role::Member),
        suite.neighbours.organization_of(&jiro, Role::Member),
    );
    let browser = suite.browser();
    product.tokens(&browser, &taro).await;
    suite.neighbours.change(&taro, |account| account.kind = AccountKind::Managed);
    let session = suite.neighbours.sessions_of(&taro)[0];
    for (subject, gives) in [
        (Subject::Session(session), false),
        (Subject::Account(taro.id), false),
        (Subject::Membership(taro.id, acme), false),
        (Subject::ManagedAccounts(acme), false),
        (Subject::Session(SessionId::generate(&suite.gateway.entropy, suite.gateway.clock.now())), true),
        (Subject::Account(jiro.id), true),
        (Subject::Membership(jiro.id, acme), true),
        (Subject::Membership(taro.id, other), true),
        (Subject::ManagedAccounts(other), true),
    ] {
        let code = product.code(&browser, &taro).await;
        suite.revoke(subject).await;
        let answer = product.redeem(&code).await;
        if gives {
            answer.good();
        } else {
            answer.refused("invalid_grant");
        }
        sqlx::query("DELETE FROM revocations").execute(&suite.database.pool).await.unwrap();
    }
}

/// proves API-5: where the session's end is known, no token outlives it, by the clock alone.
#[tokio::test]
async fn a_token_ends_with_the_session_at_the_latest() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let lives = |tokens: &Answer| {
        let said = [claims(&tokens.text("access_token")), claims(&tokens.text("id_token"))];
        said.map(|said| said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap())
    };
    let tokens = product.tokens(&browser, &taro).await;
    assert_eq!((lives(&tokens), &tokens.json["expires_in"]), ([300, 300], &300.into()));
    suite.clock.advance(Duration::from_mins(12 * 60 - 2));
    let tokens = product.tokens(&browser, &taro).await;
    assert_eq!((lives(&tokens), &tokens.json["expires_in"]), ([120, 120], &120.into()));
    let refreshed = product.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(lives(&refreshed), [120, 120]);
    suite.clock.advance(Duration::from_secs(119));
    assert_eq!(product.userinfo(&refreshed.text("access_token")).await.status, 200);
    suite.clock.advance(Duration::from_secs(1));
    assert_eq!(product.userinfo(&refreshed.text("access_token")).await.status, 401);
}

/// An operator's token says so to the suite's own services, and to no product.
#[tokio::test]
async fn an_operator_is_one_for_the_suite_alone() {
    let suite = Suite::start().await;
    let boss = suite.neighbours.operator("Boss");
    for (audience, operator) in [("pass", Some(true)), ("backlog", None)] {
        let client = suite
            .register(Registration {
                client_id: format!("client-of-{audience}"),
                name: audience.to_owned(),
                audience: audience.to_owned(),
                confidential: true,
                redirect_uris: vec![CALLBACK.to_owned()],
                ..Registration::default()
            })
            .await;
        let tokens = client.tokens(&suite.browser(), &boss).await;
        let said = claims(&tokens.text("access_token"));
        assert_eq!(said.get("operator").and_then(serde_json::Value::as_bool), operator, "{audience}");
    }
}

/// proves ACC-12: a code that is no good does not keep a session alive.
#[tokio::test]
async fn only_a_good_code_counts_as_use_of_the_session() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let uses = || suite.neighbours.state().uses;
    let code = product.code(&browser, &taro).await;
    let mut thief = suite.product("cacoo").await;
    thief.redeem(&code).await.refused("invalid_grant");
    thief.verifier = product.verifier.clone();
    thief.redeem(&code).await.refused("invalid_grant");
    product.redeem_with(&code, &[("code_verifier", &"x".repeat(43))]).await.refused("invalid_grant");
    assert_eq!(uses(), 0, "another client's, another's verifier");
    product.redeem(&code).await.good();
    assert_eq!(uses(), 1);
    product.redeem(&code).await.refused("invalid_grant");
    let code = product.code(&browser, &taro).await;
    suite.clock.advance(Duration::from_mins(1));
    product.redeem(&code).await.refused("invalid_grant");
    assert_eq!(uses(), 1, "used, over");
}

/// Of many that redeem one code at once, one gets tokens at most.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_redeemed_many_times_at_once_works_at_most_once() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let code = product.code(&suite.browser(), &taro).await;
    let tries = (0..8).map(|_| product.redeem(&code));
    let answers = futures::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

/// A code is no good after the session has ended.
#[tokio::test]
async fn a_code_ends_with_the_session() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let code = product.code(&suite.browser(), &taro).await;
    suite.neighbours.end(suite.neighbours.sessions_of(&taro)[0]);
    product.redeem(&code).await.refused("invalid_grant");
}

/// Clients prove who they are by Basic or in the form, in one way only; a public client by nothing, and
/// still needs PKCE.
#[tokio::test]
async fn clients_prove_who_they_are() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let code = product.code(&browser, &taro).await;
    let secret = product.secret.clone().unwrap();
    let fields = |more: &[(&'static str, String)]| {
        let mut fields = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.clone()),
            ("redirect_uri", CALLBACK.to_owned()),
            ("code_verifier", product.verifier.clone()),
        ];
        fields.extend_from_slice(more);
        fields
    };
    let post = async |more: &[(&'static str, String)], basic: Option<(&str, &str)>| {
        let fields = fields(more);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        product.post_as("/oauth/token", &fields, basic).await
    };
    let id = ("client_id", "backlog".to_owned());
    let wrong = pass_types::Secret::generate(&suite.gateway.entropy).reveal();
    post(&[], None).await.refused("invalid_client");
    post(std::slice::from_ref(&id), None).await.refused("invalid_client");
    post(&[id.clone(), ("client_secret", wrong.clone())], None).await.refused("invalid_client");
    post(&[], Some(("backlog", &wrong))).await.refused("invalid_client");
    post(&[], Some(("unknown", &secret))).await.refused("invalid_client");
    post(&[], Some(("cacoo", &secret))).await.refused("invalid_client");
    post(&[("client_secret", secret.clone())], Some(("backlog", &secret))).await.refused("invalid_request");
    let refused = post(&[], Some(("backlog", "x"))).await;
    assert!(refused.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    post(&[id, ("client_secret", secret)], None).await.good();

    let public = suite
        .register(Registration {
            client_id: "app".to_owned(),
            name: "App".to_owned(),
            audience: "backlog".to_owned(),
            redirect_uris: vec![CALLBACK.to_owned()],
            ..Registration::default()
        })
        .await;
    assert!(public.secret.is_none());
    let code = public.code(&browser, &taro).await;
    public.redeem_with(&code, &[("code_verifier", "")]).await.refused("invalid_request");
    public
        .post_as("/oauth/token", &[("client_id", "app"), ("client_secret", &wrong)], None)
        .await
        .refused("invalid_client");
    let tokens = public.redeem(&code).await;
    public.refresh(&tokens.text("refresh_token")).await.good();
}

/// The console's tokens are for the suite, a product's for the product (API-2, and the mesh's rule).
#[tokio::test]
async fn the_audience_is_the_clients() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let console = suite
        .register(Registration {
            client_id: "console".to_owned(),
            name: "Console".to_owned(),
            audience: "pass".to_owned(),
            confidential: true,
            redirect_uris: vec![CALLBACK.to_owned()],
            ..Registration::default()
        })
        .await;
    let tokens = console.tokens(&suite.browser(), &taro).await;
    assert_eq!(claims(&tokens.text("access_token"))["aud"], "pass");
    assert_eq!(claims(&tokens.text("id_token"))["aud"], "console");
    let back = console.sign_in(&suite.browser(), &taro, &[("nonce", "")]).await;
    let id = claims(&console.redeem(&query(&back)["code"]).await.text("id_token"));
    assert!(id.get("nonce").is_none());
}

/// Userinfo tells what the scope allows, and only to a living access token.
#[tokio::test]
async fn userinfo_tells_what_the_scope_allows() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let tokens = product.tokens(&browser, &taro).await;
    let about = product.userinfo(&tokens.text("access_token")).await.good();
    assert_eq!((&about["sub"], &about["name"]), (&taro.id.to_string().into(), &"Taro".into()));
    assert_eq!((&about["email"], &about["email_verified"]), (&"taro@example.com".into(), &true.into()));
    assert_eq!((&about["locale"], &about["zoneinfo"]), (&"en".into(), &"Asia/Tokyo".into()));
    let back = product.sign_in(&browser, &taro, &[("scope", "openid")]).await;
    let little = product.redeem(&query(&back)["code"]).await;
    let about = product.userinfo(&little.text("access_token")).await.good();
    assert_eq!(about.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
    for wrong in [tokens.text("id_token"), tokens.text("refresh_token"), "x".to_owned()] {
        assert_eq!(product.userinfo(&wrong).await.status, 401);
    }
    suite.clock.advance(Duration::from_mins(5));
    assert_eq!(product.userinfo(&tokens.text("access_token")).await.status, 401);
}
