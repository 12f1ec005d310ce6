//! Back-channel logouts that clients are due.

use super::{broken, codes::client};
use crate::domain::client::RegisteredUri;
use pass_types::{AccountId, ClientId, SessionId};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A logout that a client is to be told, claimed by this process for a while.
pub struct Due {
    /// Names it; also the logout token's `jti`.
    pub id: Uuid,
    /// Whom to tell.
    pub client: ClientId,
    /// Where.
    pub uri: RegisteredUri,
    /// Whose session ended.
    pub account: AccountId,
    /// Which.
    pub session: SessionId,
    /// The how-manieth try this is.
    pub attempts: i32,
    /// When it was due first.
    pub create_time: OffsetDateTime,
}

/// Queues one for a client that has an address for it; once a client and session.
pub async fn enqueue(
    connection: &mut PgConnection,
    id: Uuid,
    client: &ClientId,
    account: AccountId,
    session: SessionId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let queued = sqlx::query!(
        "INSERT INTO back_channel_logouts (logout_id, client_id, account_id, session_id, create_time, next_attempt_time)
         SELECT $1, client_id, $3, $4, $5, $5 FROM clients
         WHERE client_id = $2 AND back_channel_logout_uri IS NOT NULL
         ON CONFLICT (client_id, session_id) DO NOTHING",
        id,
        client.as_str(),
        account.uuid(),
        session.uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(queued.rows_affected() == 1)
}

/// Claims due ones: nobody else tries them until `lease` is over.
pub async fn claim(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    lease: Duration,
    most: i64,
) -> sqlx::Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"UPDATE back_channel_logouts AS logout SET attempts = attempts + 1, next_attempt_time = $2
           FROM clients
           WHERE clients.client_id = logout.client_id AND logout.logout_id IN (
               SELECT logout_id FROM back_channel_logouts
               WHERE settle_time IS NULL AND next_attempt_time <= $1
               ORDER BY next_attempt_time LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING logout.logout_id, logout.client_id, logout.account_id, logout.session_id, logout.attempts,
                     logout.create_time, clients.back_channel_logout_uri"#,
        now,
        now + lease,
        most,
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().filter_map(|row| {
        let uri = row.back_channel_logout_uri?;
        Some(uri.parse().map_err(broken).and_then(|uri| {
            Ok(Due {
                id: row.logout_id,
                client: client(&row.client_id)?,
                uri,
                account: row.account_id.into(),
                session: row.session_id.into(),
                attempts: row.attempts,
                create_time: row.create_time,
            })
        }))
    });
    due.collect()
}

/// Puts a try off.
pub async fn postpone(connection: &mut PgConnection, id: Uuid, until: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("UPDATE back_channel_logouts SET next_attempt_time = $2 WHERE logout_id = $1", id, until)
        .execute(connection)
        .await?;
    Ok(())
}

/// Closes one; `false`: it was closed before.
pub async fn settle(
    connection: &mut PgConnection,
    id: Uuid,
    delivered: bool,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let settled = sqlx::query!(
        "UPDATE back_channel_logouts SET settle_time = $3, delivered = $2
         WHERE logout_id = $1 AND settle_time IS NULL",
        id,
        delivered,
        now,
    )
    .execute(connection)
    .await?;
    Ok(settled.rows_affected() == 1)
}

/// Deletes those that were closed before `before`.
pub async fn prune(connection: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM back_channel_logouts WHERE settle_time < $1", before)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
