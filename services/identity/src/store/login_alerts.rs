//! Links "This was not me", and who wants mails about sign-ins from something new.

use super::stored;
use crate::domain::login_alert::{LINK_LIFE, LoginAlert, SHARED_FOR};
use pass_types::{AccountId, Email, SessionId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    account_id: Uuid,
    session_id: Option<Uuid>,
    email: Option<String>,
    at: OffsetDateTime,
    user_agent: String,
    expires_at: OffsetDateTime,
    until: Option<OffsetDateTime>,
}

impl TryFrom<Row> for LoginAlert {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            account: row.account_id.into(),
            session: row.session_id.map(SessionId::from),
            email: row.email.as_deref().map(stored).transpose()?,
            at: row.at,
            user_agent: row.user_agent,
            expires_at: row.expires_at,
            until: row.until,
        })
    }
}

/// Adds one.
pub async fn insert(db: &mut PgConnection, alert: &LoginAlert) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO login_alerts (id, account_id, session_id, email, email_key, at, user_agent, expires_at, until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        alert.id,
        alert.account.uuid(),
        alert.session.map(SessionId::uuid),
        alert.email.as_ref().map(Email::as_str),
        alert.email.as_ref().map(Email::key),
        alert.at,
        alert.user_agent,
        alert.expires_at,
        alert.until,
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
        Row,
        "SELECT id, account_id, session_id, email, at, user_agent, expires_at, until FROM login_alerts
         WHERE id = $1 AND expires_at > $2",
        id,
        now,
    )
    .fetch_optional(db)
    .await?
    .map(LoginAlert::try_from)
    .transpose()
}

/// One about this session that was mailed to this address lately.
pub async fn of_session(
    db: &mut PgConnection,
    session: SessionId,
    email: &Email,
    now: OffsetDateTime,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM login_alerts WHERE session_id = $1 AND email_key = $2 AND expires_at > $3
         ORDER BY expires_at DESC LIMIT 1",
        session.uuid(),
        email.key(),
        now + LINK_LIFE - SHARED_FOR,
    )
    .fetch_optional(db)
    .await
}

/// Removes one that was used, with those that were mailed since to another address than `email`, which had it from an
/// intruder. For the others that `email` was mailed, what is done from now on is the owner's. The account is locked by
/// the caller.
pub async fn use_up(
    db: &mut PgConnection,
    alert: &LoginAlert,
    email: &Email,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM login_alerts
         WHERE account_id = $1 AND (id = $2 OR (email_key <> $3 AND expires_at >= $4))",
        alert.account.uuid(),
        alert.id,
        email.key(),
        alert.expires_at,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE login_alerts SET until = $3
         WHERE account_id = $1 AND COALESCE(email_key = $2, true) AND until IS NULL",
        alert.account.uuid(),
        email.key(),
        now,
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
