//! Sessions and the hashes of their tokens.

use crate::domain::session::{Method, Policy, Session};
use pass_types::{AccountId, Origin, SecretHash, SessionId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    account_id: Uuid,
    methods: Vec<String>,
    anew: bool,
    address: String,
    user_agent: String,
    created_at: OffsetDateTime,
    last_used_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
    second_factor_at: Option<OffsetDateTime>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            account: row.account_id.into(),
            methods: row.methods.iter().filter_map(|name| Method::from_name(name)).collect(),
            anew: row.anew,
            origin: Origin { address: row.address, user_agent: row.user_agent },
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
            second_factor_at: row.second_factor_at,
        }
    }
}

/// Adds one; how many others of its account have not ended.
pub async fn insert(
    db: &mut PgConnection,
    session: &Session,
    token: &SecretHash,
) -> Result<i64, sqlx::Error> {
    let methods: Vec<String> = session.methods.iter().map(|method| method.as_str().to_owned()).collect();
    sqlx::query_scalar!(
        r#"INSERT INTO sessions
             (id, account_id, token_hash, methods, anew, address, user_agent, created_at, last_used_at, expires_at,
              ended_at, second_factor_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         RETURNING (SELECT count(*) FROM sessions WHERE account_id = $2 AND ended_at IS NULL) AS "others!""#,
        session.id.uuid(),
        session.account.uuid(),
        token.as_bytes(),
        &methods,
        session.anew,
        session.origin.address,
        session.origin.user_agent,
        session.created_at,
        session.last_used_at,
        session.expires_at,
        session.ended_at,
        session.second_factor_at,
    )
    .fetch_one(db)
    .await
}

/// Ends all of an account but the `most` latest; which.
pub async fn end_oldest(
    db: &mut PgConnection,
    account: AccountId,
    most: i64,
    now: OffsetDateTime,
) -> Result<Vec<SessionId>, sqlx::Error> {
    let ended = sqlx::query_scalar!(
        "UPDATE sessions SET ended_at = $3 WHERE ended_at IS NULL AND id IN
            (SELECT id FROM sessions WHERE account_id = $1 AND ended_at IS NULL ORDER BY id DESC OFFSET $2)
         RETURNING id",
        account.uuid(),
        most,
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(in_order(ended.into_iter().map(SessionId::from)))
}

/// The one of a browser's token, live or not.
pub async fn by_token(db: &mut PgConnection, token: &SecretHash) -> Result<Option<Session>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, account_id, methods, anew, address, user_agent, created_at, last_used_at, expires_at, ended_at,
            second_factor_at
         FROM sessions WHERE token_hash = $1",
        token.as_bytes(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Session::from))
}

/// One by id, live or not.
pub async fn by_id(db: &mut PgConnection, id: SessionId) -> Result<Option<Session>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, account_id, methods, anew, address, user_agent, created_at, last_used_at, expires_at, ended_at,
            second_factor_at
         FROM sessions WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Session::from))
}

/// An account's live sessions, latest first, older than `before` (`None`: from the latest).
pub async fn page(
    db: &mut PgConnection,
    account: AccountId,
    before: Option<SessionId>,
    most: i64,
    policy: Policy,
    now: OffsetDateTime,
) -> Result<Vec<Session>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, account_id, methods, anew, address, user_agent, created_at, last_used_at, expires_at, ended_at,
            second_factor_at
         FROM sessions
         WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 AND last_used_at > $3
            AND ($4::uuid IS NULL OR id < $4)
         ORDER BY id DESC LIMIT $5",
        account.uuid(),
        now,
        now - policy.idle,
        before.map(SessionId::uuid),
        most,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Notes that one was used.
pub async fn touch(db: &mut PgConnection, id: SessionId, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND ended_at IS NULL AND last_used_at < $2",
        id.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that a second factor was shown in one, and how, and gives it another token: the one from before is nobody's
/// any more. False when it has ended.
pub async fn step_up(
    db: &mut PgConnection,
    session: &Session,
    token: &SecretHash,
) -> Result<bool, sqlx::Error> {
    let methods: Vec<String> = session.methods.iter().map(|method| method.as_str().to_owned()).collect();
    let done = sqlx::query!(
        "UPDATE sessions SET second_factor_at = $2, methods = $3, token_hash = $4 WHERE id = $1 AND ended_at IS NULL",
        session.id.uuid(),
        session.second_factor_at,
        &methods,
        token.as_bytes(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends one. False when it was ended before.
pub async fn end(db: &mut PgConnection, id: SessionId, now: OffsetDateTime) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query!("UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL", id.uuid(), now)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all of an account's sessions but one; which they were.
pub async fn end_others(
    db: &mut PgConnection,
    account: AccountId,
    spared: SessionId,
    now: OffsetDateTime,
) -> Result<Vec<SessionId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "UPDATE sessions SET ended_at = $3 WHERE account_id = $1 AND id <> $2 AND ended_at IS NULL RETURNING id",
        account.uuid(),
        spared.uuid(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(in_order(ids.into_iter().map(SessionId::from)))
}

/// Ends all of an account's sessions; which they were.
pub async fn end_all(
    db: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Vec<SessionId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "UPDATE sessions SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL RETURNING id",
        account.uuid(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(in_order(ids.into_iter().map(SessionId::from)))
}

/// The order in which all who end sessions tell of them: two of them take their keys of the outbox in one order.
fn in_order<T: Ord>(ended: impl Iterator<Item = T>) -> Vec<T> {
    let mut ended: Vec<T> = ended.collect();
    ended.sort_unstable();
    ended
}

/// Ends up to `most` of those whose idle or absolute end has come; which they were, and whose.
pub async fn end_overdue(
    db: &mut PgConnection,
    policy: Policy,
    now: OffsetDateTime,
    most: i64,
) -> Result<Vec<(AccountId, SessionId)>, sqlx::Error> {
    let rows = sqlx::query!(
        "UPDATE sessions SET ended_at = $1 WHERE id IN
            (SELECT id FROM sessions WHERE ended_at IS NULL AND (expires_at <= $1 OR last_used_at <= $2)
             LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING account_id, id",
        now,
        now - policy.idle,
        most,
    )
    .fetch_all(db)
    .await?;
    Ok(in_order(rows.into_iter().map(|row| (row.account_id.into(), row.id.into()))))
}

/// Removes up to `most` of those that ended before `before`; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM sessions WHERE id IN
            (SELECT id FROM sessions WHERE ended_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
