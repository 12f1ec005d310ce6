//! Logout tokens that were obeyed, and sessions of the gateway that ended.

use pass_types::SessionId;
use sqlx::{PgConnection, Result};
use time::OffsetDateTime;

/// Notes a logout token; false: it was obeyed before.
pub async fn insert(db: &mut PgConnection, jti: &str, forget_after: OffsetDateTime) -> Result<bool> {
    let inserted = sqlx::query!(
        "INSERT INTO logout_tokens (jti, expire_time) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        jti,
        forget_after,
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Until the transaction ends, nobody else begins or ends what comes from a session of the gateway.
pub async fn lock(db: &mut PgConnection, session: SessionId) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", session.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that a session of the gateway has ended.
pub async fn insert_ended(
    db: &mut PgConnection,
    session: SessionId,
    forget_after: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO ended_sessions (session_id, expire_time) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        session.uuid(),
        forget_after,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a session of the gateway is known to have ended.
pub async fn is_ended(db: &mut PgConnection, session: SessionId) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM ended_sessions WHERE session_id = $1) AS "ended!""#,
        session.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Forgets what can't come again.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime) -> Result<u64> {
    let tokens =
        sqlx::query!("DELETE FROM logout_tokens WHERE expire_time <= $1", now).execute(&mut *db).await?;
    let sessions =
        sqlx::query!("DELETE FROM ended_sessions WHERE expire_time <= $1", now).execute(db).await?;
    Ok(tokens.rows_affected() + sessions.rows_affected())
}
