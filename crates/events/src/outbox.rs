//! Writing events in the transaction of the change that they tell of.

use crate::{Event, Lane, event, trace};
use pass_proto::{convert::timestamp, events::v1 as wire};
use pass_runtime::Context;
use pass_types::{Actor, Entropy, EventId, SharedClock};
use prost::Message;
use sqlx::{Postgres, Transaction};

/// The channel that wakes the relay; its payload is the lane's number.
pub(crate) const CHANNEL: &str = "pass_outbox";

/// What is before the sequence in an encoded envelope: field 5, a varint.
const SEQUENCE_TAG: [u8; 1] = [5 << 3];

/// Where a service writes its events.
#[derive(Clone)]
pub struct Outbox {
    source: &'static str,
    clock: SharedClock,
    entropy: Entropy,
}

impl Outbox {
    /// The outbox of the service `source`.
    pub fn new(source: &'static str, context: &Context) -> Self {
        Self { source, clock: context.clock.clone(), entropy: context.entropy.clone() }
    }

    /// Writes the event: it is told if, and only if, the transaction commits. Its place among the events
    /// of its key is taken now, and other transactions that publish for the key wait for this one.
    ///
    /// The error is the database's own, so that a use case treats it as it does those of its store.
    pub async fn publish(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        event: Event,
    ) -> Result<EventId, sqlx::Error> {
        let now = self.clock.now();
        let id = EventId::generate(&self.entropy, now);
        let lane = Lane::of(&event.payload).number();
        let routing_key = event::routing_key(self.source, &event.payload);
        let key = event.key.clone();
        let envelope = wire::Envelope {
            id: id.to_string(),
            source: self.source.to_owned(),
            time: Some(timestamp(now)),
            key: key.as_str().to_owned(),
            // Taken by the statement, which puts it in.
            sequence: 0,
            actor: Some((&event.actor.unwrap_or_else(|| Actor::System(self.source.to_owned()))).into()),
            outcome: Some(wire::Outcome {
                refused_because: event.refused.map(|reason| reason.code().to_owned()).unwrap_or_default(),
            }),
            organization_id: event.organization.map(|id| id.to_string()).unwrap_or_default(),
            origin: Some((&event.origin).into()),
            trace_parent: trace::current(),
            payload: Some(event.payload),
        };
        sqlx::query!(
            "WITH place AS (
                 INSERT INTO outbox_keys (key, sequence, used_at) VALUES ($3, 1, $4)
                 ON CONFLICT (key) DO UPDATE SET sequence = outbox_keys.sequence + 1, used_at = EXCLUDED.used_at
                 RETURNING sequence
             ), written AS (
                 INSERT INTO outbox (event_id, lane, key, sequence, routing_key, envelope, created_at)
                 SELECT $1, $2, $3, sequence, $5, $6::bytea || $7::bytea || outbox_varint(sequence), $8 FROM place
                 RETURNING lane
             )
             SELECT pg_notify($9, lane::text) FROM written",
            id.uuid(),
            lane,
            key.as_str(),
            key.ends().then_some(now),
            routing_key,
            envelope.encode_to_vec(),
            &SEQUENCE_TAG[..],
            now,
            CHANNEL,
        )
        .fetch_one(&mut **transaction)
        .await?;
        Ok(id)
    }
}
