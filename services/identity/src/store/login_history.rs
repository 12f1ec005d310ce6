//! The login history (ACC-11).

use crate::domain::session::{Method, Try};
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
    /// What for, by the client's name; empty: it is not known.
    pub product: &'a str,
    /// How.
    pub method: Method,
    /// The reason it was refused for; `None`: it was not.
    pub refused: Option<&'static str>,
}

/// Adds an entry. That its account exists is checked at commit.
pub async fn insert(db: &mut PgConnection, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO login_history (id, account_id, at, address, user_agent, product, method, refused)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        entry.id,
        entry.account.uuid(),
        entry.at,
        entry.origin.address,
        entry.origin.user_agent,
        entry.product,
        entry.method.as_str(),
        entry.refused,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes an entry: it turned out otherwise.
pub async fn remove(db: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM login_history WHERE id = $1", id).execute(db).await?;
    Ok(())
}

struct Row {
    id: Uuid,
    at: OffsetDateTime,
    address: String,
    user_agent: String,
    product: String,
    method: String,
    refused: Option<String>,
}

/// An account's, latest first, older than `before` (`None`: from the latest), none from before `since`.
pub async fn page(
    db: &mut PgConnection,
    account: AccountId,
    before: Option<Uuid>,
    since: OffsetDateTime,
    most: i64,
) -> Result<Vec<Try>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, at, address, user_agent, product, method, refused FROM login_history
         WHERE account_id = $1 AND at >= $2 AND ($3::uuid IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4",
        account.uuid(),
        since,
        before,
        most,
    )
    .fetch_all(db)
    .await?;
    let entry = |row: Row| {
        let Row { id, at, address, user_agent, product, method, refused } = row;
        Try { id, at, origin: Origin { address, user_agent }, product, method, refused }
    };
    Ok(rows.into_iter().map(entry).collect())
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
