//! How often things were done lately.

use crate::domain::throttle::Limit;
use pass_types::SecretHash;
use sqlx::{PgConnection, postgres::types::PgInterval};
use time::{Duration, OffsetDateTime};

/// When the subject's bucket is empty (`now`, if nothing was done lately).
pub async fn empty_at(
    db: &mut PgConnection,
    subject: &SecretHash,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, sqlx::Error> {
    let found = sqlx::query_scalar!("SELECT empty_at FROM throttles WHERE subject = $1", subject.as_bytes())
        .fetch_optional(db)
        .await?;
    Ok(found.unwrap_or(now))
}

/// The same, and nobody else does it until the transaction ends.
pub async fn lock(
    db: &mut PgConnection,
    subject: &SecretHash,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO throttles (subject, empty_at) VALUES ($1, $2)
         ON CONFLICT (subject) DO UPDATE SET subject = EXCLUDED.subject
         RETURNING empty_at",
        subject.as_bytes(),
        now,
    )
    .fetch_one(db)
    .await
}

/// Writes when the bucket is empty.
pub async fn save(
    db: &mut PgConnection,
    subject: &SecretHash,
    empty_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE throttles SET empty_at = $2 WHERE subject = $1", subject.as_bytes(), empty_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Does it once more, if there is room: [`Limit::take`] in one statement, which is all that a caller with nothing else
/// to do needs. `false`: there is none.
pub async fn take(
    db: &mut PgConnection,
    subject: &SecretHash,
    limit: Limit,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO throttles AS known (subject, empty_at) VALUES ($1, $2::timestamptz + $3::interval)
         ON CONFLICT (subject) DO UPDATE SET empty_at = greatest(known.empty_at, $2) + $3
             WHERE greatest(known.empty_at, $2) + $3 <= $4",
        subject.as_bytes(),
        now,
        interval(limit.one()),
        limit.full(now),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes back what was done once: [`Limit::give_back`] in one statement.
pub async fn give_back(
    db: &mut PgConnection,
    subject: &SecretHash,
    limit: Limit,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE throttles SET empty_at = greatest(empty_at - $2::interval, $3) WHERE subject = $1",
        subject.as_bytes(),
        interval(limit.one()),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

fn interval(time: Duration) -> PgInterval {
    let microseconds = i64::try_from(time.whole_microseconds()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}

/// Forgets what these did; taken in this order, as others take them.
pub async fn forget(db: &mut PgConnection, subjects: &[SecretHash]) -> Result<(), sqlx::Error> {
    let subjects: Vec<Vec<u8>> = subjects.iter().map(|subject| subject.as_bytes().to_vec()).collect();
    sqlx::query!(
        "DELETE FROM throttles WHERE subject IN
            (SELECT subject FROM throttles WHERE subject = ANY($1)
             ORDER BY array_position($1, subject) FOR UPDATE)",
        &subjects,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes up to `most` of those that are empty; how many there were.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM throttles WHERE subject IN
            (SELECT subject FROM throttles WHERE empty_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
