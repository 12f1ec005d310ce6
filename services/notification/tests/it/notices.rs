//! Notices of what became of an account, to its owner (ACC-9, ACC-12, ACC-14).

use crate::world::World;
use pass_proto::events::v1::{self as wire, envelope::Payload};
use pass_testkit::wait_for;

/// A way to tell of an account.
type Told = fn(String, String) -> Payload;

/// What is told, what the mail is called, and where its button leads.
const NOTICES: [(Told, &str, &str); 11] = [
    (
        |account_id, _| Payload::PasswordChanged(wire::PasswordChanged { account_id }),
        "ヌーラボアカウントのパスワードが変更されました",
        "/account/security-events",
    ),
    (
        |account_id, _| Payload::PasswordReset(wire::PasswordReset { account_id }),
        "ヌーラボアカウントのパスワードが変更されました",
        "/account/security-events",
    ),
    (
        |account_id, _| Payload::SignInLocked(wire::SignInLocked { account_id }),
        "パスワードが推測されている可能性があります",
        "/account/history",
    ),
    (
        |account_id, _| Payload::SecondFactorLocked(wire::SecondFactorLocked { account_id }),
        "パスワードを知られている可能性があります",
        "/account/security-events",
    ),
    (
        |account_id, _| {
            let login_alert_id = String::new();
            Payload::SecondFactorAdded(wire::SecondFactorAdded {
                account_id,
                kind: passkey(),
                login_alert_id,
            })
        },
        "ヌーラボアカウントに二段階認証の方法が追加されました",
        "/account/security-events",
    ),
    (
        |account_id, _| {
            Payload::SecondFactorRemoved(wire::SecondFactorRemoved { account_id, kind: passkey() })
        },
        "ヌーラボアカウントから二段階認証の方法が削除されました",
        "/account/security-events",
    ),
    (
        |account_id, _| Payload::SecondFactorsDisabled(wire::SecondFactorsDisabled { account_id }),
        "二段階認証が無効になりました",
        "/account/security-events",
    ),
    (
        |account_id, _| Payload::RecoveryCodesMade(wire::RecoveryCodesMade { account_id }),
        "ヌーラボアカウントのリカバリーコードが作り直されました",
        "/account/security-events",
    ),
    (
        |account_id, _| Payload::RecoveryCodesRemoved(wire::RecoveryCodesRemoved { account_id }),
        "ヌーラボアカウントのリカバリーコードがなくなりました",
        "/account/security-events",
    ),
    (
        |account_id, _| login_alerts_switched(account_id, Some(false)),
        "ヌーラボアカウントのログイン通知がオフになりました",
        "/account/security-events",
    ),
    (
        |account_id, _| Payload::RecoveryCodeUsed(wire::RecoveryCodeUsed { account_id, left: 7 }),
        "ヌーラボアカウントでリカバリーコードが使われました",
        "/account/security-events",
    ),
];

fn login_alerts_switched(account_id: String, login_alerts: Option<bool>) -> Payload {
    let fields = vec!["login_alerts".to_owned()];
    Payload::SecuritySettingsChanged(wire::SecuritySettingsChanged { account_id, fields, login_alerts })
}

fn passkey() -> String {
    "passkey".to_owned()
}

/// proves ACC-9, ACC-12, ACC-14 (the mails): the owner hears of each in their language, by one mail under one
/// Message-ID however often the event is delivered; what became of it is kept
#[tokio::test]
async fn each_is_one_mail_however_often_it_is_told() {
    let world = World::start().await;
    let mut told = Vec::new();
    for (payload, subject, path) in NOTICES {
        let (event, account) = world.publish_of_account(payload).await;
        let mail = world.sink.wait_for(&format!("{account}@example.com")).await;
        assert_eq!(mail.subject, subject);
        assert_eq!(mail.link(), Some(format!("https://console.example{path}").as_str()), "{subject}");
        assert!(mail.html.contains("lang=\"ja\"") && !mail.text.is_empty(), "{}", mail.html);
        assert_eq!(mail.message_id, format!("{event}@pass.example"));
        assert_eq!(world.settled(event).await, "sent");
        told.push((event, account));
    }
    for (event, _) in &told {
        world.publish_again(*event).await;
    }
    // What is told after them is mailed after them.
    let (_, last) = world.publish_of_account(NOTICES[0].0).await;
    world.sink.wait_for(&format!("{last}@example.com")).await;
    for (event, account) in &told {
        assert_eq!(world.sink.mails_to(&format!("{account}@example.com")).len(), 1, "{event}");
    }
}

/// A worker that dies after the mail server took a mail, and before it could write that down: the mail goes out again,
/// under the Message-ID that it had, by which mail programs show it once.
#[tokio::test]
async fn what_is_sent_again_has_the_same_message_id() {
    let world = World::start().await;
    let (event, account) = world.publish_of_account(NOTICES[0].0).await;
    let to = format!("{account}@example.com");
    assert_eq!(world.settled(event).await, "sent");
    world.forget_that_it_was_sent(event).await;
    wait_for(async || world.sink.mails_to(&to).len() == 2).await;
    let ids: Vec<_> = world.sink.mails_to(&to).into_iter().map(|mail| mail.message_id.clone()).collect();
    assert_eq!(ids, [format!("{event}@pass.example"), format!("{event}@pass.example")]);
}

/// proves ACC-13 (the mail): whoever owned an account that was deleted hears of it, once, and where to turn to; an hour
/// later identity does not know any more who that was
#[tokio::test]
async fn the_owner_of_a_deleted_account_is_told() {
    let world = World::start().await;
    let deleted: Told = |account_id, _| Payload::AccountDeleted(wire::AccountDeleted { account_id });
    let (event, account) = world.publish_of_account(deleted).await;
    let mail = world.sink.wait_for(&format!("{account}@example.com")).await;
    assert_eq!(mail.subject, "ヌーラボアカウントが削除されました");
    assert!(mail.text.contains("2026-11-22 09:00 (Asia/Tokyo)"), "{}", mail.text);
    assert_eq!(mail.link(), Some("https://support.example/contact"));
    assert_eq!(world.settled(event).await, "sent");
    world.publish_again(event).await;
    world.identity.has_no_accounts();
    let (late, _) = world.publish_of_account(deleted).await;
    assert_eq!(world.settled(late).await, "obsolete");
    assert_eq!(world.sink.mails().len(), 1);
}

/// An account that was deleted since has no owner to tell, and nothing to say whose it was.
#[tokio::test]
async fn nobody_is_told_of_an_account_that_is_gone() {
    let world = World::start().await;
    world.identity.has_no_accounts();
    for (payload, ..) in NOTICES {
        let (event, _) = world.publish_of_account(payload).await;
        assert_eq!(world.settled(event).await, "obsolete");
    }
    assert!(world.sink.mails().is_empty());
}

/// proves ACC-9 (the mail): whoever has used a recovery code is told how many are left
#[tokio::test]
async fn how_many_codes_are_left() {
    let world = World::start().await;
    let used: Told =
        |account_id, _| Payload::RecoveryCodeUsed(wire::RecoveryCodeUsed { account_id, left: 7 });
    let (_, account) = world.publish_of_account(used).await;
    let mail = world.sink.wait_for(&format!("{account}@example.com")).await;
    assert!(mail.text.contains("残り：7個"), "{}", mail.text);
}

/// proves ACC-10 (the mail): the notice of a second factor that was added has the link of the session that added it, and
/// goes to the address that the account had
#[tokio::test]
async fn an_added_factor_can_be_disowned() {
    let world = World::start().await;
    let added: Told = |account_id, login_alert_id| {
        Payload::SecondFactorAdded(wire::SecondFactorAdded { account_id, kind: passkey(), login_alert_id })
    };
    let (event, _) = world.publish_of_account(added).await;
    let mail = world.sink.wait_for("alerted@example.com").await;
    assert_eq!(mail.subject, "A second factor was added to your Nulab Account");
    assert_eq!(mail.link(), Some("https://pass.example/not-me/token"));
    assert!(mail.text.contains("2026-11-22 09:00 (Asia/Tokyo)"), "when that session began: {}", mail.text);
    assert_eq!(world.settled(event).await, "sent");
}

/// proves ACC-10 (the mail): that login alerts are on again is no news
#[tokio::test]
async fn nobody_is_told_that_login_alerts_are_on() {
    let world = World::start().await;
    for on in [Some(true), None] {
        let switched = move |account_id, _| login_alerts_switched(account_id, on);
        world.publish_of_account(switched).await;
    }
    // What is told after them is mailed after them.
    let (_, last) = world.publish_of_account(NOTICES[0].0).await;
    world.sink.wait_for(&format!("{last}@example.com")).await;
    assert_eq!(world.sink.mails().len(), 1);
}
