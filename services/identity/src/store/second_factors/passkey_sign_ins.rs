//! Challenges for sign-ins with a passkey alone.

use pass_types::SecretHash;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Adds one.
pub async fn insert(
    db: &mut PgConnection,
    token: &SecretHash,
    challenge: &str,
    expires_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO passkey_sign_ins (token_hash, challenge, expires_at) VALUES ($1, $2, $3)",
        token.as_bytes(),
        challenge,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes one for its one answer.
pub async fn take(
    db: &mut PgConnection,
    token: &SecretHash,
    now: OffsetDateTime,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "DELETE FROM passkey_sign_ins WHERE token_hash = $1 AND expires_at > $2 RETURNING challenge",
        token.as_bytes(),
        now,
    )
    .fetch_optional(db)
    .await
}

/// Removes up to `most` that are over; how many there were.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM passkey_sign_ins WHERE token_hash IN
            (SELECT token_hash FROM passkey_sign_ins WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
