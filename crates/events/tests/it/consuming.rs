//! From the broker to handlers.

use crate::support::{QUEUE, Record, RecordThen, World, assert_complete, impatient, signed_in, stop};
use lapin::types::{AMQPValue, FieldTable};
use pass_events::{Handler, HandlerError, is_news};
use pass_proto::events::v1::Envelope;
use pass_testkit::wait_for;
use prost::Message;
use sqlx::{Postgres, Transaction};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::sync::Semaphore;

const DEAD: &str = "reader.everything.dead";

fn header(headers: &FieldTable, name: &str) -> String {
    match headers.inner().get(name) {
        Some(AMQPValue::LongString(text)) => text.to_string(),
        Some(AMQPValue::LongInt(number)) => number.to_string(),
        other => panic!("{name} is {other:?}"),
    }
}

/// Waits for a dead letter and gives its reason and attempts.
async fn dead_letter(world: &World) -> (String, String) {
    let message = world.message(DEAD).await;
    let headers = message.properties.headers().as_ref().unwrap();
    assert_eq!(header(headers, "routing-key"), "identity.signed_in");
    (header(headers, "reason"), header(headers, "attempts"))
}

/// proves: events of one key arrive in order, though several are handled at once
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_keys_events_are_handled_in_order() {
    let world = World::new().await;
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let at_once = most.clone();
    let _consumer = world
        .consumer(RecordThen(move |sequence: i64| {
            let (now, most) = (now.clone(), most.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // Some take longer than others.
                for _ in 0..(sequence * 7) % 50 {
                    tokio::task::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        }))
        .await;
    for _ in 0..20 {
        let mut transaction = world.database.pool.begin().await.unwrap();
        for number in 0..20 {
            world.outbox.publish(&mut transaction, signed_in(number)).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }
    world.relay();
    let effects = world.settled(400).await;
    assert_complete(&effects, 20, 20);
    assert!(at_once.load(Ordering::SeqCst) > 1, "keys do not wait for each other");
}

/// proves: Retry is tried again, and what failed tries wrote is not kept
#[tokio::test]
async fn a_handler_that_fails_at_first_is_tried_again() {
    let world = World::new().await;
    let tries = AtomicU32::new(0);
    let handler = RecordThen(move |_| {
        let outcome = match tries.fetch_add(1, Ordering::SeqCst) {
            0 => Err(HandlerError::retry("the mail server is not there")),
            1 => panic!("on purpose"),
            _ => Ok(()),
        };
        async { outcome }
    });
    let _consumer = world.consumer_of(QUEUE, &["identity.signed_in"], handler, impatient(3)).await;
    world.relay();
    world.publish(signed_in(1)).await;
    let effects = world.settled(1).await;
    assert_eq!(effects.len(), 1);
}

/// proves: Reject goes to the dead letters at once, with its reason
#[tokio::test]
async fn what_is_rejected_becomes_a_dead_letter() {
    let world = World::new().await;
    let handler = RecordThen(|sequence| async move {
        if sequence == 1 { Err(HandlerError::Reject("no such template".to_owned())) } else { Ok(()) }
    });
    let _consumer = world.consumer(handler).await;
    world.relay();
    world.publish(signed_in(1)).await;
    assert_eq!(dead_letter(&world).await, ("no such template".to_owned(), "1".to_owned()));
    world.publish(signed_in(1)).await;
    let effects = world.settled(1).await;
    assert_eq!(effects[0].1, 2, "the next one is handled, the rejected one left nothing");
    assert_eq!(world.number("SELECT count(*) FROM inbox").await, Some(1), "it can be put back");
}

/// proves: what fails again and again goes to the dead letters with the last reason
#[tokio::test]
async fn what_fails_too_often_becomes_a_dead_letter() {
    let world = World::new().await;
    let handler = RecordThen(|_| async { Err(HandlerError::retry("the mail server is not there")) });
    let _consumer = world.consumer_of(QUEUE, &["identity.signed_in"], handler, impatient(3)).await;
    world.relay();
    world.publish(signed_in(1)).await;
    let expected = ("the mail server is not there".to_owned(), "3".to_owned());
    assert_eq!(dead_letter(&world).await, expected);
    assert!(world.effects().await.is_empty());
}

#[tokio::test]
async fn what_is_not_an_event_becomes_a_dead_letter() {
    let world = World::new().await;
    let _consumer = world.consumer(Record).await;
    for bytes in [b"\xff\xff".as_slice(), &Envelope::default().encode_to_vec()] {
        world.inject("identity.signed_in", bytes).await;
        assert_eq!(dead_letter(&world).await.0, "it is not an event");
    }
}

/// Keeps the newest sequence only.
struct Newest;

impl Handler for Newest {
    async fn handle(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        if is_news(transaction, "directory", event).await? {
            Record.handle(transaction, event).await?;
        }
        Ok(())
    }
}

/// proves: state is applied by the key's sequence, older is ignored
#[tokio::test]
async fn an_event_that_comes_late_does_not_undo_a_newer_one() {
    let world = World::new().await;
    let _consumer = world.consumer(Newest).await;
    let entropy = world.process().entropy;
    for sequence in [1, 3, 2, 4] {
        let id = entropy.uuid(time::OffsetDateTime::UNIX_EPOCH).to_string();
        let (source, key) = ("identity".to_owned(), "account/1".to_owned());
        let envelope = Envelope { id, source, key, sequence, ..Envelope::default() };
        world.inject("identity.signed_in", &envelope.encode_to_vec()).await;
    }
    wait_for(async || world.number("SELECT count(*) FROM inbox").await == Some(4)).await;
    let sequences = world.effects().await.into_iter().map(|(_, sequence)| sequence).collect::<Vec<_>>();
    assert_eq!(sequences, [1, 3, 4]);
}

/// proves: shutdown finishes what is in flight, and leaves the rest to whoever comes next
#[tokio::test]
async fn a_stop_finishes_what_is_being_handled_and_nothing_else() {
    let world = World::new().await;
    let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gates = (begun.clone(), go_on.clone());
    let handler = RecordThen(move |_| {
        let (begun, go_on) = gates.clone();
        async move {
            begun.add_permits(1);
            go_on.acquire().await.unwrap().forget();
            Ok(())
        }
    });
    let consumer = world.consumer(handler).await;
    world.relay();
    for _ in 0..3 {
        world.publish(signed_in(1)).await;
    }
    wait_for(async || begun.try_acquire().ok()).await.forget();
    wait_for(async || world.waiting().await == Some(0)).await;
    let health = consumer.health.clone();
    let stopping = tokio::spawn(stop(consumer));
    // `stop` has the consumer only: it has heard of it.
    wait_for(async || !health.is_complete()).await;
    go_on.add_permits(3);
    stopping.await.unwrap();
    assert_eq!(world.effects().await.len(), 1);
    assert_eq!(begun.available_permits(), 0, "the second was not begun");

    let _next = world.consumer(Record).await;
    let effects = world.settled(3).await;
    assert_complete(&effects, 1, 3);
}

/// proves: a consumer comes back by itself when its queue is deleted
#[tokio::test]
async fn a_deleted_queue_is_made_again() {
    let world = World::new().await;
    let consumer = world.consumer(Record).await;
    let (channel, queue) = (world.channel().await, format!("{}.{QUEUE}", world.broker.namespace));
    channel.queue_delete(queue.as_str().into(), lapin::options::QueueDeleteOptions::default()).await.unwrap();
    wait_for(async || !consumer.health.is_complete()).await;
    wait_for(async || consumer.health.is_complete()).await;
    world.relay();
    world.publish(signed_in(1)).await;
    world.settled(1).await;
}
