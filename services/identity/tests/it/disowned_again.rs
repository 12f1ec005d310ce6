//! What "this was not me" leaves to the owner (ACC-10), when there are several links, when there was no login alert, and
//! when it is somebody else who uses one.

use crate::{
    disowned::{AWAY, NEW_PASSWORD, TARO, THEIRS, disown, intrude, links, reset, user},
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
use pass_types::{AccountId, Clock};
use time::Duration;

/// Signs in from there with this device.
async fn sign_in(suite: &Suite, email: &str, address: &str, device_token: &str) -> User {
    suite.clock.advance(Duration::SECOND);
    let gateway = suite.gateway_from(address, "Browser/9.0");
    user(&gateway.sign_in(with_device(email, PASSWORD, device_token)).await.unwrap())
}

/// The owner, who has chosen another password, signs in.
async fn back(suite: &Suite, email: &str) -> SignInResponse {
    suite.clock.advance(Duration::SECOND);
    suite.gateway_anonymous().sign_in(credentials(email, NEW_PASSWORD)).await.unwrap()
}

/// The mails about second factors that were added to an account, in order: to whom, and what their link has.
async fn added(suite: &Suite, account: AccountId) -> Vec<(String, String)> {
    let mut mails = Vec::new();
    for told in suite.events_of(account).await {
        if let Payload::SecondFactorAdded(added) = told {
            let request = PrepareLoginAlertMailRequest { login_alert_id: added.login_alert_id };
            let mail = suite.system("notification").prepare_login_alert_mail(request).await.unwrap();
            mails.push((mail.email, token_of(&mail.url)));
        }
    }
    mails
}

fn token_of(url: &str) -> String {
    url.strip_prefix("https://pass.test/not-me/").unwrap().to_owned()
}

/// Changes the address; the notice of it.
async fn move_to(suite: &Suite, user: &User, email: &str) -> PrepareEmailChangeMailResponse {
    let confirmation = email_change::link(suite, user, email).await;
    assert_eq!(email_change::mail(suite).await.not_me_url, "", "nothing is changed yet");
    email_change::confirm(suite, &confirmation).await.unwrap();
    email_change::mail(suite).await
}

/// proves ACC-10: an older link, whichever session changed the address, neither undoes the way back nor strips the owner
/// of what was added since
#[tokio::test]
async fn an_older_link_undoes_nothing_of_the_owners() {
    for mover in 0..2 {
        let suite = Suite::start().await;
        user_with(&suite, TARO, &device(1)).await;
        let intruders = [
            sign_in(&suite, TARO, AWAY, &device(2)).await,
            sign_in(&suite, TARO, "203.0.113.1", &device(3)).await,
        ];
        let [first, second] = links(&suite, &intruders[0]).await.try_into().unwrap();
        suite.clock.advance(Duration::SECOND);
        move_to(&suite, &intruders[mover], THEIRS).await;
        suite.clock.advance(Duration::SECOND);

        disown(&suite, &second).await.unwrap();
        reset(&suite, TARO).await;
        let mut owner = user(&back(&suite, TARO).await);
        let (_, codes) = suite.add_app(&mut owner.token).await;
        disown(&suite, &first).await.unwrap();
        reset(&suite, TARO).await;
        let step = back(&suite, TARO).await.second_step.unwrap().token;
        suite.finish_step(&step, Factor::RecoveryCode(codes[0].clone())).await.unwrap();
    }
}

/// proves ACC-10: nor does it take the owner's next address back
#[tokio::test]
async fn an_older_link_leaves_the_owners_next_address() {
    const NEXT: &str = "taro@example.org";
    let suite = Suite::start().await;
    user_with(&suite, TARO, &device(1)).await;
    let older = sign_in(&suite, TARO, AWAY, &device(2)).await;
    let intruder = sign_in(&suite, TARO, "203.0.113.1", &device(3)).await;
    let [first, second] = links(&suite, &older).await.try_into().unwrap();
    move_to(&suite, &intruder, THEIRS).await;
    disown(&suite, &second).await.unwrap();
    reset(&suite, TARO).await;
    let owner = user(&back(&suite, TARO).await);
    suite.clock.advance(Duration::SECOND);
    move_to(&suite, &owner, NEXT).await;

    disown(&suite, &first).await.unwrap();
    reset(&suite, NEXT).await;
    assert!(back(&suite, NEXT).await.session.is_some());
}

/// proves ACC-10: a login alert goes to the address that the account had, whatever it was changed to before the mail is
/// sent
#[tokio::test]
async fn an_alert_goes_to_the_address_of_then() {
    let suite = Suite::start().await;
    user_with(&suite, TARO, &device(1)).await;
    let intruder = intrude(&suite).await;
    move_to(&suite, &intruder, THEIRS).await;
    let told = suite.events_of(intruder.account).await;
    let alert = told.iter().find_map(|it| match it {
        Payload::NewDeviceSignedIn(alert) => Some(alert.login_alert_id.clone()),
        _ => None,
    });
    let request = PrepareLoginAlertMailRequest { login_alert_id: alert.unwrap() };
    let mail = suite.system("notification").prepare_login_alert_mail(request).await.unwrap();
    assert_eq!(mail.email, TARO);
}

/// proves ACC-9, ACC-10: a link takes back what its own session added: an old mail about a sign-in is no way for a thief
/// of the mailbox to strip the account of what its owner has added since, with the same browser even
#[tokio::test]
async fn an_old_link_strips_nothing() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let phone = sign_in(&suite, TARO, AWAY, &device(2)).await;
    let [monday] = links(&suite, &phone).await.try_into().unwrap();
    suite.clock.advance(Duration::DAY);
    let mut tuesday = sign_in(&suite, TARO, AWAY, &device(2)).await;
    let (_, codes) = suite.add_app(&mut tuesday.token).await;
    suite.clock.advance(Duration::days(2));

    disown(&suite, &monday).await.unwrap();
    reset(&suite, TARO).await;
    let step = back(&suite, TARO).await.second_step.unwrap().token;
    suite.finish_step(&step, Factor::RecoveryCode(codes[0].clone())).await.unwrap();
    // The notice of the app has the link of the session that added it, which still works.
    let [(_, link)] = added(&suite, account).await.try_into().unwrap();
    disown(&suite, &link).await.unwrap();
    reset(&suite, TARO).await;
    assert!(back(&suite, TARO).await.session.is_some());
}

/// proves ACC-9, ACC-10: who was mailed no login alert, because the network is known or alerts are off, takes a second
/// factor back by the notice of it; it is about the session that added it
#[tokio::test]
async fn a_notice_of_a_factor_takes_it_back() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let mut intruder = sign_in(&suite, TARO, "192.0.2.9", &device(2)).await;
    suite.clock.advance(Duration::minutes(5));
    suite.add_app(&mut intruder.token).await;
    let mails = added(&suite, account).await;
    let [(email, link)] = mails.try_into().unwrap();
    assert_eq!(email, TARO);
    let shown = suite.gateway_anonymous().get_login_alert(GetLoginAlertRequest { token: link.clone() });
    let shown = shown.await.unwrap();
    assert_eq!(shown.user_agent, "Browser/9.0");
    let ago = suite.clock.now() - pass_proto::convert::instant(shown.sign_in_time).unwrap();
    assert_eq!(ago, Duration::minutes(5), "when the session began");

    disown(&suite, &link).await.unwrap();
    reset(&suite, TARO).await;
    assert!(back(&suite, TARO).await.session.is_some());
    assert_eq!(disown(&suite, &link).await, Err(ErrorReason::LinkInvalid));
}

/// proves ACC-7, ACC-10: the owner of the old address takes it back by the notice of the change, and with it whatever was
/// added meanwhile; the links of the intruder's mailbox are void then
#[tokio::test]
async fn a_notice_of_a_change_takes_the_address_back() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let intruder = sign_in(&suite, TARO, "192.0.2.9", &device(2)).await;
    suite.clock.advance(Duration::SECOND);
    let notice = move_to(&suite, &intruder, THEIRS).await;
    assert_eq!((notice.old_email.as_str(), notice.new_email.as_str()), (TARO, THEIRS));
    let life = notice.not_me_expire_time.unwrap().seconds - suite.clock.now().unix_timestamp();
    assert!(life > 6 * 24 * 60 * 60, "{life}");
    let mut again = sign_in(&suite, THEIRS, "192.0.2.9", &device(2)).await;
    suite.add_app(&mut again.token).await;
    let [(email, theirs)] = added(&suite, account).await.try_into().unwrap();
    assert_eq!(email, THEIRS, "that one is the intruder's to read");

    suite.clock.advance(Duration::SECOND);
    disown(&suite, &token_of(&notice.not_me_url)).await.unwrap();
    assert_eq!(email_change::made(&suite).await.pop().unwrap().not_me_url, "", "nobody undoes the way back");
    reset(&suite, TARO).await;
    assert!(back(&suite, TARO).await.session.is_some(), "nothing is in the owner's way");
    assert_eq!(disown(&suite, &theirs).await, Err(ErrorReason::LinkInvalid));
}

/// proves ACC-10: an intruder who disowns a sign-in of their own, by the mailbox of their own, takes nothing from the link
/// that the owner was mailed before
#[tokio::test]
async fn an_intruder_who_disowns_does_not_void_the_owners_link() {
    let suite = Suite::start().await;
    let account = user_with(&suite, TARO, &device(1)).await;
    let intruder = intrude(&suite).await;
    suite.clock.advance(Duration::SECOND);
    let notice = move_to(&suite, &intruder, THEIRS).await;
    let mut again = sign_in(&suite, THEIRS, AWAY, &device(2)).await;
    suite.add_app(&mut again.token).await;
    let [(_, theirs)] = added(&suite, account).await.try_into().unwrap();
    disown(&suite, &theirs).await.unwrap();
    reset(&suite, THEIRS).await;
    let mut last = user(&back(&suite, THEIRS).await);
    suite.add_app(&mut last.token).await;

    suite.clock.advance(Duration::SECOND);
    disown(&suite, &token_of(&notice.not_me_url)).await.unwrap();
    reset(&suite, TARO).await;
    assert!(back(&suite, TARO).await.session.is_some());
}

/// proves ACC-9, ACC-10: recovery codes that the intruder made in the place of the owner's go; that there are none left
/// is told
#[tokio::test]
async fn that_no_codes_are_left_is_told() {
    let suite = Suite::start().await;
    let mut owner = suite.user(TARO).await;
    let (app, codes) = suite.add_app(&mut owner.token).await;
    suite.clock.advance(Duration::minutes(1));
    let request = FinishSecondStepRequest {
        token: suite.begin_step(TARO).await,
        factor: Some(Factor::Code(app.code(&suite, 0))),
        ..FinishSecondStepRequest::default()
    };
    let away = suite.gateway_from(AWAY, "Browser/9.0");
    let session_token = away.finish_second_step(request).await.unwrap().session.unwrap().token;
    away.renew_recovery_codes(RenewRecoveryCodesRequest { session_token }).await.unwrap();
    let [link] = links(&suite, &owner).await.try_into().unwrap();

    disown(&suite, &link).await.unwrap();
    assert_eq!(suite.count("SELECT count(*) FROM recovery_codes").await, 0);
    let told = suite.events_of(owner.account).await;
    assert_eq!(told.iter().filter(|it| matches!(it, Payload::RecoveryCodesRemoved(_))).count(), 1);
    let kept = "SELECT count(*) FROM security_events WHERE kind = 'recovery_codes_removed'";
    assert_eq!(suite.count(kept).await, 1);
    reset(&suite, TARO).await;
    suite.clock.advance(Duration::minutes(1));
    let step = back(&suite, TARO).await.second_step.unwrap().token;
    let gone = suite.finish_step(&step, Factor::RecoveryCode(codes[0].clone())).await.unwrap_err();
    assert_eq!(gone.reason, ErrorReason::SecondFactorInvalid);
    suite.finish_step(&step, Factor::Code(app.code(&suite, 0))).await.unwrap();
    assert_eq!(password_reset::resets(&suite).await.len(), 1);
}
