//! What the owner of an account is told of its safety (ACC-11).

use crate::domain::security_event::{Kind, SecurityEvent};
use pass_types::{AccountId, Origin};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Something that happened to an account's safety.
pub struct Entry<'a> {
    /// A new one.
    pub id: Uuid,
    /// Whose account.
    pub account: AccountId,
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub kind: Kind,
    /// From where.
    pub origin: &'a Origin,
    /// What it was about, if the kind does not say all; never a secret.
    pub detail: &'a str,
}

/// Adds one, in the transaction of what it tells of.
pub async fn insert(db: &mut PgConnection, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO security_events (id, account_id, at, kind, address, user_agent, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        entry.id,
        entry.account.uuid(),
        entry.at,
        entry.kind.as_str(),
        entry.origin.address,
        entry.origin.user_agent,
        entry.detail,
    )
    .execute(db)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    at: OffsetDateTime,
    kind: String,
    address: String,
    user_agent: String,
    detail: String,
}

/// An account's, latest first, older than `before` (`None`: from the latest), none from before `since`.
pub async fn page(
    db: &mut PgConnection,
    account: AccountId,
    before: Option<Uuid>,
    since: OffsetDateTime,
    most: i64,
) -> Result<Vec<SecurityEvent>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, at, kind, address, user_agent, detail FROM security_events
         WHERE account_id = $1 AND at >= $2 AND ($3::uuid IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4",
        account.uuid(),
        since,
        before,
        most,
    )
    .fetch_all(db)
    .await?;
    let event = |row: Row| {
        let Row { id, at, kind, address, user_agent, detail } = row;
        SecurityEvent { id, account, at, kind, origin: Origin { address, user_agent }, detail }
    };
    Ok(rows.into_iter().map(event).collect())
}

/// Removes up to `most` of those from before `before`; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM security_events WHERE id IN
            (SELECT id FROM security_events WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
