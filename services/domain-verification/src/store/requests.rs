//! What was made for an account's `request_id`, so that a repeated request makes it once.

use pass_types::{AccountId, RequestId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// What an account's request had as content, and what was made for it.
#[derive(Debug)]
pub struct Made {
    /// SHA-256 of the content.
    pub content: Vec<u8>,
    /// Id of what was made.
    pub result: Uuid,
}

/// Takes the id for what is about to be made; `false`: it was taken before. Waits for another
/// transaction that is taking it.
pub async fn claim(
    conn: &mut PgConnection,
    account: AccountId,
    request: RequestId,
    made: &Made,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let claimed = sqlx::query!(
        "INSERT INTO requests (account_id, request_id, content, result_id, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account_id, request_id) DO NOTHING",
        account.uuid(),
        request.uuid(),
        made.content,
        made.result,
        now,
    )
    .execute(conn)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// What was made for a request.
pub async fn find(
    conn: &mut PgConnection,
    account: AccountId,
    request: RequestId,
) -> Result<Option<Made>, sqlx::Error> {
    sqlx::query_as!(
        Made,
        "SELECT content, result_id AS result FROM requests WHERE account_id = $1 AND request_id = $2",
        account.uuid(),
        request.uuid(),
    )
    .fetch_optional(conn)
    .await
}

/// Forgets at most `limit` of those made before `before`; how many.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime, limit: i64) -> Result<u64, sqlx::Error> {
    let pruned = sqlx::query!(
        "DELETE FROM requests WHERE (account_id, request_id) IN (
             SELECT account_id, request_id FROM requests WHERE created_at < $1 ORDER BY created_at LIMIT $2
         )",
        before,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(pruned.rows_affected())
}
