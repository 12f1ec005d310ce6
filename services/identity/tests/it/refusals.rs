//! What was refused is told (AUD-1): to whom the account is, one by one; to strangers by the minute, with its number.

use crate::{
    guessing::{device, user_with, with_device},
    images, password_reset,
    suite::{PASSWORD, Suite, User, credentials, wish},
};
use pass_proto::{
    convert::instant,
    errors::v1::ErrorReason,
    events::v1::{account_change_refused::Subject, envelope::Payload, strangers_refused::Attempt},
    identity::v1::{finish_second_step_request::Factor, *},
};
use pass_testkit::wait_for;
use prost_types::FieldMask;
use std::collections::BTreeMap;
use time::Duration;

const TARO: &str = "taro@example.com";
const NOBODY: &str = "nobody@example.com";
const WRONG: &str = "not the password";

/// What was told of strangers: about which account (none: what they wanted), why it was refused, and how often.
async fn strangers(suite: &Suite) -> BTreeMap<(String, String), i32> {
    let mut told = BTreeMap::new();
    for event in suite.events().await {
        let (about, count, minute) = match event.payload {
            Some(Payload::SignInRefused(it)) if it.stranger_count > 0 => {
                (it.account_id, it.stranger_count, it.stranger_time)
            }
            Some(Payload::StrangersRefused(it)) => {
                (it.attempt().as_str_name().to_owned(), it.stranger_count, it.stranger_time)
            }
            _ => continue,
        };
        assert!(event.actor.unwrap().id.is_empty(), "nobody knows who it was");
        let minute = instant(minute).unwrap();
        assert!(minute < suite.context.clock.now() && minute.second() == 0);
        *told.entry((about, event.outcome.unwrap().refused_because)).or_default() += count;
    }
    told
}

async fn told(suite: &Suite, expected: &[(String, ErrorReason, i32)]) {
    suite.clock.advance(Duration::MINUTE);
    let expected: BTreeMap<_, _> =
        expected.iter().map(|(about, why, count)| ((about.clone(), why.code().to_owned()), *count)).collect();
    wait_for(async || strangers(suite).await.values().sum::<i32>() >= expected.values().sum()).await;
    assert_eq!(strangers(suite).await, expected);
    assert_eq!(suite.count("SELECT count(*) FROM refused_tries").await, 0);
}

fn about(attempt: Attempt) -> String {
    attempt.as_str_name().to_owned()
}

/// proves AUD-1, ACC-14: tries that a lock kept from being looked at are told by the minute: of an account, and without
/// an address where there is none; so are wrong passwords of nobody
#[tokio::test]
async fn locked_tries_are_counted() {
    let suite = Suite::with(|config| config.limits.wrong_passwords_per_account = 3).await;
    let account = user_with(&suite, TARO, &device(1)).await.to_string();
    let gateway = suite.gateway_from("198.51.100.1", "Curl");
    for (email, times) in [(TARO, 5), (NOBODY, 7)] {
        for _ in 0..times {
            gateway.sign_in(credentials(email, WRONG)).await.unwrap_err();
        }
    }
    told(
        &suite,
        &[
            (account, ErrorReason::SignInLocked, 2),
            (about(Attempt::SignIn), ErrorReason::CredentialsInvalid, 3),
            (about(Attempt::SignIn), ErrorReason::SignInLocked, 4),
        ],
    )
    .await;
}

/// proves AUD-1, ACC-14: so are codes of a second factor that were not looked at; those of somebody who is signed in are
/// told as theirs
#[tokio::test]
async fn locked_codes_are_counted() {
    let suite = Suite::with(|config| config.limits.wrong_codes_per_account = 2).await;
    let mut user = suite.user(TARO).await;
    suite.add_app(&mut user.token).await;
    for round in 0..3 {
        let step = suite.begin_step(TARO).await;
        for _ in 0..2 {
            let code = Factor::Code("000000".to_owned());
            let refused = suite.finish_step(&step, code).await.unwrap_err();
            assert_eq!(refused.reason == ErrorReason::SecondFactorLocked, round > 0);
        }
    }
    let step = BeginStepUpRequest { session_token: user.token.clone() };
    let step = suite.gateway_anonymous().begin_step_up(step).await.unwrap().second_step.unwrap().token;
    let request = FinishSecondStepRequest {
        token: step,
        session_token: user.token.clone(),
        factor: Some(Factor::Code("000000".to_owned())),
        ..FinishSecondStepRequest::default()
    };
    let refused = suite.gateway_anonymous().finish_second_step(request).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SecondFactorLocked);
    let locked = ErrorReason::SecondFactorLocked;
    assert_eq!(changes(&suite, &user).await, [(Subject::SecondFactors, locked.code().to_owned())]);
    told(&suite, &[(user.account.to_string(), locked, 4)]).await;
}

/// proves AUD-1: what strangers want and do not get is counted: links that are none, too many wishes, passwords that may
/// not be chosen
#[tokio::test]
async fn what_strangers_want_is_counted() {
    let suite = Suite::with(|config| {
        config.limits.sign_ups_per_network = 1;
        config.limits.password_resets_per_network = 1;
    })
    .await;
    let gateway = suite.gateway_anonymous();
    let token = suite.link(TARO).await;
    gateway.request_sign_up(wish(NOBODY)).await.unwrap_err();
    gateway.request_password_reset(password_reset::wish(NOBODY)).await.unwrap();
    gateway.request_password_reset(password_reset::wish(NOBODY)).await.unwrap_err();
    let weak = CompleteSignUpRequest { token, password: "password1234".to_owned(), ..Default::default() };
    gateway.complete_sign_up(weak).await.unwrap_err();
    let token = "-".to_owned();
    gateway.get_sign_up(GetSignUpRequest { token: token.clone() }).await.unwrap_err();
    gateway.get_password_reset(GetPasswordResetRequest { token: token.clone() }).await.unwrap_err();
    gateway.get_email_change(GetEmailChangeRequest { token: token.clone() }).await.unwrap_err();
    gateway.confirm_email_change(ConfirmEmailChangeRequest { token: token.clone() }).await.unwrap_err();
    gateway.get_login_alert(GetLoginAlertRequest { token: token.clone() }).await.unwrap_err();
    gateway.disown_sign_in(DisownSignInRequest { token: token.clone() }).await.unwrap_err();
    gateway.complete_password_reset(password_reset::choice(&token, PASSWORD)).await.unwrap_err();
    told(
        &suite,
        &[
            (about(Attempt::SignUp), ErrorReason::RateLimited, 1),
            (about(Attempt::PasswordReset), ErrorReason::RateLimited, 1),
            (about(Attempt::Link), ErrorReason::PasswordGuessable, 1),
            (about(Attempt::Link), ErrorReason::LinkInvalid, 7),
        ],
    )
    .await;
}

/// What its owner was not let change of an account, and why.
async fn changes(suite: &Suite, user: &User) -> Vec<(Subject, String)> {
    let mut refused = Vec::new();
    for event in suite.events().await {
        if let Some(Payload::AccountChangeRefused(it)) = event.payload {
            assert_eq!(it.account_id, user.account.to_string());
            assert_eq!(event.actor.unwrap().id, it.account_id);
            refused.push((it.subject(), event.outcome.unwrap().refused_because));
        }
    }
    refused
}

/// proves AUD-1, ACC-4, ACC-5, ACC-9, ACC-13: what an owner may not change, or not now, is told
#[tokio::test]
async fn refused_changes_are_told() {
    let suite = Suite::start().await;
    let (taro, jiro) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    let console = suite.console_as(&taro);
    let other = suite.console_as(&jiro).get_my_account(GetMyAccountRequest {}).await.unwrap();
    let account = Account { unique_id: other.account.unwrap().unique_id, ..Account::default() };
    let update_mask = Some(FieldMask { paths: vec!["unique_id".to_owned()] });
    let taken = UpdateMyAccountRequest { account: Some(account), update_mask };
    console.update_my_account(taken).await.unwrap_err();
    images::set(&suite, &taro, b"no image".to_vec()).await.unwrap_err();
    let typo = DeleteMyAccountRequest { confirmation: "jiro@example.com".to_owned() };
    console.delete_my_account(typo).await.unwrap_err();
    let gateway = suite.gateway_anonymous();
    let nothing = DisableSecondFactorsRequest { session_token: taro.token.clone() };
    gateway.disable_second_factors(nothing).await.unwrap_err();
    suite.clock.advance(Duration::minutes(15));
    let late = BeginAuthenticatorRequest { session_token: taro.token.clone() };
    // Looking at the page is no change.
    gateway.begin_authenticator(late).await.unwrap_err();
    let late = RenewRecoveryCodesRequest { session_token: taro.token.clone() };
    gateway.renew_recovery_codes(late).await.unwrap_err();
    let late = DeleteMyAccountRequest { confirmation: TARO.to_owned() };
    suite.console_as(&taro).delete_my_account(late).await.unwrap_err();
    let told = [
        (Subject::Profile, ErrorReason::UniqueIdTaken),
        (Subject::Image, ErrorReason::ImageFormat),
        (Subject::Deletion, ErrorReason::InvalidArgument),
        (Subject::SecondFactors, ErrorReason::SecondFactorMissing),
        (Subject::SecondFactors, ErrorReason::FreshSignInNeeded),
        (Subject::Deletion, ErrorReason::FreshSignInNeeded),
    ];
    assert_eq!(changes(&suite, &taro).await, told.map(|(subject, why)| (subject, why.code().to_owned())));
}

async fn history(suite: &Suite, user: &User) -> Vec<String> {
    let request = ListMyLoginHistoryRequest { page_size: 10, page_token: String::new() };
    let page = suite.console_as(user).list_my_login_history(request).await.unwrap();
    page.entries.into_iter().map(|entry| entry.refused_because).collect()
}

/// proves ACC-9, ACC-11: a right password whose second factor does not follow is in the login history, and told; one whose
/// second factor follows is no more than a sign-in
#[tokio::test]
async fn half_a_sign_in_is_seen() {
    let suite = Suite::start().await;
    let mut user = suite.user(TARO).await;
    let (app, _) = suite.add_app(&mut user.token).await;
    suite.clock.advance(Duration::SECOND);
    suite.begin_step(TARO).await;
    let needed = ErrorReason::SecondFactorNeeded.code();
    assert_eq!(history(&suite, &user).await, [needed, ""]);
    suite.clock.advance(Duration::SECOND);
    let step = suite.begin_step(TARO).await;
    suite.clock.advance(Duration::seconds(30));
    suite.finish_step(&step, Factor::Code(app.code(&suite, 0))).await.unwrap();
    assert_eq!(history(&suite, &user).await, ["", needed, ""]);

    let refused = async || {
        let told = suite.events().await.into_iter();
        let told = told.filter(|it| matches!(&it.payload, Some(Payload::SignInRefused(_))));
        told.map(|it| it.outcome.unwrap().refused_because).collect::<Vec<_>>()
    };
    assert!(refused().await.is_empty(), "it may follow");
    suite.clock.advance(Duration::minutes(20));
    wait_for(async || !refused().await.is_empty()).await;
    assert_eq!(refused().await, [needed]);
    let told = suite.events().await.into_iter();
    let from: Vec<_> = told
        .filter(|it| matches!(&it.payload, Some(Payload::SignInRefused(_))))
        .map(|it| it.origin.unwrap().user_agent)
        .collect();
    assert!(!from[0].is_empty(), "from which browser");
}

/// proves ACC-12: an account has a hundred sessions at most; the oldest ends, and is told
#[tokio::test]
async fn the_oldest_of_too_many_sessions_ends() {
    let suite = Suite::start().await;
    let user = user_with(&suite, TARO, &device(1)).await;
    let copies = "INSERT INTO sessions (id, account_id, token_hash, methods, anew, address, user_agent, created_at,
            last_used_at, expires_at)
         SELECT lpad(i::text, 32, '0')::uuid, account_id, sha256(i::text::bytea), methods, anew, address, user_agent,
            created_at, last_used_at, expires_at FROM sessions, generate_series(1, 99) i";
    sqlx::query(copies).execute(&suite.database.pool).await.unwrap();
    let live = "SELECT count(*) FROM sessions WHERE ended_at IS NULL";
    assert_eq!(suite.count(live).await, 100);
    for expected in [1, 2] {
        suite.gateway_anonymous().sign_in(with_device(TARO, PASSWORD, &device(1))).await.unwrap();
        assert_eq!(suite.count(live).await, 100);
        let told = suite.events_of(user).await.into_iter();
        let mut ended = told.filter_map(|it| match it {
            Payload::SessionEnded(it) => Some(it.session_id),
            _ => None,
        });
        assert_eq!(ended.next_back(), Some(format!("00000000-0000-0000-0000-{expected:012}")));
    }
}
