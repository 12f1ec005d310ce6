//! Mails about passwords and addresses.

use crate::world::World;
use pass_proto::{
    events::v1::{
        EmailChangeRequested, EmailChanged, PasswordChanged, PasswordReset, PasswordResetRequested,
        envelope::Payload,
    },
    identity::v1::prepare_password_reset_mail_response::Owner,
};
use pass_testkit::wait_for;

fn reset(_: String, password_reset_id: String) -> Payload {
    Payload::PasswordResetRequested(PasswordResetRequested { password_reset_id })
}

fn wanted(account_id: String, email_change_id: String) -> Payload {
    Payload::EmailChangeRequested(EmailChangeRequested { account_id, email_change_id })
}

fn made(account_id: String, email_change_id: String) -> Payload {
    Payload::EmailChanged(EmailChanged { account_id, email_change_id })
}

/// proves ACC-8 (the mail): an account gets the link, an address without one hears that there is none, and a Managed
/// Account how it signs in
#[tokio::test]
async fn a_reset_is_mailed_as_the_address_is() {
    let world = World::start().await;
    for (email, owner, subject) in [
        ("taro@example.com", Owner::NulabAccount, "ヌーラボアカウントのパスワードの再設定"),
        ("managed@example.com", Owner::ManagedAccount, "このアカウントのパスワードはヌーラボにはありません"),
        ("nobody@example.com", Owner::Nobody, "このメールアドレスのヌーラボアカウントはありません"),
    ] {
        world.identity.expect_reset(email, owner);
        let (event, _) = world.publish_of_account(reset).await;
        let mail = world.sink.wait_for(email).await;
        assert_eq!(mail.subject, subject);
        assert_eq!(mail.link(), Some("https://pass.example/reset-password/token"), "as identity says");
        assert_eq!(world.settled(event).await, "sent");
    }
}

/// proves ACC-8 (the mail): what is over is not mailed
#[tokio::test]
async fn a_reset_that_is_over_is_not_mailed() {
    let world = World::start().await;
    let (event, _) = world.publish_of_account(reset).await;
    assert_eq!(world.settled(event).await, "obsolete");
    assert!(world.sink.mails().is_empty());
}

/// proves ACC-8, ACC-12 (the notice): the owner hears of another password, however it came
#[tokio::test]
async fn the_owner_hears_of_another_password() {
    let world = World::start().await;
    let reset = |account_id, _| Payload::PasswordReset(PasswordReset { account_id });
    let changed = |account_id, _| Payload::PasswordChanged(PasswordChanged { account_id });
    for account in [world.publish_of_account(reset).await.1, world.publish_of_account(changed).await.1] {
        let mail = world.sink.wait_for(&format!("{account}@example.com")).await;
        assert_eq!(mail.subject, "ヌーラボアカウントのパスワードが変更されました");
        assert_eq!(mail.link(), Some("https://console.example/account/security-events"));
    }
}

/// proves ACC-7, ACC-10 (the mails): the link goes to the new address alone, a notice to the old one, with "This was not
/// me" when the change is made; each once, however often
/// the event is delivered, and both under a Message-ID of their own
#[tokio::test]
async fn a_change_of_address_is_mailed_to_both() {
    let world = World::start().await;
    world.identity.expect_email_change("new@example.com", false, false);
    let (event, _) = world.publish_of_account(wanted).await;
    let (link, notice) =
        (world.sink.wait_for("new@example.com").await, world.sink.wait_for("old@example.com").await);
    assert_eq!(link.subject, "Confirm your new address");
    assert_eq!(link.link(), Some("https://pass.example/email-change/token"));
    assert_eq!(notice.subject, "Your Nulab Account is to have another address");
    assert!(
        ![&notice.text, &notice.html].iter().any(|it| it.contains("email-change/") || it.contains("new@"))
    );
    assert_eq!(link.message_id, format!("{event}@pass.example"));
    assert_ne!(link.message_id, notice.message_id);

    world.publish_again(event).await;
    world.identity.expect_email_change("new@example.com", false, true);
    let (event, _) = world.publish_of_account(made).await;
    wait_for(async || world.sink.mails().len() == 4).await;
    assert_eq!(world.settled(event).await, "sent");
    assert_eq!(world.sink.mails_to("new@example.com")[1].subject, "Your Nulab Account has a new address");
    let told = &world.sink.mails_to("old@example.com")[1];
    assert_eq!(told.subject, "Your Nulab Account has another address");
    assert!(!told.text.contains("new@"), "{}", told.text);
    assert_eq!(told.link(), Some("https://pass.example/not-me/token"), "by which it is taken back");
    let new = &world.sink.mails_to("new@example.com")[1];
    assert!(![&new.text, &new.html].iter().any(|it| it.contains("not-me")), "who has taken it can't");

    world.identity.expect_way_back("back@example.com");
    world.publish_of_account(made).await;
    wait_for(async || world.sink.mails_to("old@example.com").len() == 3).await;
    let told = &world.sink.mails_to("old@example.com")[2];
    assert_eq!(told.link(), Some("https://console.example/account/security-events"));
}

/// proves ACC-7 (the mails): an address that has an account hears that, and gets no link to confirm
#[tokio::test]
async fn a_taken_address_hears_that_it_is() {
    let world = World::start().await;
    world.identity.expect_email_change("taken@example.com", true, false);
    world.publish_of_account(wanted).await;
    let mail = world.sink.wait_for("taken@example.com").await;
    assert_eq!(mail.subject, "You already have a Nulab Account");

    world.identity.expect_email_change("late@example.com", false, true);
    let (event, _) = world.publish_of_account(wanted).await;
    assert_eq!(world.settled(event).await, "obsolete", "it was confirmed before the mail was written");
    assert!(world.sink.mails_to("late@example.com").is_empty());
}
