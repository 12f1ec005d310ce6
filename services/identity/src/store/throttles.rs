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

/// [`take`] of two in one statement, the second only if there was room for the first: how many were taken.
pub async fn take_both(
    db: &mut PgConnection,
    [first, second]: [(&SecretHash, Limit); 2],
    now: OffsetDateTime,
) -> Result<usize, sqlx::Error> {
    let taken = sqlx::query_scalar!(
        r#"WITH first AS (
             INSERT INTO throttles AS known (subject, empty_at) VALUES ($1, $5::timestamptz + $2::interval)
             ON CONFLICT (subject) DO UPDATE SET empty_at = greatest(known.empty_at, $5) + $2
                 WHERE greatest(known.empty_at, $5) + $2 <= $3
             RETURNING subject
         ), second AS (
             INSERT INTO throttles AS known (subject, empty_at) SELECT $4, $5 + $6::interval FROM first
             ON CONFLICT (subject) DO UPDATE SET empty_at = greatest(known.empty_at, $5) + $6
                 WHERE greatest(known.empty_at, $5) + $6 <= $7
             RETURNING subject
         )
         SELECT (SELECT count(*) FROM first) + (SELECT count(*) FROM second) AS "taken!""#,
        first.0.as_bytes(),
        interval(first.1.one()),
        first.1.full(now),
        second.0.as_bytes(),
        now,
        interval(second.1.one()),
        second.1.full(now),
    )
    .fetch_one(db)
    .await?;
    Ok(usize::try_from(taken).unwrap_or_default())
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

/// [`give_back`] of the first, and the second is empty: in one statement, which takes them in this order.
pub async fn give_back_and_empty(
    db: &mut PgConnection,
    (first, limit): (&SecretHash, Limit),
    second: &SecretHash,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH first AS (
             UPDATE throttles SET empty_at = greatest(empty_at - $2::interval, $4) WHERE subject = $1 RETURNING subject
         )
         UPDATE throttles SET empty_at = $4 WHERE subject = $3 AND (SELECT count(*) FROM first) >= 0",
        first.as_bytes(),
        interval(limit.one()),
        second.as_bytes(),
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
