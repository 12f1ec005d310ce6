//! What was taken already.

use pass_proto::events::v1::Envelope;
use sqlx::{PgConnection, Postgres, Transaction};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long it is remembered that an event was taken: longer than a broker may hold a duplicate back.
const KEPT: Duration = Duration::days(35);
/// Rows that one statement of the pruning deletes.
const CHUNK: i64 = 5_000;

/// Notes that `consumer` takes the event; `false` when it has taken it before. Waits for a transaction
/// that is about to take the same one.
pub(crate) async fn take(
    connection: &mut PgConnection,
    consumer: &str,
    event: Uuid,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query!(
        "INSERT INTO inbox (consumer, event_id, received_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        consumer,
        event,
        now,
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Whether the event is newer than every other of its key that `state` was asked for; if so it is the newest
/// from now on. A handler whose effect is "as the event says" asks this first and ignores what is not
/// news, so that an event that comes late can't undo a newer one.
///
/// Not for keys of what is short-lived (sessions, sign-ups): they are forgotten 30 days after their last event,
/// and their positions here would stay for ever.
///
/// `state` names what is kept up to date, for instance `"directory"`.
pub async fn is_news(
    transaction: &mut Transaction<'_, Postgres>,
    state: &str,
    event: &Envelope,
) -> Result<bool, sqlx::Error> {
    let news = sqlx::query!(
        "INSERT INTO inbox_positions (state, source, key, sequence) VALUES ($1, $2, $3, $4)
         ON CONFLICT (state, source, key) DO UPDATE SET sequence = EXCLUDED.sequence
         WHERE inbox_positions.sequence < EXCLUDED.sequence",
        state,
        event.source,
        event.key,
        event.sequence,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(news.rows_affected() == 1)
}

/// Forgets what was taken long ago.
pub(crate) async fn prune(
    connection: &mut PgConnection,
    consumer: &str,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    loop {
        let pruned = sqlx::query!(
            "DELETE FROM inbox WHERE ctid = ANY(ARRAY(
                 SELECT ctid FROM inbox WHERE consumer = $1 AND received_at < $2 LIMIT $3))",
            consumer,
            now - KEPT,
            CHUNK,
        )
        .execute(&mut *connection)
        .await?;
        if pruned.rows_affected() < CHUNK.unsigned_abs() {
            return Ok(());
        }
    }
}
