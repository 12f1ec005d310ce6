//! The database goes away at the wrong moment.

use crate::support::{QUEUE, Record, World, assert_complete, impatient, ready, signed_in};
use pass_testkit::wait_for;

/// Publishes `each` events for each of `keys` accounts, through whatever happens to the database.
async fn publish_through(world: &World, keys: u64, each: u64) {
    for turn in 0..each {
        for number in 0..keys {
            // A commit whose answer was lost may have happened: asked for by the sequence.
            wait_for(async || {
                let published = async {
                    let mut transaction = world.database.pool.begin().await?;
                    let last = "SELECT coalesce(max(sequence), 0) FROM outbox WHERE key = $1";
                    let key = format!("account/{}", crate::support::account(number));
                    let last: i64 = sqlx::query_scalar(last).bind(key).fetch_one(&mut *transaction).await?;
                    if last.unsigned_abs() == turn {
                        world.outbox.publish(&mut transaction, signed_in(number)).await?;
                        transaction.commit().await?;
                    }
                    Ok::<_, sqlx::Error>(())
                };
                published.await.is_ok()
            })
            .await;
        }
    }
}

/// proves: a relay whose connection is cut comes back, and nothing is lost
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_survives_the_cut_of_its_connection() {
    let world = World::new().await;
    let _consumer = world.consumer(Record).await;
    let relay = world.relay();
    ready(&relay).await;
    let cut = async {
        for round in 1..=3 {
            wait_for(async || world.effects().await.len() > round * 20).await;
            wait_for(async || world.database.cut_where("identity-relay").await >= 1).await;
        }
    };
    tokio::join!(publish_through(&world, 5, 40), cut);
    assert_complete(&world.settled(200).await, 5, 40);
    ready(&relay).await;
}

/// proves: a consumer whose database is cut handles everything once
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_survives_the_cut_of_all_connections() {
    let world = World::new().await;
    let _consumer = world.consumer(Record).await;
    let _relay = world.relay();
    let cut = async {
        for round in 1..=3 {
            wait_for(async || world.effects().await.len() > round * 20).await;
            assert!(world.database.cut().await >= 1);
        }
    };
    tokio::join!(publish_through(&world, 5, 40), cut);
    assert_complete(&world.settled(200).await, 5, 40);
}

/// proves: waiting for the database does not use up an event's tries
#[tokio::test]
async fn an_event_waits_for_the_database_without_being_given_up() {
    let world = World::new().await;
    let consumer = world.consumer_of(QUEUE, &["identity.#"], Record, impatient(1)).await;
    let relay = world.relay();
    ready(&relay).await;
    world.database.allow_connections(false).await;
    let envelope = pass_proto::events::v1::Envelope {
        id: crate::support::account(1).to_string(),
        key: "account/1".to_owned(),
        sequence: 1,
        ..Default::default()
    };
    world.inject("identity.signed_in", &prost::Message::encode_to_vec(&envelope)).await;
    wait_for(async || !consumer.health.is_complete() && !relay.health.is_complete()).await;
    world.database.allow_connections(true).await;
    assert_eq!(world.settled(1).await.len(), 1);
    ready(&consumer).await;
    ready(&relay).await;
}
