//! The copy of identity's names and addresses.

use crate::suite::Suite;
use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{BasicGetOptions, BasicPublishOptions},
};
use pass_events::{Event, Key, Outbox, Relay};
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{AccountChanged, Envelope, envelope::Payload},
};
use pass_testkit::{postgres, wait_for};
use pass_types::{AccountId, AccountKind, EventId};
use prost::Message;

/// Tells over the broker, as identity does, that an account changed.
async fn tell(suite: &Suite, account: AccountId) {
    let database = postgres().await.database(&[&pass_events::MIGRATOR]).await;
    let outbox = Outbox::new("identity", &suite.context);
    let relay = Relay::new(database.pool.clone(), suite.broker.clone(), "identity", &suite.context).unwrap();
    relay.spawn();
    let changed = AccountChanged { account_id: account.to_string(), fields: vec!["name".to_owned()] };
    let mut tx = database.pool.begin().await.unwrap();
    outbox
        .publish(&mut tx, Event::new(Key::account(account), Payload::AccountChanged(changed)))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let waiting = "SELECT count(*) FROM outbox WHERE published_at IS NULL";
    wait_for(async || sqlx::query_scalar::<_, i64>(waiting).fetch_one(&database.pool).await.unwrap() == 0)
        .await;
}

/// proves ORG-12: when an account changes, it is found by its new name and address in every organization
#[tokio::test]
async fn names_follow_identity() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (_, elsewhere, other) = suite.founder("other").await;
    let (taro, visitor) = suite.join(&administrator, &id, "Taro").await;
    let invitation = elsewhere.invite(suite.invitation(&other, &taro.email)).await.unwrap();
    visitor.accept(&suite.link(&invitation, 1).await).await.unwrap();
    settled(&suite).await;

    suite.people.put(taro.account, AccountKind::Nulab, "Jiro", "jiro@example.com");
    tell(&suite, taro.account).await;
    for (visitor, organization) in [(&administrator, &id), (&elsewhere, &other)] {
        wait_for(async || visitor.members(organization, "jiro@").await.unwrap().len() == 1).await;
        assert_eq!(visitor.members(organization, "ji").await.unwrap()[0].name, "Jiro");
        assert!(visitor.members(organization, "taro").await.unwrap().is_empty());
    }
    // The old address is free to be invited, the new one is a member's.
    let refused = administrator.invite(suite.invitation(&id, "jiro@example.com")).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::AlreadyMember);
    administrator.invite(suite.invitation(&id, &taro.email)).await.unwrap();
}

/// What was copied while somebody joined is looked at again, so that a change at that moment, whose event
/// came before the member was there, is not lost.
#[tokio::test]
async fn a_change_while_joining_is_not_lost() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let founder = suite.someone("Before");
    suite.people.put_when_asked(founder.account, AccountKind::Nulab, "After", &founder.email);
    let visitor = suite.console(&founder);
    let started = visitor.start_trial(suite.trial("Other", "other")).await.unwrap();
    let other = started.organization.unwrap().organization_id;
    wait_for(async || visitor.members(&other, "after").await.unwrap().len() == 1).await;

    let invited = suite.someone("Before");
    let invitation = administrator.invite(suite.invitation(&id, &invited.email)).await.unwrap();
    suite.people.put_when_asked(invited.account, AccountKind::Nulab, "After", &invited.email);
    suite.console(&invited).accept(&suite.link(&invitation, 1).await).await.unwrap();
    wait_for(async || administrator.members(&id, "after").await.unwrap().len() == 1).await;
}

/// An event about somebody who is no member leaves nothing; an account that identity has forgotten keeps its copy.
#[tokio::test]
async fn strangers_and_forgotten_accounts_change_nothing() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    settled(&suite).await;
    suite.people.delete(founder.account);
    tell(&suite, suite.someone("Stranger").account).await;
    tell(&suite, founder.account).await;
    wait_for(async || suite.count("inbox").await == 2).await;
    settled(&suite).await;
    assert_eq!(administrator.members(&id, "hanako").await.unwrap().len(), 1);
}

/// No copy is known to be old.
async fn settled(suite: &Suite) {
    wait_for(async || suite.count("directory_refreshes").await == 0).await;
}

/// While replicas of two versions run, an event that only the later one knows is not lost with the earlier one.
#[tokio::test]
async fn an_event_of_a_later_version_is_not_lost() {
    let suite = Suite::start().await;
    let now = suite.context.clock.now();
    let account = AccountId::generate(&suite.context.entropy, now);
    // Its replica has bound the queue to it already.
    let envelope = Envelope {
        id: EventId::generate(&suite.context.entropy, now).to_string(),
        source: "identity".to_owned(),
        key: Key::account(account).as_str().to_owned(),
        sequence: 1,
        payload: None,
        ..Envelope::default()
    };
    let connection =
        Connection::connect(suite.broker.url.expose(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let queue = format!("{}.organization.directory", suite.broker.namespace);
    wait_for(async || suite.context.health.is_complete()).await;
    let (options, bytes) = (BasicPublishOptions::default(), envelope.encode_to_vec());
    let properties = BasicProperties::default();
    let sent = channel.basic_publish("".into(), queue.as_str().into(), options, &bytes, properties).await;
    sent.unwrap().await.unwrap();
    let (dead, options) = (format!("{queue}.dead"), BasicGetOptions { no_ack: true });
    let letter = wait_for(async || channel.basic_get(dead.as_str().into(), options).await.unwrap()).await;
    assert_eq!(Envelope::decode(letter.delivery.data.as_slice()).unwrap().id, envelope.id);
    let headers = letter.delivery.properties.headers().as_ref().unwrap();
    let why = headers.inner()["reason"].as_long_string().unwrap();
    assert_eq!(why.as_bytes(), b"a payload that this version does not know");
}
