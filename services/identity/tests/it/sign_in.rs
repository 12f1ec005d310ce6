//! Passwords and signing in (ACC-6, ACC-8, ACC-11).

use crate::suite::{CHEAP, PASSWORD, Suite, credentials};
use identity::Cost;
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{Envelope, envelope::Payload, session_ended::Cause},
    identity::v1::*,
};
use pass_testkit::wait_for;
use pass_types::Kind;
use std::collections::BTreeMap;
use time::Duration;

/// What was hashed between two counts.
fn between(before: &BTreeMap<Cost, u64>, after: &BTreeMap<Cost, u64>) -> BTreeMap<Cost, u64> {
    let news = after.iter().map(|(cost, count)| (*cost, count - before.get(cost).unwrap_or(&0)));
    news.filter(|(_, count)| *count > 0).collect()
}

async fn try_counted(suite: &Suite, email: &str) -> (Failure, BTreeMap<Cost, u64>) {
    let before = suite.hashes();
    let refused =
        suite.gateway_anonymous().sign_in(credentials(email, "not the password")).await.unwrap_err();
    (refused, between(&before, &suite.hashes()))
}

/// proves ACC-8: a failed login's answer is the same, and costs the same hash, whether or not the account
/// exists; nothing is kept of who has none
#[tokio::test]
async fn a_refusal_tells_nothing() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let before = (suite.events().await.len(), suite.count("SELECT count(*) FROM login_history").await);
    let unknown = try_counted(&suite, "nobody@example.com").await;
    let after = (suite.events().await.len(), suite.count("SELECT count(*) FROM login_history").await);
    assert_eq!(before, after);
    let known = try_counted(&suite, "taro@example.com").await;
    assert_eq!(known, unknown);
    assert_eq!(known.1, BTreeMap::from([(CHEAP, 1)]));
    assert_eq!((known.0.kind, known.0.reason), (Kind::Unauthenticated, ErrorReason::CredentialsInvalid));
    assert!(matches!(suite.events_of(user.account).await.last(), Some(Payload::SignInRefused(_))));
}

/// proves ACC-11: each try is kept with time, address, browser, method and outcome, and is told
#[tokio::test]
async fn tries_are_kept() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let gateway = suite.gateway_from("198.51.100.7", "Browser/2.0");
    suite.clock.advance(Duration::MINUTE);
    gateway.sign_in(credentials("taro@example.com", "not the password")).await.unwrap_err();
    suite.clock.advance(Duration::MINUTE);
    gateway.sign_in(credentials("taro@example.com", PASSWORD)).await.unwrap();

    let kept: Vec<(i64, String, String, String, Option<String>)> = sqlx::query_as(
        "SELECT extract(minute FROM at)::bigint, address, user_agent, method, refused FROM login_history ORDER BY id",
    )
    .fetch_all(&suite.database.pool)
    .await
    .unwrap();
    let row = |minute, address: &str, browser: &str, refused: Option<&str>| {
        (minute, address.to_owned(), browser.to_owned(), "pwd".to_owned(), refused.map(str::to_owned))
    };
    assert_eq!(
        kept,
        [
            row(0, "192.0.2.1", "Browser/1.0", None),
            row(1, "198.51.100.7", "Browser/2.0", Some("CREDENTIALS_INVALID")),
            row(2, "198.51.100.7", "Browser/2.0", None),
        ]
    );
    let told = suite.events().await;
    let id = user.account.to_string();
    let of = |it: &&Envelope| matches!(&it.payload, Some(Payload::SignInRefused(it)) if it.account_id == id);
    let [refusal] = told.iter().filter(of).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(refusal.outcome.as_ref().unwrap().refused_because, "CREDENTIALS_INVALID");
    assert_eq!(refusal.origin.as_ref().unwrap().address, "198.51.100.7");

    suite.clock.advance(Duration::days(13 * 31 + 1));
    wait_for(async || suite.count("SELECT count(*) FROM login_history").await == 0).await;
}

/// proves ACC-6: too short, too long, common or guessable ones are refused, and the link still works
#[tokio::test]
async fn not_every_password_is_taken() {
    let suite = Suite::start().await;
    let (gateway, token) = (suite.gateway_anonymous(), suite.link("taro.yamada@example.com").await);
    for (password, reason) in [
        (String::new(), ErrorReason::PasswordLength),
        ("xk4vQ9w!tz7".to_owned(), ErrorReason::PasswordLength),
        ("xk4vQ9w!tz7".repeat(12), ErrorReason::PasswordLength),
        ("x".repeat(1 << 20), ErrorReason::PasswordLength),
        ("password1234".to_owned(), ErrorReason::PasswordGuessable),
        ("Taro.Yamada.2026".to_owned(), ErrorReason::PasswordGuessable),
    ] {
        let request =
            CompleteSignUpRequest { token: token.clone(), password, ..CompleteSignUpRequest::default() };
        let refused = gateway.complete_sign_up(request).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::InvalidInput, reason));
        assert_eq!(refused.violations[0].0, "password");
    }
    assert!(suite.hashes().is_empty(), "what is refused is not hashed");
    let request =
        CompleteSignUpRequest { token, password: PASSWORD.to_owned(), ..CompleteSignUpRequest::default() };
    gateway.complete_sign_up(request).await.unwrap();
}

/// proves ACC-6: hashed anew at the next login when the parameters change
#[tokio::test]
async fn a_hash_is_renewed_when_parameters_change() {
    let suite = Suite::start().await;
    suite.user("taro@example.com").await;
    let dearer = Cost { iterations: 2, ..CHEAP };
    let suite = suite.restarted(|config| config.passwords.iterations = 2).await;
    let stored = async || {
        let query = "SELECT password_hash FROM accounts";
        sqlx::query_scalar::<_, String>(query).fetch_one(&suite.database.pool).await.unwrap()
    };
    assert!(stored().await.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    suite.gateway_anonymous().sign_in(credentials("taro@example.com", "not the password")).await.unwrap_err();
    assert!(stored().await.contains("t=1,"), "not by a wrong password");
    suite.sign_in("taro@example.com").await;
    assert!(stored().await.starts_with("$argon2id$v=19$m=64,t=2,p=1$"));
    let before = suite.hashes();
    suite.sign_in("taro@example.com").await;
    assert_eq!(between(&before, &suite.hashes()), BTreeMap::from([(dearer, 1)]));
}

/// proves ACC-6: of browsers that sign in at once while the parameters change all are let in: one hashes anew, and the
/// others' password is compared with that
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_hash_keeps_nobody_out() {
    let suite = Suite::start().await;
    let emails = ["taro@example.com", "jiro@example.com", "hanako@example.com", "yuki@example.com"];
    for email in emails {
        suite.user(email).await;
    }
    let suite = suite.restarted(|config| config.passwords.iterations = 2).await;
    let gateway = suite.gateway_anonymous();
    for email in emails {
        let tries = (0..8).map(|_| gateway.sign_in(credentials(email, PASSWORD)));
        for answer in futures::future::join_all(tries).await {
            answer.unwrap();
        }
        let wrong = gateway.sign_in(credentials(email, "not the password")).await.unwrap_err();
        assert_eq!(wrong.reason, ErrorReason::CredentialsInvalid);
    }
    let renewed = suite.count("SELECT count(*) FROM accounts WHERE password_hash LIKE '%t=2,%'").await;
    assert_eq!(renewed, 4);
}

/// A new sign-in in the same browser takes the place of the session that was there.
#[tokio::test]
async fn a_browser_has_one_session() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let gateway = suite.gateway_anonymous();
    let replacing = |token: &str| SignInRequest {
        replaced_token: token.to_owned(),
        ..credentials("taro@example.com", PASSWORD)
    };
    gateway
        .sign_in(SignInRequest { password: "wrong".to_owned(), ..replacing(&user.token) })
        .await
        .unwrap_err();
    gateway.resolve_session(ResolveSessionRequest { token: user.token.clone() }).await.unwrap();

    gateway.sign_in(replacing(&user.token)).await.unwrap();
    let old = gateway.resolve_session(ResolveSessionRequest { token: user.token.clone() }).await.unwrap_err();
    assert_eq!(old.reason, ErrorReason::SessionEnded);
    let told = suite.events_of(user.account).await;
    assert!(matches!(told.last(), Some(Payload::SessionEnded(it)) if it.cause() == Cause::Replaced));

    for nonsense in [user.token.as_str(), "nonsense", &"x".repeat(1 << 20)] {
        gateway.sign_in(replacing(nonsense)).await.unwrap();
    }
    let count = told.len();
    assert_eq!(suite.events_of(user.account).await.len(), count + 3, "three sign-ins, nothing ended");
}

/// proves ACC-8: too many failed tries from a network are slowed, for every address alike; who succeeds
/// does not count
#[tokio::test]
async fn guessing_is_slowed_per_network() {
    let suite = Suite::with(|config| config.limits.failed_sign_ins_per_network = 2).await;
    suite.user("taro@example.com").await;
    let gateway = suite.gateway_from("2001:db8:1::1", "");
    for _ in 0..5 {
        gateway.sign_in(credentials("taro@example.com", PASSWORD)).await.unwrap();
    }
    for email in ["taro@example.com", "nobody@example.com"] {
        let refused = gateway.sign_in(credentials(email, "not the password")).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::CredentialsInvalid);
    }
    for email in ["taro@example.com", "nobody@example.com"] {
        let refused = suite
            .gateway_from("2001:db8:1:ff::2", "")
            .sign_in(credentials(email, PASSWORD))
            .await
            .unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
        assert_eq!(refused.retry_after, Some(std::time::Duration::from_mins(5)));
    }
    suite.gateway_from("2001:db8:2::1", "").sign_in(credentials("taro@example.com", PASSWORD)).await.unwrap();
    suite.clock.advance(Duration::minutes(5));
    gateway.sign_in(credentials("taro@example.com", PASSWORD)).await.unwrap();
}

/// proves ACC-6: when too many passwords wait to be hashed, more are turned away at once
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_sheds() {
    let suite = Suite::with(|config| {
        (config.passwords.memory_kib, config.passwords.iterations) = (19 * 1024, 10);
        (config.passwords.workers, config.passwords.queue) = (1, 1);
    })
    .await;
    suite.user("taro@example.com").await;
    let gateway = suite.gateway_anonymous();
    let tries = (0..12).map(|_| gateway.sign_in(credentials("taro@example.com", PASSWORD)));
    let (done, shed): (Vec<_>, Vec<_>) =
        futures::future::join_all(tries).await.into_iter().partition(Result::is_ok);
    assert!(!done.is_empty() && !shed.is_empty(), "{} done, {} shed", done.len(), shed.len());
    for refused in shed.into_iter().filter_map(Result::err) {
        assert_eq!(refused.reason, ErrorReason::RateLimited);
        assert_eq!(refused.retry_after, Some(std::time::Duration::from_secs(1)));
    }
    suite.sign_in("taro@example.com").await;
}

/// proves ACC-6, ACC-8: when the parameters were changed, an address without an account costs what one with an account
/// may cost: the earlier parameters or the new ones, as often as there are accounts with them, and always the same
#[tokio::test]
async fn nobody_costs_what_somebody_does() {
    let suite = Suite::start().await;
    for email in ["taro@example.com", "jiro@example.com"] {
        suite.user(email).await;
    }
    let suite = suite
        .restarted(|config| {
            config.passwords.iterations = 2;
            config.limits.failed_sign_ins_per_network = 100_000;
            config.limits.wrong_passwords_per_account = 1_000;
        })
        .await;
    suite.sign_in("taro@example.com").await;
    let of = async |email: &str| {
        let (_, cost) = try_counted(&suite, email).await;
        assert_eq!(cost.values().sum::<u64>(), 1, "one hash: {cost:?}");
        *cost.keys().next().unwrap()
    };
    let costs = async || {
        let mut costs = BTreeMap::new();
        for i in 0..24 {
            let email = format!("nobody-{i}@example.com");
            costs.insert(email.clone(), of(&email).await);
        }
        costs
    };
    // The next round of housekeeping sees it.
    wait_for(async || {
        let costs = costs().await;
        let old = costs.values().filter(|cost| cost.iterations == 1).count();
        (6..=18).contains(&old)
    })
    .await;
    assert_eq!(costs().await, costs().await);
    assert_eq!(of("jiro@example.com").await.iterations, 1);
}
