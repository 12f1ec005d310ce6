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

/// What is to be claimed.
pub struct Claim {
    /// What is due now.
    pub now: OffsetDateTime,
    /// For so long nobody else tries.
    pub lease: Duration,
    /// So many of one client's at once.
    pub per_client: i64,
    /// Whose tries are under way, a name for each.
    pub busy: Vec<String>,
    /// So many.
    pub most: i64,
}

/// Claims due ones, of each client as far as it has room. One that can't be read is an error of its own.
pub async fn claim(connection: &mut PgConnection, claim: &Claim) -> sqlx::Result<Vec<sqlx::Result<Due>>> {
    let rows = sqlx::query!(
        r#"WITH due AS MATERIALIZED (
               SELECT waiting.logout_id, clients.back_channel_logout_uri
               FROM clients CROSS JOIN LATERAL (
                   SELECT logout_id, next_attempt_time FROM back_channel_logouts
                   WHERE client_id = clients.client_id AND settle_time IS NULL AND next_attempt_time <= $1
                   ORDER BY next_attempt_time
                   LIMIT greatest($4 - (SELECT count(*) FROM unnest($5::text[]) AS busy (id)
                                        WHERE busy.id = clients.client_id), 0)
                   FOR UPDATE SKIP LOCKED) AS waiting
               WHERE clients.back_channel_logout_uri IS NOT NULL
               ORDER BY waiting.next_attempt_time LIMIT $3)
           UPDATE back_channel_logouts AS logout SET attempts = attempts + 1, next_attempt_time = $2
           FROM due WHERE due.logout_id = logout.logout_id
           RETURNING logout.logout_id, logout.client_id, logout.account_id, logout.session_id, logout.attempts,
                     logout.create_time, due.back_channel_logout_uri AS "uri!""#,
        claim.now,
        claim.now + claim.lease,
        claim.most,
        claim.per_client,
        &claim.busy,
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().map(|row| {
        Ok(Due {
            id: row.logout_id,
            client: client(&row.client_id)?,
            uri: row.uri.parse().map_err(broken)?,
            account: row.account_id.into(),
            session: row.session_id.into(),
            attempts: row.attempts,
            create_time: row.create_time,
        })
    });
    Ok(due.collect())
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
