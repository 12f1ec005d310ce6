//! The login history (ACC-11).

use crate::domain::session::Method;
use pass_types::{AccountId, Origin};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A try to sign in.
pub struct Entry<'a> {
    /// A new one.
    pub id: Uuid,
    /// To which account.
    pub account: AccountId,
    /// When.
    pub at: OffsetDateTime,
    /// From where.
    pub origin: &'a Origin,
    /// How.
    pub method: Method,
    /// The reason it was refused for; `None`: it was not.
    pub refused: Option<&'static str>,
}

/// Adds an entry. That its account exists is checked at commit.
pub async fn insert(db: &mut PgConnection, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO login_history (id, account_id, at, address, user_agent, method, refused)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        entry.id,
        entry.account.uuid(),
        entry.at,
        entry.origin.address,
        entry.origin.user_agent,
        entry.method.as_str(),
        entry.refused,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes up to `most` of those from before `before`; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM login_history WHERE id IN
            (SELECT id FROM login_history WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
