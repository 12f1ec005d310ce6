//! Second factors (ACC-9): authenticator apps, recovery codes, and the second step.

use crate::{
    authenticator::App,
    guessing,
    suite::{PASSWORD, Suite, User, credentials},
};
use futures::future::join_all;
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    identity::v1::{finish_second_step_request::Factor, *},
};
use pass_types::Kind;
use time::Duration;

const TARO: &str = "taro@example.com";
const STEP: Duration = Duration::seconds(30);

fn reason<T: std::fmt::Debug>(answer: Result<T, Failure>) -> ErrorReason {
    answer.unwrap_err().reason
}

fn code(code: String) -> Factor {
    Factor::Code(code)
}

/// proves ACC-9: the right password of an account with a second factor lets nobody in; with the second factor it
/// does, and the session says how and when
#[tokio::test]
async fn a_password_alone_lets_nobody_in() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let (app, codes) = suite.add_app(&mut user.token).await;
    assert_eq!(codes.len(), 10);
    suite.clock.advance(STEP);

    let before = suite.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL").await;
    let gateway = suite.gateway_from("198.51.100.7", "Browser/2.0");
    let answer = gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap();
    assert_eq!((answer.session, answer.account_id), (None, user.account.to_string()));
    let step = answer.second_step.unwrap();
    assert_eq!(suite.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL").await, before);
    let offer = gateway.get_second_step(GetSecondStepRequest { token: step.token.clone() }).await.unwrap();
    assert!(offer.has_authenticator && offer.has_recovery_codes && !offer.step_up);
    assert_eq!(offer.key_options_json, "");

    let wrong = suite.finish_step(&step.token, code("000000".to_owned())).await.unwrap_err();
    assert_eq!((wrong.kind, wrong.reason), (Kind::Unauthenticated, ErrorReason::SecondFactorInvalid));
    assert_eq!(wrong.violations[0].0, "code");
    suite.clock.advance(Duration::MILLISECOND);
    let right = suite.finish_step(&step.token, code(app.code(&suite, 0))).await.unwrap();
    assert_eq!(right.account_id, user.account.to_string());
    let token = right.session.unwrap().token;
    let resolved = gateway.resolve_session(ResolveSessionRequest { token }).await.unwrap();
    let session = resolved.session.unwrap();
    assert_eq!(session.methods, ["pwd", "otp", "mfa"]);
    assert_eq!(session.second_factor_time, session.create_time);
    let done = suite.finish_step(&step.token, code(app.code(&suite, 1))).await;
    assert_eq!(reason(done), ErrorReason::SecondStepOver, "it is done");

    let kept: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT method, refused FROM login_history ORDER BY id DESC LIMIT 2")
            .fetch_all(&suite.database.pool)
            .await
            .unwrap();
    let row = |refused: Option<&str>| ("otp".to_owned(), refused.map(str::to_owned));
    assert_eq!(kept, [row(None), row(Some("SECOND_FACTOR_INVALID"))]);
    let told = suite.events_of(user.account).await;
    assert!(matches!(told.last(), Some(Payload::SignedIn(it)) if it.methods == ["pwd", "otp", "mfa"]));
    assert!(matches!(&told[told.len() - 2], Payload::SignInRefused(_)));
}

/// proves ACC-9: a code is used once, whichever of several at once is first; one step of drift is tolerated, and no
/// more
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_used_once() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let (app, _) = suite.add_app(&mut user.token).await;
    let token = suite.begin_step(TARO).await;
    let confirmed = suite.finish_step(&token, code(app.code(&suite, 0))).await;
    assert_eq!(reason(confirmed), ErrorReason::SecondFactorInvalid, "it has confirmed the app");
    suite.finish_step(&token, code(app.code(&suite, 1))).await.unwrap();

    let token = suite.begin_step(TARO).await;
    suite.clock.advance(STEP);
    let again = suite.finish_step(&token, code(app.code(&suite, 0))).await;
    assert_eq!(reason(again), ErrorReason::SecondFactorInvalid, "it was used a step before its time");
    suite.clock.advance(STEP * 3);
    for steps in [-2, 2] {
        let off = suite.finish_step(&token, code(app.code(&suite, steps))).await;
        assert_eq!(reason(off), ErrorReason::SecondFactorInvalid, "{steps}");
    }
    suite.finish_step(&token, code(app.code(&suite, -1))).await.unwrap();

    suite.clock.advance(STEP * 5);
    let tokens = [suite.begin_step(TARO).await, suite.begin_step(TARO).await, suite.begin_step(TARO).await];
    let tries = tokens.iter().map(|token| suite.finish_step(token, code(app.code(&suite, 0))));
    let done = join_all(tries).await;
    assert_eq!(done.iter().filter(|it| it.is_ok()).count(), 1, "{done:?}");
    // The same, for one second step.
    suite.clock.advance(STEP * 5);
    let token = suite.begin_step(TARO).await;
    let tries = (0..3).map(|_| suite.finish_step(&token, code(app.code(&suite, 0))));
    let done = join_all(tries).await;
    assert_eq!(done.iter().filter(|it| it.is_ok()).count(), 1, "{done:?}");
}

/// proves ACC-9: a second step takes five wrong tries, also of several at once
#[tokio::test(flavor = "multi_thread")]
async fn a_step_takes_few_tries() {
    let suite = Suite::with(|config| config.limits.wrong_codes_per_account = 1000).await;
    let mut user = suite.user(TARO).await;
    let (app, codes) = suite.add_app(&mut user.token).await;
    suite.clock.advance(STEP);
    let token = suite.begin_step(TARO).await;
    let tries = (0..8).map(|_| suite.finish_step(&token, code("000000".to_owned())));
    let reasons: Vec<_> = join_all(tries).await.into_iter().map(reason).collect();
    let wrong = reasons.iter().filter(|it| **it == ErrorReason::SecondFactorInvalid).count();
    assert_eq!(wrong, 5, "{reasons:?}");
    for factor in [code(app.code(&suite, 0)), Factor::RecoveryCode(codes[0].clone())] {
        assert_eq!(reason(suite.finish_step(&token, factor).await), ErrorReason::SecondStepOver);
    }
    let token = suite.begin_step(TARO).await;
    suite.finish_step(&token, code(app.code(&suite, 0))).await.unwrap();
}

/// proves ACC-9, ACC-14: wrong codes are slowed per account, whoever types them; the owner sees it, and recovery
/// codes still let them in
#[tokio::test]
async fn wrong_codes_are_slowed_per_account() {
    let suite = Suite::with(|config| config.limits.wrong_codes_per_account = 3).await;
    let mut user = suite.user(TARO).await;
    let mut other = suite.user("hanako@example.com").await;
    let (app, codes) = suite.add_app(&mut user.token).await;
    let (others, _) = suite.add_app(&mut other.token).await;
    suite.clock.advance(STEP);
    for _ in 0..3 {
        let token = suite.begin_step(TARO).await;
        let wrong = suite.finish_step(&token, code("000000".to_owned())).await;
        assert_eq!(reason(wrong), ErrorReason::SecondFactorInvalid);
    }
    let token = suite.begin_step(TARO).await;
    let slowed = suite.finish_step(&token, code(app.code(&suite, 0))).await.unwrap_err();
    assert_eq!((slowed.kind, slowed.reason), (Kind::RateLimited, ErrorReason::SecondFactorLocked));
    assert_eq!(slowed.retry_after, Some(std::time::Duration::from_mins(20)));
    assert_eq!(told(&suite).await, (1, 1));
    suite.finish_step(&token, Factor::RecoveryCode(codes[0].clone())).await.unwrap();
    let token = suite.begin_step("hanako@example.com").await;
    suite.finish_step(&token, code(others.code(&suite, 0))).await.unwrap();

    // Who goes on is looked at once in 20 minutes; the owner is not told of each of these.
    suite.clock.advance(Duration::minutes(20));
    let token = suite.begin_step(TARO).await;
    assert_eq!(reason(suite.finish_step(&token, wrong()).await), ErrorReason::SecondFactorInvalid);
    assert_eq!(reason(suite.finish_step(&token, wrong()).await), ErrorReason::SecondFactorLocked);
    assert_eq!(told(&suite).await, (1, 1), "once a day");
    suite.clock.advance(Duration::minutes(20));
    let token = suite.begin_step(TARO).await;
    suite.finish_step(&token, code(app.code(&suite, 0))).await.unwrap();
}

/// proves ACC-14: who knows the password and guesses codes too slowly for a lock has a hundred in a row, and then one a
/// day; a right one begins anew
#[tokio::test]
async fn a_hundred_wrong_codes_in_a_row() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let (app, _) = suite.add_app(&mut user.token).await;
    let row = async || {
        for tried in 0.. {
            suite.clock.advance(Duration::minutes(6));
            let token = suite.begin_step(TARO).await;
            let refused = suite.finish_step(&token, wrong()).await.unwrap_err();
            if refused.reason == ErrorReason::SecondFactorLocked {
                return (tried, refused.retry_after.unwrap());
            }
            assert_eq!(refused.reason, ErrorReason::SecondFactorInvalid);
        }
        unreachable!("a lock comes");
    };
    let (tried, wait) = row().await;
    assert_eq!(tried, 100);
    assert!(wait > std::time::Duration::from_hours(13), "{wait:?}");
    suite.clock.advance(wait);
    let token = suite.begin_step(TARO).await;
    suite.finish_step(&token, code(app.code(&suite, 0))).await.unwrap();
    assert_eq!(row().await.0, 100);
}

fn wrong() -> Factor {
    code("000000".to_owned())
}

/// How often an owner was told, by a mail and in the list of what happened, that strangers have to wait.
async fn told(suite: &Suite) -> (usize, i64) {
    let told = suite.events().await.into_iter().filter_map(|event| event.payload);
    let mails = told.filter(|it| matches!(it, Payload::SecondFactorLocked(_))).count();
    (mails, suite.count("SELECT count(*) FROM security_events WHERE kind = 'second_factor_locked'").await)
}

/// proves ACC-14: a stranger who knows the password and guesses codes locks out strangers, and not a browser that the
/// account knows; that one has few tries, too
#[tokio::test]
async fn strangers_who_guess_codes_lock_out_strangers() {
    let suite = Suite::with(|config| config.limits.wrong_codes_per_account = 3).await;
    let mut user = suite.user(TARO).await;
    let (app, _) = suite.add_app(&mut user.token).await;
    suite.clock.advance(STEP);
    let (own, foreign) = (guessing::device(1), guessing::device(2));
    let show = async |device: &str, factor: Factor| {
        let token = suite.begin_step(TARO).await;
        let visit = Some(Visit { device_token: device.to_owned(), product: String::new() });
        let request = FinishSecondStepRequest {
            token,
            factor: Some(factor),
            visit,
            ..FinishSecondStepRequest::default()
        };
        suite.gateway_anonymous().finish_second_step(request).await
    };
    show(&own, code(app.code(&suite, 0))).await.unwrap();
    suite.clock.advance(STEP);
    for _ in 0..3 {
        assert_eq!(reason(show(&foreign, wrong()).await), ErrorReason::SecondFactorInvalid);
    }
    let right = || code(app.code(&suite, 0));
    for device in [foreign.as_str(), "", "nonsense"] {
        assert_eq!(reason(show(device, right()).await), ErrorReason::SecondFactorLocked, "{device}");
    }
    assert_eq!(reason(show(&own, wrong()).await), ErrorReason::SecondFactorInvalid, "the owner may mistype");
    show(&own, right()).await.unwrap();

    // Whoever has that browser has as few tries, of which the owner need not be told.
    for _ in 0..2 {
        assert_eq!(reason(show(&own, wrong()).await), ErrorReason::SecondFactorInvalid);
    }
    suite.clock.advance(STEP);
    assert_eq!(reason(show(&own, right()).await), ErrorReason::SecondFactorLocked);
    assert_eq!(told(&suite).await, (1, 1), "of the strangers");
}

/// proves ACC-14: wrong codes count against the network, whose accounts' codes they ever are; not for a browser that
/// the account knows
#[tokio::test]
async fn wrong_codes_are_slowed_per_network() {
    let suite = Suite::with(|config| config.limits.failed_sign_ins_per_network = 4).await;
    let (mut user, mut other) = (suite.user(TARO).await, suite.user("hanako@example.com").await);
    let (app, _) = suite.add_app(&mut user.token).await;
    let (others, _) = suite.add_app(&mut other.token).await;
    suite.clock.advance(STEP);
    let steps = [suite.begin_step(TARO).await, suite.begin_step("hanako@example.com").await];
    let show = async |address: &str, step: &str, factor: Factor| {
        let request = FinishSecondStepRequest {
            token: step.to_owned(),
            factor: Some(factor),
            ..FinishSecondStepRequest::default()
        };
        suite.gateway_from(address, "Browser/1.0").finish_second_step(request).await
    };
    for (step, address) in
        steps.iter().cycle().zip(["198.51.100.1", "198.51.100.2"].into_iter().cycle()).take(4)
    {
        assert_eq!(reason(show(address, step, wrong()).await), ErrorReason::SecondFactorInvalid);
    }
    let slowed = show("198.51.100.3", &steps[0], code(app.code(&suite, 0))).await;
    assert_eq!(reason(slowed), ErrorReason::RateLimited);
    show("203.0.113.1", &steps[0], code(app.code(&suite, 0))).await.unwrap();
    show("203.0.113.1", &steps[1], code(others.code(&suite, 0))).await.unwrap();
}

/// proves ACC-8, ACC-9: a second step is of no use after 5 minutes, to who has it not, and with another password
#[tokio::test]
async fn a_step_is_over() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let (app, _) = suite.add_app(&mut user.token).await;
    suite.clock.advance(STEP);
    let token = suite.begin_step(TARO).await;
    let unknown = user.token.as_str();
    for nonsense in ["", "nonsense", unknown, &"x".repeat(1 << 20)] {
        let answer = suite.finish_step(nonsense, code(app.code(&suite, 0))).await;
        assert_eq!(reason(answer), ErrorReason::SecondStepOver);
    }
    suite.clock.advance(Duration::minutes(5));
    let late = suite.finish_step(&token, code(app.code(&suite, 0))).await;
    assert_eq!(reason(late), ErrorReason::SecondStepOver);
    let late = suite.gateway_anonymous().get_second_step(GetSecondStepRequest { token }).await;
    assert_eq!(reason(late), ErrorReason::SecondStepOver);
    pass_testkit::wait_for(async || suite.count("SELECT count(*) FROM second_steps").await == 0).await;

    let token = suite.begin_step(TARO).await;
    let change = "UPDATE accounts SET password_hash = password_hash || '='";
    sqlx::query(change).execute(&suite.database.pool).await.unwrap();
    let changed = suite.finish_step(&token, code(app.code(&suite, 0))).await;
    assert_eq!(reason(changed), ErrorReason::SecondStepOver, "the password was changed meanwhile");
}

/// proves ACC-9: 10 recovery codes, shown once and kept as hashes, each lets in once, also of two at once; new ones
/// void the others
#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_work_once() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let (_, codes) = suite.add_app(&mut user.token).await;
    let recover = async |code: &str| {
        let token = suite.begin_step(TARO).await;
        suite.finish_step(&token, Factor::RecoveryCode(code.to_owned())).await
    };
    let typed = codes[0].to_lowercase().replace('-', " ");
    let session = recover(&typed).await.unwrap().session.unwrap();
    assert_eq!(suite.protection(&session.token).await.recovery_codes_left, 9);
    assert_eq!(reason(recover(&codes[0]).await), ErrorReason::SecondFactorInvalid, "it was used");
    let (one, other) = tokio::join!(recover(&codes[1]), recover(&codes[1]));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(suite.protection(&session.token).await.recovery_codes_left, 8);
    let told = suite.events_of(user.account).await;
    let left = |it: &Payload| matches!(it, Payload::RecoveryCodeUsed(it) if it.left == 8);
    assert_eq!(told.iter().filter(|it| left(it)).count(), 1);

    let request = RenewRecoveryCodesRequest { session_token: session.token.clone() };
    let new = suite.gateway_anonymous().renew_recovery_codes(request).await.unwrap().recovery_codes;
    assert_eq!(suite.protection(&session.token).await.recovery_codes_left, 10);
    assert_eq!(reason(recover(&codes[2]).await), ErrorReason::SecondFactorInvalid, "it is void");
    recover(&new[0]).await.unwrap();
    for malformed in ["", "0123-4567", "ÅÅÅÅ-ÅÅÅÅ", &"0".repeat(1 << 20)] {
        let refused = recover(malformed).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::InvalidArgument);
        assert_eq!(refused.violations[0].0, "recovery_code");
    }

    let mut other = suite.user("hanako@example.com").await;
    suite.add_app(&mut other.token).await;
    let token = suite.begin_step("hanako@example.com").await;
    let foreign = suite.finish_step(&token, Factor::RecoveryCode(new[1].clone())).await;
    assert_eq!(reason(foreign), ErrorReason::SecondFactorInvalid, "it is another account's");
    let dump: String = sqlx::query_scalar("SELECT string_agg(recovery_codes::text, ' ') FROM recovery_codes")
        .fetch_one(&suite.database.pool)
        .await
        .unwrap();
    assert!(!dump.contains(&new[1]) && !dump.contains(&new[1].replace('-', "")));
}

/// proves ACC-9: an app counts once a code has confirmed it; its secret is the session's, and sealed at rest
#[tokio::test]
async fn an_app_counts_once_it_has_shown_a_code() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    let gateway = suite.gateway_anonymous();
    let begin = |token: &str| BeginAuthenticatorRequest { session_token: token.to_owned() };
    let confirm =
        |token: &str, code: String| ConfirmAuthenticatorRequest { session_token: token.to_owned(), code };
    let draft = gateway.begin_authenticator(begin(&user.token)).await.unwrap();
    assert!(draft.uri.starts_with("otpauth://totp/Nulab:taro%40example.com?secret="), "{}", draft.uri);
    assert_eq!(gateway.begin_authenticator(begin(&user.token)).await.unwrap(), draft, "it stays the same");
    let app = App::of(&draft.secret);
    gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap().session.unwrap();
    assert_eq!(suite.protection(&user.token).await.authenticator, None);

    let other = suite.sign_in(TARO).await;
    let foreign = gateway.confirm_authenticator(confirm(&other.token, app.code(&suite, 0))).await;
    assert_eq!(reason(foreign), ErrorReason::SecondStepOver, "another session has no such secret");
    for wrong in ["000000".to_owned(), app.code(&suite, 2)] {
        let wrong = gateway.confirm_authenticator(confirm(&user.token, wrong)).await;
        assert_eq!(reason(wrong), ErrorReason::SecondFactorInvalid);
    }
    for malformed in ["", "12345", "abcdef", &"1".repeat(1 << 20)] {
        let refused =
            gateway.confirm_authenticator(confirm(&user.token, malformed.to_owned())).await.unwrap_err();
        assert_eq!(
            (refused.reason, refused.violations[0].0.as_str()),
            (ErrorReason::InvalidArgument, "code")
        );
    }
    let added = gateway.confirm_authenticator(confirm(&user.token, app.code(&suite, 0))).await.unwrap();
    let user = User { token: added.session_token, ..user };
    assert!(suite.protection(&user.token).await.authenticator.unwrap().last_use_time.is_none());
    let twice = gateway.begin_authenticator(begin(&user.token)).await;
    assert_eq!(reason(twice), ErrorReason::SecondFactorExists);
    let again = gateway.confirm_authenticator(confirm(&user.token, app.code(&suite, 1))).await;
    assert_eq!(reason(again), ErrorReason::SecondStepOver);

    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM authenticators")
        .fetch_one(&suite.database.pool)
        .await
        .unwrap();
    assert_eq!(sealed.len(), 12 + 20 + 16, "nonce, secret, tag");
    let draft_of_nobody = "SELECT count(*) FROM authenticator_drafts";
    assert_eq!(suite.count(draft_of_nobody).await, 0);
}
