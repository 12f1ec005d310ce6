//! Mails about sign-ins from something new, and who wants them.

use crate::domain::login_alert::LoginAlert;
use pass_types::AccountId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Adds one.
pub async fn insert(db: &mut PgConnection, alert: &LoginAlert) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO login_alerts (id, account_id, at, user_agent, expires_at) VALUES ($1, $2, $3, $4, $5)",
        alert.id,
        alert.account.uuid(),
        alert.at,
        alert.user_agent,
        alert.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One whose link works.
pub async fn open(
    db: &mut PgConnection,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<LoginAlert>, sqlx::Error> {
    sqlx::query_as!(
        LoginAlert,
        "SELECT id, account_id AS account, at, user_agent, expires_at FROM login_alerts
         WHERE id = $1 AND expires_at > $2",
        id,
        now,
    )
    .fetch_optional(db)
    .await
}

/// Removes one, and all later ones of its account, whose sign-ins it has undone, too. The account is locked by the caller.
pub async fn remove_from(db: &mut PgConnection, alert: &LoginAlert) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM login_alerts WHERE account_id = $1 AND at >= $2",
        alert.account.uuid(),
        alert.at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes up to `most` of those whose link has expired; how many there were.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM login_alerts WHERE id IN
            (SELECT id FROM login_alerts WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Whether the owner wants such mails: unless they said otherwise.
pub async fn are_on(db: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    let chosen = sqlx::query_scalar!(
        "SELECT login_alerts FROM security_settings WHERE account_id = $1",
        account.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(chosen.unwrap_or(true))
}

/// Writes whether the owner wants them.
pub async fn switch(db: &mut PgConnection, account: AccountId, on: bool) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO security_settings (account_id, login_alerts) VALUES ($1, $2)
         ON CONFLICT (account_id) DO UPDATE SET login_alerts = EXCLUDED.login_alerts",
        account.uuid(),
        on,
    )
    .execute(db)
    .await?;
    Ok(())
}
