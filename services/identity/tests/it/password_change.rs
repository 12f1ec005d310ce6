//! Changing a password (ACC-12).

use crate::{
    company::Company,
    password_reset::{self, is_alive},
    race::{at_once, behind},
    suite::{PASSWORD, Suite, User, credentials},
};
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{actor, envelope::Payload},
    identity::v1::*,
};
use pass_types::Kind;
use std::time::Duration as Span;
use time::Duration;

const TARO: &str = "taro@example.com";
const NEW: &str = "seven dunes mapped by an otter";
const WRONG: &str = "not the password";

fn change(user: &User, current: &str, password: &str) -> ChangePasswordRequest {
    ChangePasswordRequest {
        session_token: user.token.clone(),
        current_password: current.to_owned(),
        password: password.to_owned(),
    }
}

async fn try_change(suite: &Suite, user: &User, current: &str, password: &str) -> Result<(), Failure> {
    suite.gateway_anonymous().change_password(change(user, current, password)).await.map(drop)
}

/// proves ACC-12: the current password and another one; every other session ends, the owner is told, and it needs no
/// fresh sign-in, because the password is one
#[tokio::test]
async fn another_password_ends_all_other_sessions() {
    let suite = Suite::start().await;
    let here = suite.user(TARO).await;
    let elsewhere = suite.sign_in(TARO).await;
    for _ in 0..2 {
        suite.clock.advance(Duration::minutes(20));
        assert!(is_alive(&suite, &here).await && is_alive(&suite, &elsewhere).await);
    }
    try_change(&suite, &here, PASSWORD, NEW).await.unwrap();
    assert!(is_alive(&suite, &here).await && !is_alive(&suite, &elsewhere).await);
    let gateway = suite.gateway_anonymous();
    assert_eq!(
        gateway.sign_in(credentials(TARO, PASSWORD)).await.unwrap_err().reason,
        ErrorReason::CredentialsInvalid
    );
    gateway.sign_in(credentials(TARO, NEW)).await.unwrap();

    let told = suite.events().await;
    let changed = told.iter().find(|it| matches!(it.payload, Some(Payload::PasswordChanged(_)))).unwrap();
    let actor = changed.actor.as_ref().unwrap();
    assert_eq!((actor.kind(), actor.id.as_str()), (actor::Kind::Person, here.account.to_string().as_str()));
    assert_eq!(actor.session_id, here.session.to_string());
    let ended: Vec<_> = told
        .iter()
        .filter_map(|it| match &it.payload {
            Some(Payload::SessionEnded(ended)) => Some(ended.session_id.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(ended, [elsewhere.session.to_string()]);
    let noted = suite.count("SELECT count(*) FROM security_events WHERE kind = 'password_changed'").await;
    assert_eq!(noted, 1);
}

/// proves ACC-12: links that were open are void with the password that asked for them
#[tokio::test]
async fn another_password_voids_open_links() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    let token = password_reset::link(&suite, TARO).await;
    let email = "new@example.com".to_owned();
    suite.console_as(&user).request_email_change(RequestEmailChangeRequest { email }).await.unwrap();
    try_change(&suite, &user, PASSWORD, NEW).await.unwrap();
    let refused =
        suite.gateway_anonymous().complete_password_reset(password_reset::choice(&token, PASSWORD)).await;
    assert_eq!(refused.unwrap_err().reason, ErrorReason::LinkInvalid);
    assert_eq!(suite.count("SELECT count(*) FROM email_changes").await, 0);
}

/// Why changes were refused, each with who asked (AUD-1).
async fn refusals(suite: &Suite) -> Vec<String> {
    let told = suite.events().await.into_iter();
    let told = told.filter(|it| matches!(it.payload, Some(Payload::PasswordChangeRefused(_))));
    told.map(|it| {
        let Some(Payload::PasswordChangeRefused(refused)) = it.payload else { unreachable!() };
        assert_eq!(it.actor.unwrap().id, refused.account_id);
        it.outcome.unwrap().refused_because
    })
    .collect()
}

/// proves ACC-12, ACC-14: wrong ones are refused, told, and slowed for the account, from whichever browser; right ones
/// take nothing away
#[tokio::test(flavor = "multi_thread")]
async fn guessing_the_current_one_is_slowed() {
    let suite = Suite::with(|config| config.limits.wrong_passwords_per_known_device = 4).await;
    let (here, jiro) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    let elsewhere = suite.sign_in(TARO).await;
    for _ in 0..6 {
        let refused = try_change(&suite, &here, PASSWORD, "password1234").await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::PasswordGuessable);
    }
    let tries = (0..10).map(|i| try_change(&suite, if i % 2 == 0 { &here } else { &elsewhere }, WRONG, NEW));
    let answers = futures::future::join_all(tries).await;
    let of = |reason| answers.iter().filter(|it| it.as_ref().is_err_and(|it| it.reason == reason)).count();
    assert_eq!((of(ErrorReason::PasswordWrong), of(ErrorReason::SignInLocked)), (4, 6));
    let wrong =
        answers.iter().filter_map(|it| it.as_ref().err()).find(|it| it.reason == ErrorReason::PasswordWrong);
    let wrong = wrong.unwrap();
    assert_eq!((wrong.kind, wrong.violations[0].0.as_str()), (Kind::InvalidInput, "current_password"));
    let refused = try_change(&suite, &here, PASSWORD, NEW).await.unwrap_err();
    assert_eq!(refused.retry_after, Some(Span::from_secs(225)), "a right one waits, too");
    let told = refusals(&suite).await;
    let times = |reason: &str| told.iter().filter(|it| **it == reason).count();
    assert_eq!(
        (times("PASSWORD_GUESSABLE"), times("PASSWORD_WRONG"), times("SIGN_IN_LOCKED"), told.len()),
        (6, 4, 7, 17),
        "{told:?}"
    );
    try_change(&suite, &jiro, PASSWORD, NEW).await.unwrap();
    suite.clock.advance(Span::from_secs(225));
    try_change(&suite, &here, PASSWORD, NEW).await.unwrap();
}

/// proves ACC-12: of two browsers that change it at once, one does, and the other is signed out
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_browsers_wins() {
    let suite = Suite::start().await;
    let (here, elsewhere) = (suite.user(TARO).await, suite.sign_in(TARO).await);
    let (other, another) = (format!("{NEW} one"), format!("{NEW} two"));
    let tries = [(&here, &other), (&elsewhere, &another)]
        .map(|(user, new)| try_change(&suite, user, PASSWORD, new))
        .into();
    let [one, two] = at_once(&suite, "SELECT FROM accounts FOR UPDATE", tries).await.try_into().unwrap();
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let lost = one.as_ref().err().or(two.as_ref().err()).unwrap().reason;
    assert!(matches!(lost, ErrorReason::SessionEnded | ErrorReason::PasswordWrong), "{lost:?}");
    let winner = if one.is_ok() { &other } else { &another };
    suite.gateway_anonymous().sign_in(credentials(TARO, winner)).await.unwrap();
    assert!(is_alive(&suite, if one.is_ok() { &here } else { &elsewhere }).await);
    assert!(!is_alive(&suite, if one.is_ok() { &elsewhere } else { &here }).await);
}

/// proves security.md, "OpenID provider": a copy of a session's token that waits while the session gets another one
/// changes nothing
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_replaced_changes_nothing() {
    const STEP_UP: &str = "UPDATE sessions SET token_hash = sha256('another')";
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    let tries = vec![try_change(&suite, &user, PASSWORD, NEW)];
    let [late] = behind(&suite, "SELECT FROM accounts FOR UPDATE", STEP_UP, tries).await.try_into().unwrap();
    assert_eq!(late.unwrap_err().reason, ErrorReason::SessionEnded);
    suite.gateway_anonymous().sign_in(credentials(TARO, PASSWORD)).await.unwrap();
}

/// proves ACC-6, bad input: what may not be a password is refused at its field, and what is no session's token is
/// nobody's; nothing is hashed for it and nothing changes
#[tokio::test]
async fn nothing_changes_by_bad_input() {
    let suite = Suite::start().await;
    let user = suite.user(TARO).await;
    let huge = "x".repeat(1 << 20);
    let before = suite.hashes();
    for current in ["", huge.as_str(), &"x".repeat(129)] {
        let refused = try_change(&suite, &user, current, NEW).await.unwrap_err();
        assert_eq!(refused.violations[0].0, "current_password");
        assert_eq!(refused.reason, ErrorReason::InvalidArgument);
    }
    for token in ["", "x", huge.as_str(), &"A".repeat(43)] {
        let nobody = User { token: token.to_owned(), ..user.clone() };
        let refused = try_change(&suite, &nobody, PASSWORD, NEW).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::SessionEnded);
    }
    assert_eq!(suite.hashes(), before);
    for (password, reason) in [
        ("", ErrorReason::PasswordLength),
        (huge.as_str(), ErrorReason::PasswordLength),
        ("Taro.Yamada.2026", ErrorReason::PasswordGuessable),
        ("sfuwwjuwkvxezs", ErrorReason::PasswordLeaked),
    ] {
        let refused = try_change(&suite, &user, PASSWORD, password).await.unwrap_err();
        assert_eq!((refused.reason, refused.violations[0].0.as_str()), (reason, "password"));
    }
    suite.sign_in(TARO).await;
}

/// proves MAN-6: a Managed Account has no password to change
#[tokio::test]
async fn a_managed_account_has_none() {
    let company = Company::start().await;
    let suite = &company.suite;
    let hanako = company.employ("hanako@acme.example").await;
    let session_token = suite.managed_session(hanako).await;
    let request = ChangePasswordRequest {
        session_token,
        current_password: PASSWORD.to_owned(),
        password: NEW.to_owned(),
    };
    let refused = suite.gateway_anonymous().change_password(request).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::ManagedByOrganization));
    assert_eq!(refusals(suite).await, ["MANAGED_BY_ORGANIZATION"]);
}

/// proves ACC-12, ACC-14: who guesses slowly has so many tries in a row, and then one a day; a right one begins anew
#[tokio::test(flavor = "multi_thread")]
async fn slow_guesses_of_the_current_one_end_too() {
    let suite = Suite::with(|config| {
        config.limits.wrong_passwords_per_known_device = 4;
        config.limits.wrong_passwords_in_a_row = 6;
    })
    .await;
    let user = suite.user(TARO).await;
    let pace = Duration::minutes(5);
    for _ in 0..2 {
        for _ in 0..5 {
            assert_eq!(
                try_change(&suite, &user, WRONG, NEW).await.unwrap_err().reason,
                ErrorReason::PasswordWrong
            );
            suite.clock.advance(pace);
        }
        try_change(&suite, &user, PASSWORD, PASSWORD).await.unwrap();
    }
    for _ in 0..6 {
        assert_eq!(
            try_change(&suite, &user, WRONG, NEW).await.unwrap_err().reason,
            ErrorReason::PasswordWrong
        );
        suite.clock.advance(pace);
    }
    let refused = try_change(&suite, &user, PASSWORD, NEW).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SignInLocked);
    assert!(refused.retry_after.unwrap() > Duration::hours(23).unsigned_abs(), "{:?}", refused.retry_after);

    // As with signing in, a reset is the way out.
    let gateway = suite.gateway_anonymous();
    gateway.request_password_reset(password_reset::wish(TARO)).await.unwrap();
    let mail = password_reset::mail(&suite).await;
    let token = mail.url.strip_prefix("https://pass.test/reset-password/").unwrap();
    gateway.complete_password_reset(password_reset::choice(token, PASSWORD)).await.unwrap();
    let user = suite.sign_in(TARO).await;
    assert_eq!(try_change(&suite, &user, WRONG, NEW).await.unwrap_err().reason, ErrorReason::PasswordWrong);
    try_change(&suite, &user, PASSWORD, NEW).await.unwrap();
}
