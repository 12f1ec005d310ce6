//! How often look-ups were asked for lately.

use pass_types::{DomainId, OrganizationId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Whose look-ups are counted.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// An organization's.
    Organization(OrganizationId),
    /// Those of one of its domains.
    Domain(DomainId),
}

impl Subject {
    fn words(self) -> (&'static str, Uuid) {
        match self {
            Self::Organization(id) => ("organization", id.uuid()),
            Self::Domain(id) => ("domain", id.uuid()),
        }
    }
}

/// When the subject's bucket is empty (`now`, if nothing was done lately). Others who ask for the same
/// subject wait until this transaction ends.
pub async fn lock(
    conn: &mut PgConnection,
    subject: Subject,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, sqlx::Error> {
    let (word, id) = subject.words();
    sqlx::query_scalar!(
        "INSERT INTO throttles (subject, id, empty_at) VALUES ($1, $2, $3)
         ON CONFLICT (subject, id) DO UPDATE SET subject = EXCLUDED.subject
         RETURNING empty_at",
        word,
        id,
        now,
    )
    .fetch_one(conn)
    .await
}

/// Writes when the bucket is empty.
pub async fn save(
    conn: &mut PgConnection,
    subject: Subject,
    empty_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let (word, id) = subject.words();
    sqlx::query!("UPDATE throttles SET empty_at = $3 WHERE subject = $1 AND id = $2", word, id, empty_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets at most `limit` of those that are empty; how many there were.
pub async fn prune(conn: &mut PgConnection, now: OffsetDateTime, limit: i64) -> Result<u64, sqlx::Error> {
    let pruned = sqlx::query!(
        "DELETE FROM throttles WHERE (subject, id) IN
             (SELECT subject, id FROM throttles WHERE empty_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(pruned.rows_affected())
}
