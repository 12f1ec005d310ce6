//! Notification, from event to mail: a real broker, database and SMTP server, real calls over mTLS.
//! Identity and organization stand in at the process boundary ([`world`]).

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod credentials;
mod notices;
mod standins;
mod world;

use notification::TlsMode;
use pass_testkit::{Refusing, wait_for};
use time::Duration;
use world::World;

/// proves ACC-1 (the mail): an event without address becomes a mail with the link, asked for at that moment
#[tokio::test]
async fn a_sign_up_is_mailed_in_the_persons_language() {
    let world = World::start().await;
    world.identity.expect("hanako@example.com", "ja", false);
    let event = world.publish_sign_up().await;
    let mail = world.sink.wait_for("hanako@example.com").await;
    assert_eq!(mail.subject, "ヌーラボアカウントのメールアドレスをご確認ください");
    assert!(mail.text.contains("https://pass.example/sign-up/token"), "{}", mail.text);
    assert!(mail.html.contains("lang=\"ja\""), "{}", mail.html);
    assert_eq!(mail.message_id, format!("{event}@pass.example"), "the Message-ID follows from the event");
    assert_eq!(world.settled(event).await, "sent");
}

/// proves ACC-8 (the mail's half): whoever has an account is told so instead
#[tokio::test]
async fn an_address_with_an_account_gets_another_mail() {
    let world = World::start().await;
    world.identity.expect("taro@example.com", "en", true);
    world.publish_sign_up().await;
    let mail = world.sink.wait_for("taro@example.com").await;
    assert_eq!(mail.subject, "You already have a Nulab Account");
}

/// proves security.md, "Mail": whoever types an address can't have us send words of theirs to it
#[tokio::test]
async fn a_sign_up_mail_does_not_say_what_a_stranger_typed() {
    let world = World::start().await;
    for (email, language, exists) in
        [("new@example.com", "en", false), ("neu@example.com", "ja", false), ("old@example.com", "en", true)]
    {
        world.identity.expect(email, language, exists);
        world.publish_sign_up().await;
        let mail = world.sink.wait_for(email).await;
        let whole = [mail.subject.as_str(), &mail.text, &mail.html].concat();
        assert!(!whole.contains(standins::TYPED_NAME), "{whole}");
    }
}

#[tokio::test]
async fn an_event_delivered_twice_is_one_mail() {
    let world = World::start().await;
    world.identity.expect("once@example.com", "en", false);
    let event = world.publish_sign_up().await;
    assert_eq!(world.settled(event).await, "sent");
    world.publish_again(event).await;
    // A second sign-up comes after the repeated event: when its mail is there, the repetition was handled.
    world.identity.expect("later@example.com", "en", false);
    world.publish_sign_up().await;
    world.sink.wait_for("later@example.com").await;
    assert_eq!(world.sink.mails_to("once@example.com").len(), 1);
}

#[tokio::test]
async fn a_mail_server_that_says_later_gets_the_mail_later() {
    let world = World::start().await;
    world.identity.expect("later@example.com", "en", false);
    world.sink.refuse(Refusing::Mails);
    let event = world.publish_sign_up().await;
    wait_for(async || world.sink.refused() > 0).await;
    world.sink.refuse(Refusing::Nothing);
    assert_eq!(world.settled_as_time_goes_by(event).await, "sent");
    assert_eq!(world.sink.mails_to("later@example.com").len(), 1);
}

/// proves ACC-1 (the mail): an international domain needs nothing special of a mail server; letters before the @ do,
/// and without it the mail is given up at once, not tried for a day
#[tokio::test]
async fn international_addresses() {
    let world = World::start().await;
    for domain in ["例え.jp", "例え.ｊｐ", "XN--R8JZ45G.jp"] {
        world.identity.expect(&format!("taro@{domain}"), "en", false);
        let event = world.publish_sign_up().await;
        assert_eq!(world.settled(event).await, "sent", "{domain}");
    }
    let mails = world.sink.mails_to("taro@xn--r8jz45g.jp");
    assert_eq!(mails.len(), 3, "{:?}", world.sink.mails());
    assert!(mails[0].text.contains("taro@例え.jp"), "the person reads it as it was typed: {}", mails[0].text);

    world.identity.expect("花子@例え.jp", "ja", false);
    let event = world.publish_sign_up().await;
    assert_eq!(world.settled(event).await, "failed", "the sink does not offer SMTPUTF8");
    assert_eq!(world.tries(event).await, 1);
}

/// A mail server that can't be spoken to as the settings say may be mended: nothing is given up for it.
#[tokio::test]
async fn a_mail_server_without_tls_gets_no_mail_and_loses_none() {
    let world = World::start_with_tls(TlsMode::Starttls).await;
    world.identity.expect("花子@例え.jp", "ja", false);
    let event = world.publish_sign_up().await;
    wait_for(async || {
        world.clock.advance(Duration::seconds(1));
        world.tries(event).await > 2
    })
    .await;
    assert_eq!(world.state(event).await.as_deref(), Some("queued"));
    assert!(world.sink.mails().is_empty());
}

#[tokio::test]
async fn services_that_are_down_only_delay_a_mail() {
    let world = World::start().await;
    world.identity.go_away(true);
    let event = world.publish_sign_up().await;
    wait_for(async || world.tries(event).await > 0).await;
    world.identity.go_away(false);
    world.identity.expect("back@example.com", "en", false);
    assert_eq!(world.settled_as_time_goes_by(event).await, "sent");
    assert_eq!(world.sink.mails_to("back@example.com").len(), 1);
}

#[tokio::test]
async fn what_is_over_is_not_mailed() {
    let world = World::start().await;
    let event = world.publish_sign_up().await;
    assert_eq!(world.settled(event).await, "obsolete", "identity says LINK_INVALID");
    assert!(world.sink.mails().is_empty());
}

/// proves ORG-6 (the mail), ACC-3: an invitee with an account is written to in their own language
#[tokio::test]
async fn an_invitation_is_mailed_in_the_invitees_own_language() {
    let world = World::start().await;
    world.organization.expect("guest@example.com", "en");
    world.publish_invitation().await;
    let mail = world.sink.wait_for("guest@example.com").await;
    assert_eq!(mail.subject, "Taro invited you to Acme");
    assert!(mail.text.contains("Join us!") && mail.text.contains("as guest"), "{}", mail.text);

    world.organization.expect("member@example.com", "en");
    world.identity.prefers("ja", "Asia/Tokyo");
    world.publish_invitation().await;
    let mail = world.sink.wait_for("member@example.com").await;
    assert_eq!(mail.subject, "TaroさんからAcmeへの招待");
    assert!(mail.text.contains("(Asia/Tokyo)"), "{}", mail.text);
}

/// proves ACC-3: whatever a mail is about, it looks as its recipient has chosen; who has no account chose nothing
#[tokio::test]
async fn a_mail_looks_as_its_recipient_has_chosen() {
    let world = World::start().await;
    let scheme = |html: &str| {
        let scheme = html.split_once(r#"<meta name="color-scheme" content=""#).unwrap().1;
        scheme.split_once('"').unwrap().0.to_owned()
    };
    let account = world.publish_token_reuse().await;
    let mail = world.sink.wait_for(&format!("{account}@example.com")).await;
    assert_eq!(scheme(&mail.html), "light dark");
    world.identity.prefers("ja", "Asia/Tokyo");
    let account = world.publish_token_reuse().await;
    let mail = world.sink.wait_for(&format!("{account}@example.com")).await;
    assert_eq!(scheme(&mail.html), "dark");
    world.publish_rejection().await;
    let mail = world.sink.wait_for("plan@example.com").await;
    assert_eq!(scheme(&mail.html), "dark");
    assert_eq!(
        mail.subject, "Nulab Passの申し込みについて",
        "the account's language beats the application's"
    );
}

/// proves API-1 (reuse detection): the owner of a token that was used twice is warned
#[tokio::test]
async fn the_owner_of_a_reused_token_is_warned() {
    let world = World::start().await;
    let account = world.publish_token_reuse().await;
    let mail = world.sink.wait_for(&format!("{account}@example.com")).await;
    assert_eq!(mail.subject, "ログイン状態をご確認ください");
    assert_eq!(mail.link(), Some("https://console.example/sessions"));
}

/// proves ACC-10 (the mail): the owner is asked, in their time zone, whether it was them; nothing that the browser
/// said is repeated
#[tokio::test]
async fn the_owner_is_asked_about_a_new_device() {
    let world = World::start().await;
    let event = world.publish_new_device().await;
    let mail = world.sink.wait_for("alerted@example.com").await;
    assert_eq!(mail.subject, "New sign-in to your Nulab Account");
    assert_eq!(mail.link(), Some("https://pass.example/not-me/token"));
    assert!(mail.text.contains("2026-11-22 09:00 (Asia/Tokyo)"), "{}", mail.text);
    assert!(mail.text.contains("Firefox · Windows") && !mail.text.contains("evil.example"), "{}", mail.text);
    world.publish_again(event).await;
    world.publish_sign_in_lock().await;
    wait_for(async || world.sink.mails().len() == 2).await;
    assert_eq!(world.sink.mails_to("alerted@example.com").len(), 1);
}

/// proves ACC-14 (the mail): the owner of an account whose password is guessed is told how to get in
#[tokio::test]
async fn the_owner_is_told_of_a_lock() {
    let world = World::start().await;
    let account = world.publish_sign_in_lock().await;
    let mail = world.sink.wait_for(&format!("{account}@example.com")).await;
    assert_eq!(mail.subject, "パスワードが推測されている可能性があります");
    assert_eq!(mail.link(), Some("https://console.example/account/history"));
    assert!(mail.text.contains("再設定"), "{}", mail.text);
}

/// proves MAN-2 (the mail): whoever has a new Managed Account is told how to sign in, with the newest link only
#[tokio::test]
async fn a_managed_account_is_told_how_to_sign_in() {
    let world = World::start().await;
    let sent_anew_since = world.publish_managed_invitation(1).await;
    assert_eq!(world.settled(sent_anew_since).await, "obsolete");
    world.publish_managed_invitation(2).await;
    let mail = world.sink.wait_for("managed@example.com").await;
    assert_eq!(mail.subject, "Your account at Acme");
    assert_eq!(mail.link(), Some("https://pass.example/managed/invitations/token"));
    assert!(mail.text.contains("acme"), "the Organization ID: {}", mail.text);
}

/// proves BIL-1: the reason of a rejection is mailed
#[tokio::test]
async fn the_reason_of_a_rejection_is_mailed() {
    let world = World::start().await;
    world.publish_rejection().await;
    let mail = world.sink.wait_for("plan@example.com").await;
    assert!(mail.text.contains("We know no such company."), "{}", mail.text);
}

/// proves security.md, "Organizations apart": a changed connection is mailed to all administrators, once each
#[tokio::test]
async fn every_administrator_hears_of_a_changed_connection() {
    let world = World::start().await;
    let now = world.clock.shared().now();
    let entropy = pass_types::Entropy::from_seed(7);
    let administrators: Vec<_> =
        std::iter::repeat_with(|| pass_types::AccountId::generate(&entropy, now)).take(3).collect();
    world.organization.administered_by(&administrators);
    let event = world.publish_saml_activation().await;
    for administrator in &administrators {
        let mail = world.sink.wait_for(&format!("{administrator}@example.com")).await;
        assert_eq!(mail.subject, "AcmeのSAML設定が変更されました");
    }
    world.publish_again(event).await;
    // What was published after it is mailed after it.
    world.publish_rejection().await;
    world.sink.wait_for("plan@example.com").await;
    assert_eq!(world.sink.mails().len(), administrators.len() + 1);
}

/// proves security.md, "Organizations apart": however many administrators there are, each of them is mailed
#[tokio::test]
async fn no_administrator_is_one_too_many() {
    let world = World::start().await;
    let now = world.clock.shared().now();
    let entropy = pass_types::Entropy::from_seed(8);
    let administrators: Vec<_> =
        std::iter::repeat_with(|| pass_types::AccountId::generate(&entropy, now)).take(230).collect();
    world.organization.administered_by(&administrators);
    world.publish_saml_activation().await;
    wait_for(async || world.sink.mails().len() == administrators.len()).await;
    for administrator in &administrators {
        assert_eq!(world.sink.mails_to(&format!("{administrator}@example.com")).len(), 1);
    }
}

/// While replicas of two versions run, an event that only the later one knows is not lost with the earlier one.
#[tokio::test]
async fn an_event_of_a_later_version_is_not_lost() {
    let world = World::start().await;
    let event = world.publish_what_only_a_later_version_knows().await;
    let (dead, why) = world.dead_letter().await;
    assert_eq!(dead, event);
    assert_eq!(why, "a payload that this version does not know");
    assert_eq!(world.state(event).await, None);
}

/// While replicas of two versions run, a mail that only the later one knows waits for it, and holds up no other.
#[tokio::test]
async fn a_mail_of_a_later_version_holds_up_no_other() {
    let world = World::start().await;
    let unknown = world.note_a_mail_of_a_later_version().await;
    world.identity.expect("hanako@example.com", "ja", false);
    let event = world.publish_sign_up().await;
    assert_eq!(world.settled(event).await, "sent");
    assert_eq!(world.state(unknown).await.as_deref(), Some("queued"));
    assert_eq!(world.tries(unknown).await, 0, "it is left to those who know it");
}

/// A worker that took so long that another has its mail by now neither gives that away nor ends it.
#[tokio::test]
async fn a_worker_that_is_too_late_leaves_the_mail_to_the_next() {
    let world = World::start().await;
    world.identity.expect("slow@example.com", "en", false);
    let (first, second) = (world.identity.hang(), world.identity.hang());
    let event = world.publish_sign_up().await;
    wait_for(async || world.tries(event).await == 1).await;
    world.clock.advance(Duration::minutes(4));
    wait_for(async || world.tries(event).await == 2).await;
    first.send(()).unwrap();
    // The first worker goes on with what is due, now and later; the second has its mail still.
    for rejections in 1..=2 {
        world.publish_rejection().await;
        wait_for(async || world.sink.mails_to("plan@example.com").len() == rejections).await;
        world.clock.advance(Duration::seconds(5));
    }
    assert_eq!(world.tries(event).await, 2);
    second.send(()).unwrap();
    assert_eq!(world.settled_as_time_goes_by(event).await, "sent");
    assert_eq!(world.sink.mails_to("slow@example.com").len(), 1);
}

/// A mail with which every worker dies is not tried for ever.
#[tokio::test]
async fn a_mail_with_which_workers_die_is_given_up() {
    let world = World::start_without_workers().await;
    world.identity.expect("deadly@example.com", "en", false);
    let event = world.publish_sign_up().await;
    for _ in 0..25 {
        wait_for(async || world.take_like_a_dying_worker(event).await).await;
    }
    let world = world.restart().await;
    assert_eq!(world.settled_as_time_goes_by(event).await, "failed");
    assert!(world.sink.mails().is_empty());
}

#[tokio::test]
async fn a_worker_that_dies_with_a_mail_in_hand_loses_nothing() {
    let world = World::start_without_workers().await;
    world.identity.expect("held@example.com", "en", false);
    let event = world.publish_sign_up().await;
    // A worker of another replica takes the row and is never heard of again.
    wait_for(async || world.take_like_a_dying_worker(event).await).await;
    let world = world.restart().await;
    world.clock.advance(Duration::seconds(60));
    assert_eq!(world.settled_as_time_goes_by(event).await, "sent", "its lease ran out");
    assert_eq!(world.sink.mails_to("held@example.com").len(), 1);
}
