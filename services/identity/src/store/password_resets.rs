//! Wishes for another password.

use super::stored;
use crate::domain::password_reset::PasswordReset;
use pass_types::{Email, PasswordResetId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    email: String,
    language: String,
    continuation: String,
    expires_at: OffsetDateTime,
}

impl TryFrom<Row> for PasswordReset {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id.into(),
            email: stored(&row.email)?,
            language: stored(&row.language)?,
            continuation: stored(&row.continuation)?,
            expires_at: row.expires_at,
        })
    }
}

/// Adds one.
pub async fn insert(db: &mut PgConnection, reset: &PasswordReset) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO password_resets (id, email, email_key, language, continuation, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        reset.id.uuid(),
        reset.email.as_str(),
        reset.email.key(),
        reset.language.as_str(),
        reset.continuation.as_str(),
        reset.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One whose link works still.
pub async fn open(
    db: &mut PgConnection,
    id: PasswordResetId,
    now: OffsetDateTime,
) -> Result<Option<PasswordReset>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, email, language, continuation, expires_at
         FROM password_resets WHERE id = $1 AND expires_at > $2",
        id.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(PasswordReset::try_from)
    .transpose()
}

/// Takes one whose link works still; of several at once, one gets it. False: nobody does any more.
pub async fn take(
    db: &mut PgConnection,
    id: PasswordResetId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM password_resets WHERE id = $1 AND expires_at > $2", id.uuid(), now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes all of an address.
pub async fn forget(db: &mut PgConnection, email: &Email) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM password_resets WHERE email_key = $1", email.key()).execute(db).await?;
    Ok(())
}

/// Removes up to `most` of those whose link has expired; how many there were.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM password_resets WHERE id IN
            (SELECT id FROM password_resets WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
