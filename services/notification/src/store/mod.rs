//! The only SQL of the service.

use crate::domain::{Delivery, MailKind};
use sqlx::PgConnection;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Notes a mail that became due, once however often it is noted.
pub async fn insert(
    connection: &mut PgConnection,
    delivery: &Delivery,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO deliveries
             (id, mail, subject_id, attempt, due_at, created_at, trace_parent, organization_id, recipient_id)
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)
         ON CONFLICT (id) DO NOTHING",
        delivery.id,
        delivery.kind.as_str(),
        delivery.subject,
        delivery.attempt,
        now,
        delivery.trace_parent,
        delivery.organization,
        delivery.recipient,
    )
    .execute(&mut *connection)
    .await?;
    // Workers of every replica wait for this; it is sent with the commit.
    sqlx::query!("SELECT pg_notify('deliveries', '')").fetch_one(connection).await?;
    Ok(())
}

/// Takes the delivery that is due longest, and keeps other workers off it for `lease`. A mail that only a
/// later version knows waits for one of its workers.
pub async fn take_due(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    lease: Duration,
) -> Result<Option<Delivery>, sqlx::Error> {
    let known = MailKind::ALL.map(|kind| kind.as_str().to_owned());
    let row = sqlx::query!(
        "UPDATE deliveries SET due_at = $2, tries = tries + 1
         WHERE id = (SELECT id FROM deliveries
                     WHERE state = 'queued' AND due_at <= $1 AND mail = ANY ($3)
                     ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING id, mail, subject_id, attempt, tries, trace_parent, organization_id, recipient_id",
        now,
        now + lease,
        &known,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Delivery {
            id: row.id,
            kind: row.mail.parse().map_err(|error: pass_types::Invalid| sqlx::Error::Decode(error.into()))?,
            subject: row.subject_id,
            attempt: row.attempt,
            tries: row.tries - 1,
            trace_parent: row.trace_parent,
            organization: row.organization_id,
            recipient: row.recipient_id,
        })
    })
    .transpose()
}

/// Whether whoever took the delivery has it still: nobody else has taken or ended it, nor will before the transaction
/// ends.
pub async fn holds(connection: &mut PgConnection, delivery: &Delivery) -> Result<bool, sqlx::Error> {
    let held = sqlx::query!(
        "SELECT id FROM deliveries WHERE id = $1 AND state = 'queued' AND tries = $2 FOR UPDATE",
        delivery.id,
        delivery.tries + 1,
    )
    .fetch_optional(connection)
    .await?;
    Ok(held.is_some())
}

/// Ends a delivery. One that has ended already stays as it is.
pub async fn settle(
    connection: &mut PgConnection,
    id: Uuid,
    state: &str,
    failure: Option<&str>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE deliveries SET state = $2, failure = $3, settled_at = $4 WHERE id = $1 AND state = 'queued'",
        id,
        state,
        failure,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a delivery off.
pub async fn defer(
    connection: &mut PgConnection,
    id: Uuid,
    due_at: OffsetDateTime,
    failure: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE deliveries SET due_at = $2, failure = $3 WHERE id = $1 AND state = 'queued'",
        id,
        due_at,
        failure,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes what was settled before `before`, at most 1,000 rows; says how many.
pub async fn prune(connection: &mut PgConnection, before: OffsetDateTime) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM deliveries WHERE id IN
         (SELECT id FROM deliveries WHERE state <> 'queued' AND settled_at < $1 LIMIT 1000)",
        before,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
