//! Authenticator apps, and secrets of some that no code has confirmed yet.

use crate::domain::{login_alert::Disowned, second_factor::Authenticator};
use pass_types::{AccountId, SessionId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A secret, as it is stored.
pub struct Sealed {
    /// Sealed.
    pub secret: Vec<u8>,
    /// Which of our keys sealed it.
    pub by: String,
}

/// A session's draft that has not expired.
pub async fn draft(
    db: &mut PgConnection,
    session: SessionId,
    now: OffsetDateTime,
) -> Result<Option<Sealed>, sqlx::Error> {
    sqlx::query_as!(
        Sealed,
        r#"SELECT sealed AS secret, sealed_by AS "by" FROM authenticator_drafts
           WHERE session_id = $1 AND expires_at > $2"#,
        session.uuid(),
        now,
    )
    .fetch_optional(db)
    .await
}

/// Gives a session a draft, in place of the one that it may have had.
pub async fn save_draft(
    db: &mut PgConnection,
    session: SessionId,
    sealed: &Sealed,
    expires_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO authenticator_drafts (session_id, sealed, sealed_by, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (session_id) DO UPDATE
         SET sealed = EXCLUDED.sealed, sealed_by = EXCLUDED.sealed_by, expires_at = EXCLUDED.expires_at",
        session.uuid(),
        sealed.secret,
        sealed.by,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a session's draft.
pub async fn remove_draft(db: &mut PgConnection, session: SessionId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM authenticator_drafts WHERE session_id = $1", session.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// Gives an account its app, by a session, of which the code of a time step was used. False when it has one.
pub async fn insert(
    db: &mut PgConnection,
    (account, session): (AccountId, SessionId),
    sealed: &Sealed,
    step: i64,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO authenticators (account_id, sealed, sealed_by, last_step, created_at, session_id)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id) DO NOTHING",
        account.uuid(),
        sealed.secret,
        sealed.by,
        step,
        now,
        session.uuid(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An account's app.
pub async fn find(db: &mut PgConnection, account: AccountId) -> Result<Option<Authenticator>, sqlx::Error> {
    sqlx::query_as!(
        Authenticator,
        "SELECT created_at, last_used_at FROM authenticators WHERE account_id = $1",
        account.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The secret of an account's app.
pub async fn secret(db: &mut PgConnection, account: AccountId) -> Result<Option<Sealed>, sqlx::Error> {
    sqlx::query_as!(
        Sealed,
        r#"SELECT sealed AS secret, sealed_by AS "by" FROM authenticators WHERE account_id = $1"#,
        account.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Up to `most` that one of these keys sealed; nobody else changes them until the transaction ends.
pub async fn sealed_by(
    db: &mut PgConnection,
    keys: &[String],
    most: i64,
) -> Result<Vec<(AccountId, Sealed)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT account_id, sealed, sealed_by FROM authenticators WHERE sealed_by = ANY($1) LIMIT $2
         FOR UPDATE SKIP LOCKED",
        keys,
        most,
    )
    .fetch_all(db)
    .await?;
    let sealed = rows
        .into_iter()
        .map(|row| (AccountId::from(row.account_id), Sealed { secret: row.sealed, by: row.sealed_by }));
    Ok(sealed.collect())
}

/// Writes the same secret, sealed anew.
pub async fn reseal(db: &mut PgConnection, account: AccountId, sealed: &Sealed) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE authenticators SET sealed = $2, sealed_by = $3 WHERE account_id = $1",
        account.uuid(),
        sealed.secret,
        sealed.by,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses the code of a time step up. False when it, or a later one, was used: of two at once, one gets it.
pub async fn use_up(
    db: &mut PgConnection,
    account: AccountId,
    step: i64,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE authenticators SET last_step = $2, last_used_at = $3 WHERE account_id = $1 AND last_step < $2",
        account.uuid(),
        step,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes an account's app. False when it has none.
pub async fn remove(db: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query!("DELETE FROM authenticators WHERE account_id = $1", account.uuid()).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Removes an app that was disowned. False when there is none such.
pub async fn remove_disowned(db: &mut PgConnection, disowned: &Disowned) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM authenticators WHERE account_id = $1
            AND (COALESCE(session_id = $2, created_at >= $3) OR created_at >= $4)
            AND COALESCE(created_at < $5, true)",
        disowned.account.uuid(),
        disowned.session.map(SessionId::uuid),
        disowned.since,
        disowned.moved_at,
        disowned.until,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes up to `most` drafts that have expired; how many there were.
pub async fn prune_drafts(db: &mut PgConnection, now: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM authenticator_drafts WHERE session_id IN
            (SELECT session_id FROM authenticator_drafts WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
