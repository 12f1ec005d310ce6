//! The broker goes away at the wrong moment. These tests have a broker of their own, one after the other.

use crate::support::{Record, World, assert_complete, ready, signed_in};
use pass_testkit::{OwnBroker, wait_for};
use tokio::sync::{Mutex, MutexGuard};

/// The broker that may be stopped; it is up when a test gets it.
async fn own_broker() -> MutexGuard<'static, Option<OwnBroker>> {
    static BROKER: Mutex<Option<OwnBroker>> = Mutex::const_new(None);
    let mut broker = BROKER.lock().await;
    if broker.is_none() {
        *broker = Some(OwnBroker::start().await);
    }
    broker
}

/// proves: a broker that is down stops nothing but delivery
#[tokio::test]
async fn what_is_committed_while_the_broker_is_down_is_told_when_it_is_back() {
    let broker = own_broker().await;
    let broker = broker.as_ref().unwrap();
    let world = World::on(broker.config()).await;
    let consumer = world.consumer(Record).await;
    let relay = world.relay();
    ready(&relay).await;
    broker.stop().await;
    wait_for(async || !relay.health.is_complete() && !consumer.health.is_complete()).await;
    for number in 0..10 {
        world.publish(signed_in(number)).await;
    }
    assert_eq!(world.waiting().await, Some(10));
    broker.start_again().await;
    assert_complete(&world.settled(10).await, 10, 1);
    ready(&relay).await;
    ready(&consumer).await;
}

/// proves: nothing is lost and nothing counts twice when the broker is killed in the middle
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_loses_nothing() {
    let broker = own_broker().await;
    let broker = broker.as_ref().unwrap();
    let world = World::on(broker.config()).await;
    let _consumer = world.consumer(Record).await;
    let relay = world.relay();
    ready(&relay).await;
    let publish = async {
        for _ in 0..300 {
            for number in 0..10 {
                world.publish(signed_in(number)).await;
            }
        }
    };
    let kill = async {
        // Not at once: a quorum queue of RabbitMQ 3.10 that is killed within half a second of its declaration
        // comes back without a leader.
        wait_for(async || world.effects().await.len() > 1_500).await;
        broker.kill().await;
        broker.start_again().await;
    };
    tokio::join!(publish, kill);
    assert_complete(&world.settled(3_000).await, 10, 300);
}
