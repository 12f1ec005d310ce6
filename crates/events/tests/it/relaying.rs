//! From the outbox to the broker.

use crate::support::{
    QUEUE, Record, SECOND, World, impatient, ready, session_ended, signed_in, signed_in_by, stop,
};
use pass_testkit::wait_for;

/// proves: an event that nobody is bound to is kept, not dropped
#[tokio::test]
async fn what_nobody_wants_goes_to_the_queue_of_the_unrouted() {
    let world = World::new().await;
    world.relay();
    let id = world.publish(signed_in(1)).await;
    let message = world.message("unrouted").await;
    assert_eq!(message.properties.message_id().as_ref().unwrap().as_str(), id.to_string());
    assert_eq!(message.routing_key.as_str(), "identity.signed_in");
    world.settled(0).await;
}

/// proves: an event is not limited by the size of a frame
#[tokio::test]
async fn an_event_of_several_frames_arrives_whole() {
    let world = World::new().await;
    world.relay();
    world.publish(signed_in_by(1, &"x".repeat(100_000))).await;
    let message = world.message("unrouted").await;
    assert!(message.data.len() > 100_000, "{}", message.data.len());
    world.settled(0).await;
}

/// proves: duplicates are normal on the wire and are not seen by handlers
#[tokio::test]
async fn a_relay_that_dies_before_it_flags_a_row_publishes_twice_and_it_counts_once() {
    let world = World::new().await;
    let consumer = world.consumer(Record).await;
    world.relay();
    world.publish(signed_in(1)).await;
    world.settled(1).await;
    // What the next relay finds: the broker has confirmed, the row is not flagged.
    sqlx::query("UPDATE outbox SET published_at = NULL").execute(&world.database.pool).await.unwrap();
    world.publish(signed_in(1)).await;
    let effects = world.settled(2).await;
    assert_eq!(effects.iter().map(|(_, sequence)| *sequence).collect::<Vec<_>>(), [1, 2]);
    stop(consumer).await;
    assert_eq!(world.effects().await.len(), 2);
}

/// proves: one relay per service is active, and another takes over when it goes
#[tokio::test]
async fn of_two_relays_one_is_active_and_the_other_takes_over() {
    let world = World::new().await;
    let _consumer = world.consumer(Record).await;
    let locks = "SELECT count(DISTINCT pid) FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let first = world.relay();
    ready(&first).await;
    wait_for(async || world.number(locks).await == Some(2)).await;
    let second = world.relay();
    ready(&second).await;
    world.publish(signed_in(1)).await;
    world.settled(1).await;
    assert_eq!(world.number(locks).await, Some(2), "one per lane");

    stop(first).await;
    world.publish(signed_in(1)).await;
    world.settled(2).await;
    assert_eq!(world.number(locks).await, Some(2));
    stop(second).await;
    wait_for(async || world.number(locks).await == Some(0)).await;
}

/// proves: a bulk job can't delay revocations
#[tokio::test]
async fn a_revocation_does_not_wait_behind_five_thousand_others() {
    let world = World::new().await;
    let _revocations =
        world.consumer_of("gateway.revocations", &["identity.session_ended"], Record, impatient(1)).await;
    world.publish(signed_in(1)).await;
    let bulk = "INSERT INTO outbox (event_id, lane, key, sequence, routing_key, envelope, created_at)
        SELECT gen_random_uuid(), lane, 'bulk/' || n, 1, routing_key, envelope, created_at
        FROM outbox, generate_series(1, 5000) n";
    sqlx::query(bulk).execute(&world.database.pool).await.unwrap();
    // The relay of the others stands still at their middle, as long as this transaction has the row.
    let mut holding = world.database.pool.begin().await.unwrap();
    let row = "SELECT 1 FROM outbox WHERE key = 'bulk/2500' FOR UPDATE";
    sqlx::query(row).execute(&mut *holding).await.unwrap();
    world.publish(session_ended(2)).await;
    world.relay();
    wait_for(async || world.effects().await.len() == 1).await;
    assert!(world.waiting().await.unwrap() > 2_000);
    holding.rollback().await.unwrap();
    world.settled(1).await;
}

/// proves: shutdown flushes the relay
#[tokio::test]
async fn what_was_committed_before_the_stop_is_told() {
    let world = World::new().await;
    let relay = world.relay();
    ready(&relay).await;
    for number in 0..100 {
        world.publish(signed_in(number)).await;
    }
    stop(relay).await;
    assert_eq!(world.waiting().await, Some(0));
}

/// proves: tables that only grow are pruned
#[tokio::test]
async fn what_was_told_and_taken_long_ago_is_pruned() {
    let world = World::new().await;
    let consumer = world.consumer(Record).await;
    let relay = world.relay();
    world.publish(signed_in(1)).await;
    world.settled(1).await;
    world.clock.advance(8 * 24 * 3_600 * SECOND);
    world.publish(signed_in(1)).await;
    world.settled(2).await;
    wait_for(async || world.number("SELECT count(*) FROM outbox").await == Some(1)).await;
    stop(relay).await;

    stop(consumer).await;
    assert_eq!(world.number("SELECT count(*) FROM inbox").await, Some(2), "a duplicate may come for weeks");
    world.clock.advance(30 * 24 * 3_600 * SECOND);
    let _consumer = world.consumer(Record).await;
    wait_for(async || world.number("SELECT count(*) FROM inbox").await == Some(1)).await;
}

/// proves: Health tells that the broker can't be reached, and nobody reads its password
#[tokio::test]
async fn a_broker_that_is_not_there_is_reported_without_its_password() {
    let mut world = World::new().await;
    world.broker.url = "amqp://pass:s3cret@127.0.0.1:1/%2f".to_owned().into();
    let relay = world.relay();
    let report = wait_for(async || {
        let report = relay.health.report();
        report.values().all(|state| state.as_ref().is_err_and(|why| why.contains("broker"))).then_some(report)
    })
    .await;
    let shown = format!("{report:?} {:?} {QUEUE}", world.broker);
    assert!(!shown.contains("s3cret"), "{shown}");
}
