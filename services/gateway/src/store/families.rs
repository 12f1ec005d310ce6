//! Refresh-token families.

use super::codes::client;
use crate::domain::{
    family::{Family, FamilyId, Link},
    scope::Scope,
};
use pass_types::{ClientId, OrganizationId, SecretHash, SessionId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Why a family was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The session is over.
    SessionEnded,
    /// An old token was used.
    Reused,
    /// The code that it came from was used twice.
    CodeReplayed,
    /// The client gave it back (RFC 7009).
    Client,
}

impl Cause {
    fn as_str(self) -> &'static str {
        match self {
            Self::SessionEnded => "session_ended",
            Self::Reused => "reused",
            Self::CodeReplayed => "code_replayed",
            Self::Client => "client",
        }
    }
}

/// Keeps a new family with its first token.
pub async fn insert(
    connection: &mut PgConnection,
    family: &Family,
    token: &SecretHash,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO refresh_families (family_id, client_id, account_id, session_id, organization_id, scope, auth_time,
                                       create_time, idle_expire_time, expire_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        family.id,
        family.client.as_str(),
        family.account.uuid(),
        family.session.uuid(),
        family.organization.map(OrganizationId::uuid),
        family.scope.to_string(),
        family.auth_time,
        now,
        family.idle_expire_time,
        family.expire_time,
    )
    .execute(&mut *connection)
    .await?;
    insert_token(connection, family.id, 0, token, now).await
}

async fn insert_token(
    connection: &mut PgConnection,
    family: FamilyId,
    generation: i32,
    token: &SecretHash,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (token_hash, family_id, generation, create_time) VALUES ($1, $2, $3, $4)",
        token.as_bytes(),
        family,
        generation,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The family of a token and the token's place in it, without a lock: to ask about its person before a
/// transaction begins.
pub async fn peek(connection: &mut PgConnection, token: &SecretHash) -> sqlx::Result<Option<(Family, Link)>> {
    let id =
        sqlx::query_scalar!("SELECT family_id FROM refresh_tokens WHERE token_hash = $1", token.as_bytes())
            .fetch_optional(&mut *connection)
            .await?;
    match id {
        Some(id) => place(connection, token, id).await,
        None => Ok(None),
    }
}

/// The family of a token and the token's place in it. The family stays locked until the transaction ends.
pub async fn lock(connection: &mut PgConnection, token: &SecretHash) -> sqlx::Result<Option<(Family, Link)>> {
    // The lock first: what is read after it is what the last rotation left.
    let locked = sqlx::query_scalar!(
        "SELECT family_id FROM refresh_families
         WHERE family_id = (SELECT family_id FROM refresh_tokens WHERE token_hash = $1)
         FOR UPDATE",
        token.as_bytes(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    match locked {
        Some(id) => place(connection, token, id).await,
        None => Ok(None),
    }
}

async fn place(
    connection: &mut PgConnection,
    token: &SecretHash,
    id: FamilyId,
) -> sqlx::Result<Option<(Family, Link)>> {
    let row = sqlx::query!(
        r#"SELECT token.generation, token.rotate_time,
                  (SELECT max(generation) FROM refresh_tokens WHERE family_id = $2) AS "newest!"
           FROM refresh_tokens AS token WHERE token_hash = $1"#,
        token.as_bytes(),
        id,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let link = Link { generation: row.generation, rotate_time: row.rotate_time, newest: row.newest };
    Ok(load(connection, id).await?.map(|family| (family, link)))
}

async fn load(connection: &mut PgConnection, id: FamilyId) -> sqlx::Result<Option<Family>> {
    let row = sqlx::query!(
        "SELECT client_id, account_id, session_id, organization_id, scope, auth_time, idle_expire_time, expire_time,
                revoke_time
         FROM refresh_families WHERE family_id = $1",
        id,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Family {
            id,
            client: client(&row.client_id)?,
            account: row.account_id.into(),
            session: row.session_id.into(),
            organization: row.organization_id.map(Into::into),
            scope: Scope::parse(&row.scope),
            auth_time: row.auth_time,
            idle_expire_time: row.idle_expire_time,
            expire_time: row.expire_time,
            revoke_time: row.revoke_time,
        })
    })
    .transpose()
}

/// Puts a successor after the newest token of a locked family, and lets the family live on.
pub async fn rotate(
    connection: &mut PgConnection,
    family: &Family,
    link: Link,
    successor: &SecretHash,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE refresh_tokens SET rotate_time = $3 WHERE family_id = $1 AND generation = $2",
        family.id,
        link.generation,
        now,
    )
    .execute(&mut *connection)
    .await?;
    insert_token(connection, family.id, link.generation + 1, successor, now).await?;
    sqlx::query!(
        "UPDATE refresh_families SET idle_expire_time = $2, organization_id = $3 WHERE family_id = $1",
        family.id,
        family.idle_expire_time,
        family.organization.map(OrganizationId::uuid),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Revokes a family; `None`: it was revoked before.
pub async fn revoke(
    connection: &mut PgConnection,
    id: FamilyId,
    cause: Cause,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Family>> {
    let revoked = sqlx::query!(
        "UPDATE refresh_families SET revoke_time = $2, revoke_cause = $3 WHERE family_id = $1 AND revoke_time IS NULL",
        id,
        now,
        cause.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    if revoked.rows_affected() == 0 { Ok(None) } else { load(connection, id).await }
}

/// Revokes all families of a session, and says which clients got tokens in it, whatever became of them.
pub async fn end_of_session(
    connection: &mut PgConnection,
    session: SessionId,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<ClientId>> {
    sqlx::query!(
        "UPDATE refresh_families SET revoke_time = $2, revoke_cause = $3 WHERE session_id = $1 AND revoke_time IS NULL",
        session.uuid(),
        now,
        Cause::SessionEnded.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    let clients = sqlx::query_scalar!(
        "SELECT DISTINCT client_id FROM refresh_families WHERE session_id = $1 ORDER BY client_id",
        session.uuid(),
    )
    .fetch_all(connection)
    .await?;
    clients.iter().map(|text| client(text)).collect()
}

/// Deletes families that ended before `before`, with their tokens.
pub async fn prune(connection: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM refresh_families WHERE expire_time < $1", before)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
