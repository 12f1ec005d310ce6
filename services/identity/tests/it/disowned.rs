//! What "this was not me" takes back (ACC-10): all that an intruder leaves behind to keep the owner out.

use crate::{
    authenticator::SoftKey,
    email_change,
    guessing::{device, user_with, with_device},
    password_reset,
    suite::{PASSWORD, Suite, User, credentials},
};
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    identity::v1::{finish_second_step_request::Factor, *},
};
use std::time::Duration;

pub const TARO: &str = "taro@example.com";
pub const THEIRS: &str = "intruder@example.net";
pub const NEW_PASSWORD: &str = "seven dunes mapped by an otter";
pub const AWAY: &str = "198.51.100.1";

pub fn user(answer: &SignInResponse) -> User {
    let session = answer.session.clone().unwrap();
    User {
        account: answer.account_id.parse().unwrap(),
        session: session.session_id.parse().unwrap(),
        token: session.token,
    }
}

/// Somebody who knows Taro's password signs in from far away.
pub async fn intrude(suite: &Suite) -> User {
    let gateway = suite.gateway_from(AWAY, "Browser/9.0");
    user(&gateway.sign_in(with_device(TARO, PASSWORD, &device(2))).await.unwrap())
}

/// The links of the alerts to an account, in order.
pub async fn links(suite: &Suite, user: &User) -> Vec<String> {
    let mut links = Vec::new();
    for told in suite.events_of(user.account).await {
        if let Payload::NewDeviceSignedIn(alert) = told {
            let request = PrepareLoginAlertMailRequest { login_alert_id: alert.login_alert_id };
            let mail = suite.system("notification").prepare_login_alert_mail(request).await.unwrap();
            links.push(mail.url.strip_prefix("https://pass.test/not-me/").unwrap().to_owned());
        }
    }
    links
}

pub async fn disown(suite: &Suite, token: &str) -> Result<(), ErrorReason> {
    let request = DisownSignInRequest { token: token.to_owned() };
    let done = suite.gateway_anonymous().disown_sign_in(request).await;
    done.map(drop).map_err(|refused| refused.reason)
}

/// Chooses another password by the mail that followed, which went to that address.
pub async fn reset(suite: &Suite, email: &str) {
    let mail = password_reset::mail(suite).await;
    assert_eq!(mail.email, email);
    let token = mail.url.strip_prefix("https://pass.test/reset-password/").unwrap();
    let choice = password_reset::choice(token, NEW_PASSWORD);
    suite.gateway_anonymous().complete_password_reset(choice).await.unwrap();
}

/// proves ACC-10: second factors that were added in that session go, and the address is what it was: the owner gets in by
/// the mail that follows; and the later alerts, which the intruder's mailbox has, take nothing back again
#[tokio::test]
async fn what_an_intruder_left_is_taken_back() {
    let suite = Suite::start().await;
    user_with(&suite, TARO, &device(1)).await;
    let mut intruder = intrude(&suite).await;
    suite.add_app(&mut intruder.token).await;
    suite.add_key(&mut intruder.token, &mut SoftKey::new(1), true).await.unwrap();
    let confirmation = email_change::link(&suite, &intruder, THEIRS).await;
    email_change::confirm(&suite, &confirmation).await.unwrap();
    // An alert that goes to the intruder's own mailbox.
    suite.clock.advance(Duration::from_mins(1));
    let step = suite.gateway_anonymous().sign_in(credentials(THEIRS, PASSWORD)).await.unwrap();
    assert!(step.second_step.is_some(), "the intruder's factors are asked for");
    let [owners] = links(&suite, &intruder).await.try_into().unwrap();

    disown(&suite, &owners).await.unwrap();
    let told = suite.events_of(intruder.account).await;
    let count = |is: fn(&Payload) -> bool| told.iter().filter(|it| is(it)).count();
    assert_eq!(count(|it| matches!(it, Payload::SecondFactorsDisabled(_))), 1);
    assert_eq!(count(|it| matches!(it, Payload::EmailChanged(_))), 2, "there and back");
    assert_eq!(suite.count("SELECT count(*) FROM recovery_codes").await, 0);
    reset(&suite, TARO).await;
    let owner = suite.gateway_anonymous().sign_in(credentials(TARO, NEW_PASSWORD)).await.unwrap();
    assert!(owner.second_step.is_none() && owner.session.is_some(), "nothing is in the owner's way");
    let gone = suite.gateway_anonymous().sign_in(credentials(THEIRS, NEW_PASSWORD)).await.unwrap_err();
    assert_eq!(gone.reason, ErrorReason::CredentialsInvalid);
    assert_eq!(disown(&suite, &owners).await, Err(ErrorReason::LinkInvalid));
}

/// proves ACC-10: of several links each works once, in whichever order: each takes back what its own session added
#[tokio::test]
async fn each_of_several_links_works_once() {
    let suite = Suite::start().await;
    user_with(&suite, TARO, &device(1)).await;
    let mut last = None;
    for (i, address) in ["198.51.100.1", "203.0.113.1", "198.18.0.1"].into_iter().enumerate() {
        suite.clock.advance(Duration::from_secs(1));
        let gateway = suite.gateway_from(address, "Browser/9.0");
        let signed_in = gateway.sign_in(with_device(TARO, PASSWORD, &device(20 + i as u64))).await.unwrap();
        last = Some(user(&signed_in));
    }
    let [first, second, third] = links(&suite, &last.unwrap()).await.try_into().unwrap();
    for link in [second, third, first] {
        disown(&suite, &link).await.unwrap();
        assert_eq!(disown(&suite, &link).await, Err(ErrorReason::LinkInvalid));
    }
}

/// proves ACC-9, ACC-10: what protected the account before that sign-in still does
#[tokio::test]
async fn what_was_there_before_stays() {
    let suite = Suite::start().await;
    let mut owner = suite.user(TARO).await;
    let (app, codes) = suite.add_app(&mut owner.token).await;
    suite.clock.advance(Duration::from_mins(1));
    let step = suite.begin_step(TARO).await;
    let request = FinishSecondStepRequest {
        token: step,
        factor: Some(Factor::Code(app.code(&suite, 0))),
        ..FinishSecondStepRequest::default()
    };
    let away = suite.gateway_from(AWAY, "Browser/9.0");
    let theirs = away.finish_second_step(request).await.unwrap();
    let session = theirs.session.unwrap();
    let intruder =
        User { account: owner.account, session: session.session_id.parse().unwrap(), token: session.token };
    let confirmation = email_change::link(&suite, &intruder, THEIRS).await;
    email_change::confirm(&suite, &confirmation).await.unwrap();

    let [link] = links(&suite, &intruder).await.try_into().unwrap();
    disown(&suite, &link).await.unwrap();
    reset(&suite, TARO).await;
    let signed_in = suite.gateway_anonymous().sign_in(credentials(TARO, NEW_PASSWORD)).await.unwrap();
    let step = signed_in.second_step.unwrap().token;
    suite.finish_step(&step, Factor::RecoveryCode(codes[0].clone())).await.unwrap();
}

/// proves ACC-10: an address that another account has by now stays that one's; the intruder is out, nothing is mailed to
/// their address, and the link gives the account back once the owner's is free
#[tokio::test]
async fn an_address_that_was_taken_meanwhile() {
    let suite = Suite::start().await;
    user_with(&suite, TARO, &device(1)).await;
    let intruder = intrude(&suite).await;
    let confirmation = email_change::link(&suite, &intruder, THEIRS).await;
    email_change::confirm(&suite, &confirmation).await.unwrap();
    let second = suite.user(TARO).await;

    let [link] = links(&suite, &intruder).await.try_into().unwrap();
    for _ in 0..2 {
        assert_eq!(disown(&suite, &link).await, Err(ErrorReason::AddressTaken));
        let request = ResolveSessionRequest { token: intruder.token.clone() };
        assert!(suite.gateway_anonymous().resolve_session(request).await.is_err());
        let out = suite.gateway_anonymous().sign_in(credentials(THEIRS, PASSWORD)).await.unwrap_err();
        assert_eq!(out.reason, ErrorReason::CredentialsInvalid);
        assert_eq!(suite.count("SELECT count(*) FROM password_resets").await, 0);
    }
    let confirmation = email_change::link(&suite, &second, "taro.2@example.com").await;
    email_change::confirm(&suite, &confirmation).await.unwrap();
    disown(&suite, &link).await.unwrap();
    reset(&suite, TARO).await;
    let back = user(&suite.gateway_anonymous().sign_in(credentials(TARO, NEW_PASSWORD)).await.unwrap());
    assert_eq!(back.account, intruder.account);
    assert_eq!(disown(&suite, &link).await, Err(ErrorReason::LinkInvalid));
}
