//! Guessing passwords (ACC-14), and what a refusal gives away by its time (ACC-8).

use crate::{
    password_reset,
    role::Role,
    suite::{PASSWORD, Suite, credentials},
};
use identity::Config;
use pass_mesh::Failure;
use pass_proto::{errors::v1::ErrorReason, events::v1::envelope::Payload, identity::v1::*};
use pass_testkit::wait_for;
use pass_types::{AccountId, Entropy, Kind, Secret};
use std::time::Duration as Span;
use time::Duration;

const TARO: &str = "taro@example.com";
const NOBODY: &str = "nobody@example.com";
const WRONG: &str = "not the password";
/// How long strangers wait.
const LOCK: Span = Span::from_mins(15);
/// As slow as it takes to be locked out by no ten in a quarter of an hour.
const PACE: Span = Span::from_mins(2);
const DAY: Span = Span::from_hours(24);

/// A device's cookie.
pub fn device(seed: u64) -> String {
    Secret::generate(&Entropy::from_seed(seed)).reveal()
}

/// A try to sign in with a device.
pub fn with_device(email: &str, password: &str, device_token: &str) -> SignInRequest {
    let visit = Some(Visit { device_token: device_token.to_owned(), product: String::new() });
    SignInRequest { visit, ..credentials(email, password) }
}

async fn start() -> Suite {
    Suite::with(|config| config.limits.wrong_passwords_per_account = 10).await
}

/// With so many in a row, to be tried at [`PACE`].
async fn start_with_a_row_of(most: u32) -> Suite {
    Suite::with(|config| {
        config.limits.wrong_passwords_per_account = 10;
        config.limits.wrong_passwords_in_a_row = most;
    })
    .await
}

/// Somebody who signed up with this device.
pub async fn user_with(suite: &Suite, email: &str, device_token: &str) -> AccountId {
    let token = suite.link(email).await;
    let visit = Some(Visit { device_token: device_token.to_owned(), product: String::new() });
    let request =
        CompleteSignUpRequest { token, password: PASSWORD.to_owned(), replaced_token: String::new(), visit };
    let made = suite.gateway_anonymous().complete_sign_up(request).await.unwrap();
    made.account.unwrap().account_id.parse().unwrap()
}

/// How often an account's owner was told of a lock.
async fn told(suite: &Suite, account: AccountId) -> (usize, i64) {
    let events = suite.events_of(account).await;
    let events = events.iter().filter(|it| matches!(it, Payload::SignInLocked(_))).count();
    (events, suite.count("SELECT count(*) FROM security_events WHERE kind = 'sign_in_locked'").await)
}

async fn guess(role: &Role, email: &str, times: usize) -> Vec<(ErrorReason, Option<Span>)> {
    let mut answers = Vec::new();
    for _ in 0..times {
        let Failure { reason, retry_after, .. } = role.sign_in(credentials(email, WRONG)).await.unwrap_err();
        answers.push((reason, retry_after));
    }
    answers
}

/// proves ACC-14: after ten wrong passwords strangers wait, whatever their network and however right their password;
/// the owner's own device does not, and has tries of its own
#[tokio::test]
async fn strangers_lock_out_strangers() {
    let suite = start().await;
    let own = device(1);
    user_with(&suite, TARO, &own).await;
    let stranger = suite.gateway_from("198.51.100.1", "Curl");
    let answers = guess(&stranger, TARO, 10).await;
    assert!(answers.iter().all(|answer| *answer == (ErrorReason::CredentialsInvalid, None)), "{answers:?}");
    for (address, password) in [("198.51.100.1", WRONG), ("203.0.113.1", PASSWORD), ("192.0.2.1", PASSWORD)] {
        let elsewhere = suite.gateway_from(address, "Curl");
        let refused = elsewhere.sign_in(with_device(TARO, password, &device(2))).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::SignInLocked));
        assert_eq!(refused.retry_after, Some(LOCK), "{address}");
    }
    let travelling = suite.gateway_from("203.0.113.9", "Browser/1.0");
    let refused = travelling.sign_in(with_device(TARO, WRONG, &own)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::CredentialsInvalid, "the owner may mistype");
    travelling.sign_in(with_device(TARO, PASSWORD, &own)).await.unwrap();

    suite.clock.advance(LOCK.saturating_sub(Span::from_secs(1)));
    let early = stranger.sign_in(credentials(TARO, PASSWORD)).await.unwrap_err();
    assert_eq!((early.reason, early.retry_after), (ErrorReason::SignInLocked, Some(Span::from_secs(1))));
    suite.clock.advance(Duration::SECOND);
    stranger.sign_in(credentials(TARO, PASSWORD)).await.unwrap();
}

/// proves ACC-14: who guesses too slowly for a lock has so many tries in a row, and then one a day; the same whether or
/// not there is an account. The owner is told, and signs in with their own device
#[tokio::test]
async fn slow_guesses_end_too() {
    let suite = start_with_a_row_of(12).await;
    let own = device(1);
    let account = user_with(&suite, TARO, &own).await;
    let stranger = suite.gateway_from("198.51.100.1", "Curl");
    for email in [NOBODY, TARO] {
        for tried in 0..12 {
            assert_eq!(told(&suite, account).await, (0, 0), "{tried}");
            let answer = guess(&stranger, email, 1).await;
            assert_eq!(answer, [(ErrorReason::CredentialsInvalid, None)], "{tried}");
            suite.clock.advance(PACE);
        }
        let wait = Some(DAY.saturating_sub(PACE * 12));
        let elsewhere = suite.gateway_from("203.0.113.1", "Curl");
        let refused = elsewhere.sign_in(with_device(email, PASSWORD, &device(2))).await.unwrap_err();
        assert_eq!((refused.reason, refused.retry_after), (ErrorReason::SignInLocked, wait), "{email}");
    }
    assert_eq!(told(&suite, account).await, (1, 1));
    let travelling = suite.gateway_from("203.0.113.9", "Browser/1.0");
    travelling.sign_in(with_device(TARO, PASSWORD, &own)).await.unwrap();
    for _ in 0..3 {
        suite.clock.advance(DAY);
        let reasons: Vec<_> = guess(&stranger, TARO, 2).await.into_iter().map(|it| it.0).collect();
        assert_eq!(reasons, [ErrorReason::CredentialsInvalid, ErrorReason::SignInLocked], "one a day");
    }
}

/// proves ACC-14: "in a row" ends with a right password: whoever mistypes now and then is never locked out; a known
/// device has a row of its own
#[tokio::test]
async fn a_right_password_begins_the_row_anew() {
    let suite = start_with_a_row_of(4).await;
    let (own, other) = (device(1), device(2));
    user_with(&suite, TARO, &own).await;
    let gateway = suite.gateway_from("192.0.2.1", "Browser/1.0");
    gateway.sign_in(with_device(TARO, PASSWORD, &other)).await.unwrap();
    for _ in 0..3 {
        for device_token in [&own, &other, &device(3)] {
            for _ in 0..3 {
                gateway.sign_in(with_device(TARO, WRONG, device_token)).await.unwrap_err();
                suite.clock.advance(PACE);
            }
            gateway.sign_in(with_device(TARO, PASSWORD, device_token)).await.unwrap();
        }
    }
    for _ in 0..4 {
        gateway.sign_in(with_device(TARO, WRONG, &other)).await.unwrap_err();
        suite.clock.advance(PACE);
    }
    let refused = gateway.sign_in(with_device(TARO, PASSWORD, &other)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SignInLocked, "a stolen cookie is no way round");
    gateway.sign_in(with_device(TARO, PASSWORD, &own)).await.unwrap();
    gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap();
}

/// proves ACC-14: as it is shipped there are no more than a hundred in a row (NIST SP 800-63B-4, 3.2.2)
#[test]
fn a_row_is_a_hundred_at_most() {
    assert!((10..=100).contains(&Config::default().limits.wrong_passwords_in_a_row));
}

/// proves ACC-14: a stolen device's cookie is not a way round: its own tries are as few, and lock nobody else
#[tokio::test]
async fn a_known_device_has_few_tries_too() {
    let suite = start().await;
    let (own, other) = (device(1), device(2));
    let account = user_with(&suite, TARO, &own).await;
    let gateway = suite.gateway_anonymous();
    gateway.sign_in(with_device(TARO, PASSWORD, &other)).await.unwrap();
    for _ in 0..10 {
        assert_eq!(told(&suite, account).await, (0, 0));
        let refused = gateway.sign_in(with_device(TARO, WRONG, &other)).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::CredentialsInvalid);
    }
    assert_eq!(told(&suite, account).await, (1, 1), "whoever has the owner's browser guesses");
    let refused = gateway.sign_in(with_device(TARO, PASSWORD, &other)).await.unwrap_err();
    assert_eq!((refused.reason, refused.retry_after), (ErrorReason::SignInLocked, Some(LOCK)));
    gateway.sign_in(with_device(TARO, PASSWORD, &own)).await.unwrap();
    gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap();
}

/// proves ACC-14: a reset lets the owner in at once, in the browser that did it, however others go on guessing
#[tokio::test]
async fn a_reset_is_a_way_in_while_others_guess() {
    let suite = start().await;
    user_with(&suite, TARO, &device(1)).await;
    let (stranger, own) = (suite.gateway_from("198.51.100.1", "Curl"), device(5));
    guess(&stranger, TARO, 11).await;
    let gateway = suite.gateway_anonymous();
    let refused = gateway.sign_in(with_device(TARO, PASSWORD, &own)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SignInLocked, "the owner, with a browser that nobody knows");
    let token = password_reset::link(&suite, TARO).await;
    let (password, device_token) = ("seven dunes mapped by an otter".to_owned(), own.clone());
    let request = CompletePasswordResetRequest { token, password: password.clone(), device_token };
    gateway.complete_password_reset(request).await.unwrap();
    guess(&stranger, TARO, 11).await;
    gateway.sign_in(with_device(TARO, &password, &own)).await.unwrap();
    let refused = gateway.sign_in(with_device(TARO, &password, &device(6))).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SignInLocked, "strangers are locked out, as ever");
}

/// proves ACC-8, ACC-14: a lock is the same, step by step, whether or not there is an account; of who has none nothing
/// is kept but a hash
#[tokio::test]
async fn a_lock_tells_nothing() {
    let suite = start().await;
    user_with(&suite, TARO, &device(1)).await;
    let before = (suite.events().await.len(), suite.count("SELECT count(*) FROM security_events").await);
    let gateway = suite.gateway_from("198.51.100.1", "Curl");
    let unknown = guess(&gateway, NOBODY, 13).await;
    let after = (suite.events().await.len(), suite.count("SELECT count(*) FROM security_events").await);
    assert_eq!(before, after);
    assert_eq!(guess(&gateway, TARO, 13).await, unknown);
    assert_eq!(
        unknown[9..11],
        [(ErrorReason::CredentialsInvalid, None), (ErrorReason::SignInLocked, Some(LOCK))]
    );
}

/// proves ACC-14: guesses are counted over replicas, however many come at once, and over restarts
#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_counted_everywhere() {
    let suite = start().await;
    user_with(&suite, TARO, &device(1)).await;
    let (here, there) = (suite.gateway_from("198.51.100.1", ""), suite.replica().await);
    let tries = (0..40).map(|i| if i % 2 == 0 { &here } else { &there }.sign_in(credentials(TARO, WRONG)));
    let answers = futures::future::join_all(tries).await;
    let of = |reason| answers.iter().filter(|it| it.as_ref().is_err_and(|it| it.reason == reason)).count();
    let counted = (of(ErrorReason::CredentialsInvalid), of(ErrorReason::SignInLocked));
    assert_eq!(counted, (10, 30));
    drop(there);
    let suite = suite.restarted(|_| {}).await;
    let refused = suite.gateway_anonymous().sign_in(credentials(TARO, PASSWORD)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SignInLocked);
}

/// proves ACC-14: right passwords, and those that were not looked at, take nothing from the allowance
#[tokio::test(flavor = "multi_thread")]
async fn only_wrong_passwords_count() {
    let suite = Suite::with(|config| {
        config.limits.wrong_passwords_per_account = 10;
        (config.passwords.memory_kib, config.passwords.iterations) = (19 * 1024, 4);
        (config.passwords.workers, config.passwords.queue) = (1, 1);
    })
    .await;
    user_with(&suite, TARO, &device(1)).await;
    let gateway = suite.gateway_from("198.51.100.1", "");
    for _ in 0..4 {
        let tries = (0..9).map(|_| gateway.sign_in(credentials(TARO, PASSWORD)));
        let answers = futures::future::join_all(tries).await;
        let shed = |it: &Failure| it.reason == ErrorReason::RateLimited;
        assert!(answers.iter().all(|it| it.as_ref().is_ok_and(|_| true) || it.as_ref().is_err_and(shed)));
        assert!(answers.iter().any(Result::is_err), "the queue is full");
    }
    assert!(guess(&gateway, TARO, 10).await.iter().all(|it| it.0 == ErrorReason::CredentialsInvalid));
}

/// proves ACC-14: the owner is told when a lock begins, once a day however long it goes on
#[tokio::test]
async fn the_owner_is_told_once() {
    let suite = start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let gateway = suite.gateway_from("198.51.100.1", "");
    guess(&gateway, TARO, 9).await;
    assert_eq!(told(&suite, account).await, (0, 0));
    guess(&gateway, TARO, 4).await;
    assert_eq!(told(&suite, account).await, (1, 1));
    for _ in 0..5 {
        suite.clock.advance(LOCK);
        assert_eq!(guess(&gateway, TARO, 2).await[0].0, ErrorReason::CredentialsInvalid);
    }
    assert_eq!(told(&suite, account).await, (1, 1));
    suite.clock.advance(Duration::DAY);
    guess(&gateway, TARO, 10).await;
    assert_eq!(told(&suite, account).await, (2, 2));
}

/// What was counted is forgotten when it is of no use any more.
#[tokio::test]
async fn counts_are_forgotten() {
    let suite = start().await;
    guess(&suite.gateway_anonymous(), NOBODY, 12).await;
    assert!(suite.count("SELECT count(*) FROM throttles").await > 0);
    suite.clock.advance(Duration::days(13));
    wait_for(async || suite.count("SELECT count(*) FROM throttles").await == 0).await;
}

/// proves ACC-8: a wrong password takes as long for an address without an account as for one with. That is measured,
/// so it says little of one try: known and unknown take turns in the same minute, and their medians are compared with
/// each other, not with a clock. The margin is wide, so that a busy machine does not fail it; what it would see is the
/// hash left out, which is most of the time.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_takes_as_long_for_nobody() {
    let suite = Suite::with(|config| {
        (config.passwords.memory_kib, config.passwords.iterations) = (19 * 1024, 2);
    })
    .await;
    user_with(&suite, TARO, &device(1)).await;
    let gateway = suite.gateway_from("198.51.100.1", "");
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..60 {
        let nobody = format!("nobody-{round}@example.com");
        for (email, times) in [(TARO, &mut known), (nobody.as_str(), &mut unknown)] {
            let begun = tokio::time::Instant::now();
            gateway.sign_in(credentials(email, WRONG)).await.unwrap_err();
            times.push(begun.elapsed());
        }
    }
    let median = |times: &mut Vec<Span>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let (known, unknown) = (median(&mut known), median(&mut unknown));
    let ratio = known / unknown;
    assert!((0.67..1.5).contains(&ratio), "known {known} s, unknown {unknown} s");
}
