//! Wrong passwords of legacy spaces, tried by accounts.

use crate::domain::space::Tries;
use pass_types::SecretHash;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What a subject has tried, which nobody else changes until the transaction ends.
pub async fn lock(
    db: &mut PgConnection,
    subject: &SecretHash,
    now: OffsetDateTime,
) -> Result<Tries, sqlx::Error> {
    let row = sqlx::query!(
        "INSERT INTO space_tries (subject, wrong, last_at) VALUES ($1, 0, $2)
         ON CONFLICT (subject) DO UPDATE SET subject = EXCLUDED.subject
         RETURNING wrong, last_at, locked_until",
        subject.as_bytes(),
        now,
    )
    .fetch_one(db)
    .await?;
    let wrong = u32::try_from(row.wrong).unwrap_or(0);
    Ok(Tries { wrong, last_at: row.last_at, locked_until: row.locked_until })
}

/// Writes them.
pub async fn save(db: &mut PgConnection, subject: &SecretHash, tries: Tries) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE space_tries SET wrong = $2, last_at = $3, locked_until = $4 WHERE subject = $1",
        subject.as_bytes(),
        i32::try_from(tries.wrong).unwrap_or(i32::MAX),
        tries.last_at,
        tries.locked_until,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets them: a try was right.
pub async fn forget(db: &mut PgConnection, subject: &SecretHash) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM space_tries WHERE subject = $1", subject.as_bytes()).execute(db).await?;
    Ok(())
}

/// Removes up to `most` of those from before `before`; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM space_tries WHERE subject IN
            (SELECT subject FROM space_tries WHERE last_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
