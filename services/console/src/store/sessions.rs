//! The console's sessions.

use pass_types::{AccountId, SecretHash, SessionId};
use sqlx::{PgConnection, Result};
use time::OffsetDateTime;

/// A session, as it is kept.
#[derive(Debug)]
pub struct Row {
    /// Of the cookie.
    pub cookie: SecretHash,
    /// The gateway's session.
    pub session: SessionId,
    /// Whose.
    pub account: AccountId,
    /// Sealed tokens.
    pub tokens: Vec<u8>,
    /// Which key sealed them.
    pub sealed_by: String,
    /// When the access token ends.
    pub access_expire_time: OffsetDateTime,
    /// When it began.
    pub create_time: OffsetDateTime,
    /// When it ends at the latest.
    pub expire_time: OffsetDateTime,
}

/// Keeps a new session.
pub async fn insert(db: &mut PgConnection, row: &Row) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sessions (cookie_hash, session_id, account_id, tokens, sealed_by,
                               access_expire_time, create_time, expire_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        row.cookie.as_bytes(),
        row.session.uuid(),
        row.account.uuid(),
        row.tokens,
        row.sealed_by,
        row.access_expire_time,
        row.create_time,
        row.expire_time,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The session of a cookie, unless it is over.
pub async fn find(db: &mut PgConnection, cookie: SecretHash, now: OffsetDateTime) -> Result<Option<Row>> {
    let row = sqlx::query!(
        "SELECT session_id, account_id, tokens, sealed_by, access_expire_time, create_time, expire_time
         FROM sessions
         WHERE cookie_hash = $1 AND expire_time > $2",
        cookie.as_bytes(),
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Row {
        cookie,
        session: row.session_id.into(),
        account: row.account_id.into(),
        tokens: row.tokens,
        sealed_by: row.sealed_by,
        access_expire_time: row.access_expire_time,
        create_time: row.create_time,
        expire_time: row.expire_time,
    }))
}

/// Takes the lease to renew the tokens that end at `access_expire_time`; false: somebody else has it, or has
/// renewed them.
pub async fn lease(
    db: &mut PgConnection,
    cookie: SecretHash,
    access_expire_time: OffsetDateTime,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<bool> {
    let leased = sqlx::query!(
        "UPDATE sessions SET refresh_lease_time = $4
         WHERE cookie_hash = $1 AND access_expire_time = $2
           AND (refresh_lease_time IS NULL OR refresh_lease_time <= $3)",
        cookie.as_bytes(),
        access_expire_time,
        now,
        until,
    )
    .execute(db)
    .await?;
    Ok(leased.rows_affected() == 1)
}

/// Puts renewed tokens in the place of those that end at `before`, and gives the lease back. False: the
/// session is over, or the tokens are others by now.
pub async fn renew(
    db: &mut PgConnection,
    cookie: SecretHash,
    before: OffsetDateTime,
    (tokens, sealed_by): (&[u8], &str),
    access_expire_time: OffsetDateTime,
) -> Result<bool> {
    let renewed = sqlx::query!(
        "UPDATE sessions SET tokens = $3, sealed_by = $4, access_expire_time = $5, refresh_lease_time = NULL
         WHERE cookie_hash = $1 AND access_expire_time = $2",
        cookie.as_bytes(),
        before,
        tokens,
        sealed_by,
        access_expire_time,
    )
    .execute(db)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Gives the lease that lasts until `until` back: the tokens could not be renewed now. One that somebody else
/// took meanwhile stays.
pub async fn release(db: &mut PgConnection, cookie: SecretHash, until: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "UPDATE sessions SET refresh_lease_time = NULL WHERE cookie_hash = $1 AND refresh_lease_time = $2",
        cookie.as_bytes(),
        until,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends the session of a cookie.
pub async fn delete(db: &mut PgConnection, cookie: SecretHash) -> Result<()> {
    sqlx::query!("DELETE FROM sessions WHERE cookie_hash = $1", cookie.as_bytes()).execute(db).await?;
    Ok(())
}

/// Ends what came from a session of the gateway. Returns how many.
pub async fn delete_of_session(db: &mut PgConnection, session: SessionId) -> Result<u64> {
    let deleted =
        sqlx::query!("DELETE FROM sessions WHERE session_id = $1", session.uuid()).execute(db).await?;
    Ok(deleted.rows_affected())
}

/// Ends all sessions of an account. Returns how many.
pub async fn delete_of_account(db: &mut PgConnection, account: AccountId) -> Result<u64> {
    let deleted =
        sqlx::query!("DELETE FROM sessions WHERE account_id = $1", account.uuid()).execute(db).await?;
    Ok(deleted.rows_affected())
}

/// Forgets sessions that are over.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime) -> Result<u64> {
    let pruned = sqlx::query!("DELETE FROM sessions WHERE expire_time <= $1", now).execute(db).await?;
    Ok(pruned.rows_affected())
}
