//! How often things were done lately.

use pass_types::SecretHash;
use sqlx::PgConnection;
use time::OffsetDateTime;

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
