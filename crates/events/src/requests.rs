//! The inbox of calls: a change happens once, however often a person asks for it under one `request_id`
//! (AIP-155). What was made is noted in the transaction that makes it.

use pass_types::{AccountId, RequestId};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a `request_id` is remembered.
const KEPT: Duration = Duration::days(30);

/// Whether a request is here for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is: make what it asks for.
    First,
    /// It is not: this was made then.
    Repeated(Uuid),
    /// It is not, and its content was another then.
    Reused,
}

/// Whether the account's `request` was claimed before, without claiming it. `content` are the parts of the
/// request that say what is to be made.
pub async fn recall(
    connection: &mut PgConnection,
    account: AccountId,
    request: RequestId,
    content: &[impl AsRef<str> + Sync],
) -> Result<Claim, sqlx::Error> {
    let earlier = sqlx::query!(
        "SELECT content, result_id FROM requests WHERE account_id = $1 AND request_id = $2",
        account.uuid(),
        request.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(match earlier {
        None => Claim::First,
        Some(earlier) if earlier.content == digest(content) => Claim::Repeated(earlier.result_id),
        Some(_) => Claim::Reused,
    })
}

/// Takes the account's `request` for making `result` from `content`. Waits for a transaction that is taking
/// the same one.
pub async fn claim(
    connection: &mut PgConnection,
    account: AccountId,
    request: RequestId,
    content: &[impl AsRef<str> + Sync],
    result: Uuid,
    now: OffsetDateTime,
) -> Result<Claim, sqlx::Error> {
    let claimed = sqlx::query!(
        "INSERT INTO requests (account_id, request_id, content, result_id, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account_id, request_id) DO NOTHING",
        account.uuid(),
        request.uuid(),
        digest(content),
        result,
        now,
    )
    .execute(&mut *connection)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::First);
    }
    match recall(connection, account, request, content).await? {
        // It was pruned between the two statements.
        Claim::First => Err(sqlx::Error::RowNotFound),
        earlier => Ok(earlier),
    }
}

/// Forgets at most `limit` of those made long ago; how many.
pub async fn prune(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let pruned = sqlx::query!(
        "DELETE FROM requests WHERE (account_id, request_id) IN (
             SELECT account_id, request_id FROM requests WHERE created_at < $1 ORDER BY created_at LIMIT $2
         )",
        now - KEPT,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(pruned.rows_affected())
}

fn digest(content: &[impl AsRef<str>]) -> Vec<u8> {
    let mut digest = Sha256::new();
    for part in content.iter().map(AsRef::as_ref) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_eq!(digest(&["ab", "c"]), digest(&["ab", "c"]));
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["ab"]), digest(&["ab", ""]));
    }
}
