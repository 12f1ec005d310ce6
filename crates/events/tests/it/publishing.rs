//! Writing events with the change.

use crate::support::{World, account, session_ended, signed_in};
use pass_events::Lane;
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    events::v1::{Envelope, SessionEnded, SignedIn, TokenFamilyRevoked, actor, envelope::Payload},
};
use pass_types::{Actor, Clock, OrganizationId, Origin};
use prost::Message;
use sqlx::Row;

/// proves: no event without its change, and no change without its event
#[tokio::test]
async fn an_event_shares_the_fate_of_its_transaction() {
    let world = World::new().await;
    for commit in [false, true] {
        let mut transaction = world.database.pool.begin().await.unwrap();
        sqlx::query("INSERT INTO effects (key) VALUES ('change')").execute(&mut *transaction).await.unwrap();
        world.outbox.publish(&mut transaction, signed_in(1)).await.unwrap();
        if commit {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
        let expected = Some(i64::from(commit));
        assert_eq!(world.waiting().await, expected);
        assert_eq!(world.number("SELECT count(*) FROM effects").await, expected);
        assert_eq!(world.number("SELECT count(*) FROM outbox_keys").await, expected);
    }
}

/// proves: a key's events are numbered without gaps and in the order of their commits
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sequences_have_no_gaps_however_many_publish_and_roll_back() {
    let world = World::new().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (pool, outbox) = (world.database.pool.clone(), world.outbox.clone());
        writers.spawn(async move {
            for turn in 0..20 {
                let mut transaction = pool.begin().await.unwrap();
                outbox.publish(&mut transaction, signed_in(turn % 2)).await.unwrap();
                if (writer + turn) % 3 == 0 {
                    transaction.rollback().await.unwrap();
                } else {
                    transaction.commit().await.unwrap();
                }
            }
        });
    }
    while let Some(written) = writers.join_next().await {
        written.unwrap();
    }
    let rows = sqlx::query("SELECT key, sequence FROM outbox ORDER BY position")
        .fetch_all(&world.database.pool)
        .await
        .unwrap();
    assert!(rows.len() > 100);
    for number in 0..2 {
        let key = format!("account/{}", account(number));
        let sequences =
            rows.iter().filter(|row| row.get::<String, _>(0) == key).map(|row| row.get::<i64, _>(1));
        assert!(sequences.zip(1..).all(|(sequence, place)| sequence == place));
    }
}

#[tokio::test]
async fn the_envelope_says_who_did_what_from_where() {
    let world = World::new().await;
    let organization = OrganizationId::from(account(7).uuid());
    let origin = Origin { address: "192.0.2.1".to_owned(), user_agent: "Browser/1".to_owned() };
    let event = session_ended(1)
        .by(&Actor::Client("backlog".to_owned()))
        .from(&origin)
        .organization(organization)
        .refused(ErrorReason::NotFound);
    let id = world.publish(event).await;
    let row = sqlx::query("SELECT * FROM outbox").fetch_one(&world.database.pool).await.unwrap();
    assert_eq!(row.get::<String, _>("routing_key"), "identity.session_ended");
    let envelope = Envelope::decode(row.get::<Vec<u8>, _>("envelope").as_slice()).unwrap();
    let actor = envelope.actor.unwrap();
    assert_eq!((actor.kind(), actor.id.as_str()), (actor::Kind::Client, "backlog"));
    assert_eq!(envelope.origin.unwrap(), (&origin).into());
    assert_eq!(envelope.outcome.unwrap().refused_because, "NOT_FOUND");
    assert_eq!(envelope.organization_id, organization.to_string());
    assert_eq!((envelope.id, envelope.source.as_str()), (id.to_string(), "identity"));
    assert_eq!((envelope.key, envelope.sequence), (format!("account/{}", account(1)), 1));
    assert_eq!(envelope.time, Some(timestamp(world.clock.now())));
    assert!(matches!(envelope.payload, Some(Payload::SessionEnded(_))));
}

/// The envelope in the outbox is whole, however large the sequence.
#[tokio::test]
async fn the_envelope_has_its_place() {
    let world = World::new().await;
    let mut last = 0;
    for jump in [0_i64, 125, 0, 300, 16_000, i64::from(i32::MAX), 1 << 62] {
        sqlx::query("UPDATE outbox_keys SET sequence = sequence + $1")
            .bind(jump)
            .execute(&world.database.pool)
            .await
            .unwrap();
        world.publish(session_ended(1)).await;
        let latest = "SELECT sequence, envelope FROM outbox ORDER BY position DESC LIMIT 1";
        let row = sqlx::query(latest).fetch_one(&world.database.pool).await.unwrap();
        let envelope = Envelope::decode(row.get::<Vec<u8>, _>("envelope").as_slice()).unwrap();
        last = if last == 0 { 1 } else { last + jump + 1 };
        assert_eq!((envelope.sequence, row.get::<i64, _>("sequence")), (last, last));
        assert!(matches!(envelope.payload, Some(Payload::SessionEnded(_))));
    }
}

#[test]
fn what_takes_access_away_has_a_lane_of_its_own() {
    assert_eq!(Lane::of(&Payload::SessionEnded(SessionEnded::default())), Lane::Revocation);
    assert_eq!(Lane::of(&Payload::TokenFamilyRevoked(TokenFamilyRevoked::default())), Lane::Revocation);
    assert_eq!(Lane::of(&Payload::SignedIn(SignedIn::default())), Lane::Normal);
}
