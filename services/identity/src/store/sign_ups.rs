//! Wishes for an account.

use super::stored;
use crate::domain::sign_up::{SignUp, Wish};
use pass_types::SignUpId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    name: String,
    email: String,
    language: String,
    time_zone: String,
    continuation: String,
    expires_at: OffsetDateTime,
}

impl TryFrom<Row> for SignUp {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let wish = Wish {
            name: stored(&row.name)?,
            email: stored(&row.email)?,
            language: stored(&row.language)?,
            time_zone: stored(&row.time_zone)?,
            continuation: stored(&row.continuation)?,
        };
        Ok(Self { id: row.id.into(), wish, expires_at: row.expires_at })
    }
}

/// Adds one.
pub async fn insert(db: &mut PgConnection, sign_up: &SignUp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO sign_ups (id, name, email, email_key, language, time_zone, continuation, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        sign_up.id.uuid(),
        sign_up.wish.name.as_str(),
        sign_up.wish.email.as_str(),
        sign_up.wish.email.key(),
        sign_up.wish.language.as_str(),
        sign_up.wish.time_zone.as_str(),
        sign_up.wish.continuation.as_str(),
        sign_up.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One whose link works still.
pub async fn open(
    db: &mut PgConnection,
    id: SignUpId,
    now: OffsetDateTime,
) -> Result<Option<SignUp>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, name, email, language, time_zone, continuation, expires_at
         FROM sign_ups WHERE id = $1 AND expires_at > $2",
        id.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(SignUp::try_from)
    .transpose()
}

/// Takes one whose link works still; of several at once, one gets it.
pub async fn take(
    db: &mut PgConnection,
    id: SignUpId,
    now: OffsetDateTime,
) -> Result<Option<SignUp>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "DELETE FROM sign_ups WHERE id = $1 AND expires_at > $2
         RETURNING id, name, email, language, time_zone, continuation, expires_at",
        id.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(SignUp::try_from)
    .transpose()
}

/// Removes up to `most` of those whose link has expired; how many there were.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM sign_ups WHERE id IN
            (SELECT id FROM sign_ups WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
