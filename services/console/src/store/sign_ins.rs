//! Sign-ins that have begun.

use pass_types::SecretHash;
use sqlx::{PgConnection, Result};
use time::OffsetDateTime;

/// Keeps a sign-in until the browser comes back.
pub async fn insert(
    db: &mut PgConnection,
    state: SecretHash,
    browser: SecretHash,
    destination: &str,
    expire_time: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sign_ins (state_hash, browser_hash, destination, expire_time)
         VALUES ($1, $2, $3, $4)",
        state.as_bytes(),
        browser.as_bytes(),
        destination,
        expire_time,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a sign-in of this browser away: it can't be taken twice. Where to go afterwards.
pub async fn take(
    db: &mut PgConnection,
    state: SecretHash,
    browser: SecretHash,
    now: OffsetDateTime,
) -> Result<Option<String>> {
    sqlx::query_scalar!(
        "DELETE FROM sign_ins
         WHERE state_hash = $1 AND browser_hash = $2 AND expire_time > $3
         RETURNING destination",
        state.as_bytes(),
        browser.as_bytes(),
        now,
    )
    .fetch_optional(db)
    .await
}

/// Forgets sign-ins that nobody came back from.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime) -> Result<u64> {
    let pruned = sqlx::query!("DELETE FROM sign_ins WHERE expire_time <= $1", now).execute(db).await?;
    Ok(pruned.rows_affected())
}
