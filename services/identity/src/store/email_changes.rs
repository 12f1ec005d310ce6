//! Wishes for another address, and changes that were made lately.

use super::stored;
use crate::domain::email_change::{EmailChange, KNOWN_FOR, State};
use pass_types::{AccountId, Email, EmailChangeId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    account_id: Uuid,
    email: String,
    expires_at: OffsetDateTime,
    old_email: Option<String>,
    back: bool,
    login_alert_id: Option<Uuid>,
}

impl TryFrom<Row> for EmailChange {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let state = match &row.old_email {
            Some(old) if row.back => State::Back { old: stored(old)? },
            Some(old) => State::Made { old: stored(old)? },
            None => State::Open,
        };
        Ok(Self {
            id: row.id.into(),
            account: row.account_id.into(),
            email: stored(&row.email)?,
            expires_at: row.expires_at,
            state,
            alert: row.login_alert_id,
        })
    }
}

/// Adds one, in the place of the account's open one.
pub async fn insert(db: &mut PgConnection, change: &EmailChange) -> Result<(), sqlx::Error> {
    forget_open(db, change.account).await?;
    sqlx::query!(
        "INSERT INTO email_changes (id, account_id, email, expires_at, email_key, login_alert_id)
         VALUES ($1, $2, $3, $4, $5, $6)",
        change.id.uuid(),
        change.account.uuid(),
        change.email.as_str(),
        change.expires_at,
        change.email.key(),
        change.alert,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes the account's open one, if there is one.
pub async fn forget_open(db: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM email_changes WHERE account_id = $1 AND old_email IS NULL", account.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// Removes all open ones to an address, whosever.
pub async fn forget_open_to(db: &mut PgConnection, email: &Email) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM email_changes WHERE email_key = $1 AND old_email IS NULL", email.key())
        .execute(db)
        .await?;
    Ok(())
}

/// One that is not over.
pub async fn by_id(
    db: &mut PgConnection,
    id: EmailChangeId,
    now: OffsetDateTime,
) -> Result<Option<EmailChange>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, account_id, email, expires_at, old_email, back, login_alert_id FROM email_changes
         WHERE id = $1 AND expires_at > $2",
        id.uuid(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(EmailChange::try_from)
    .transpose()
}

/// Writes that it was made.
pub async fn save_made(db: &mut PgConnection, change: &EmailChange) -> Result<(), sqlx::Error> {
    let (old, back) = match &change.state {
        State::Open => (None, false),
        State::Made { old } => (Some(old.as_str()), false),
        State::Back { old } => (Some(old.as_str()), true),
    };
    sqlx::query!(
        "UPDATE email_changes SET old_email = $2, expires_at = $3, back = $4 WHERE id = $1",
        change.id.uuid(),
        old,
        change.expires_at,
        back,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Changes that were taken back.
pub struct Undone {
    /// The address before the first of them.
    pub email: Email,
    /// When that one was made.
    pub made_at: OffsetDateTime,
}

/// Forgets the changes that were made from `since` on, and before `until` if there is such a time; the ways back stay.
/// `None`: none is known.
pub async fn undo(
    db: &mut PgConnection,
    account: AccountId,
    since: OffsetDateTime,
    until: Option<OffsetDateTime>,
) -> Result<Option<Undone>, sqlx::Error> {
    let first = sqlx::query!(
        r#"WITH undone AS (
            DELETE FROM email_changes WHERE account_id = $1 AND old_email IS NOT NULL AND NOT back
                AND expires_at >= $2 AND COALESCE(expires_at < $3, true)
            RETURNING old_email, expires_at)
           SELECT old_email AS "old_email!", expires_at AS "expires_at!" FROM undone ORDER BY expires_at LIMIT 1"#,
        account.uuid(),
        since + KNOWN_FOR,
        until.map(|until| until + KNOWN_FOR),
    )
    .fetch_optional(db)
    .await?;
    let undone =
        first.map(|row| Ok(Undone { email: stored(&row.old_email)?, made_at: row.expires_at - KNOWN_FOR }));
    undone.transpose()
}

/// Removes up to `most` of those that are over; how many there were.
pub async fn prune(db: &mut PgConnection, now: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM email_changes WHERE id IN
            (SELECT id FROM email_changes WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
