//! Domains of organizations.

use super::stored;
use crate::domain::{
    claim::{Domain, Removal, State},
    name::DomainName,
};
use pass_types::{DomainId, OrganizationId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row of `domains`.
struct Row {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    code: String,
    created_at: OffsetDateTime,
    state: String,
    verified_at: Option<OffsetDateTime>,
    removal: Option<Uuid>,
    removing_since: Option<OffsetDateTime>,
}

impl Row {
    fn parse(self) -> Result<Domain, sqlx::Error> {
        let removal = self.removal.zip(self.removing_since).map(|(id, since)| Removal { id, since });
        let state = match (self.state.as_str(), self.verified_at, removal) {
            ("unverified", None, None) => State::Unverified,
            ("verified", Some(at), None) => State::Verified { at },
            ("removing", verified_at, Some(removal)) => State::Removing { verified_at, removal },
            _ => return Err(sqlx::Error::Decode("unknown state of a domain".into())),
        };
        Ok(Domain {
            id: self.id.into(),
            organization: self.organization_id.into(),
            name: stored(&self.name)?,
            code: stored(&self.code)?,
            created_at: self.created_at,
            state,
        })
    }
}

/// The state's word, and the try to remove it.
fn words(state: &State) -> (&'static str, Option<Removal>) {
    match state {
        State::Unverified => ("unverified", None),
        State::Verified { at: _ } => ("verified", None),
        State::Removing { verified_at: _, removal } => ("removing", Some(*removal)),
    }
}

/// How many domains an organization has. Others who ask wait until this transaction ends.
pub async fn count_locked(conn: &mut PgConnection, organization: OrganizationId) -> Result<i64, sqlx::Error> {
    sqlx::query!(
        "INSERT INTO organizations (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id",
        organization.uuid(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM domains WHERE organization_id = $1"#,
        organization.uuid(),
    )
    .fetch_one(conn)
    .await
}

/// Whether an organization has the domain, in whatever state.
pub async fn is_known(
    conn: &mut PgConnection,
    organization: OrganizationId,
    name: &DomainName,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM domains WHERE organization_id = $1 AND name = $2) AS "known!""#,
        organization.uuid(),
        name.as_str(),
    )
    .fetch_one(conn)
    .await
}

/// Stores a new one.
pub async fn insert(conn: &mut PgConnection, domain: &Domain) -> Result<(), sqlx::Error> {
    let Domain { id, organization, name, code, created_at, state } = domain;
    let (state, removal) = words(state);
    sqlx::query!(
        "INSERT INTO domains (id, organization_id, name, code, created_at, state, verified_at, removal,
             removing_since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id.uuid(),
        organization.uuid(),
        name.as_str(),
        code.as_str(),
        created_at,
        state,
        domain.verified_at(),
        removal.map(|removal| removal.id),
        removal.map(|removal| removal.since),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores what a transition changed.
pub async fn save(conn: &mut PgConnection, domain: &Domain) -> Result<(), sqlx::Error> {
    let (state, removal) = words(&domain.state);
    sqlx::query!(
        "UPDATE domains SET state = $2, verified_at = $3, removal = $4, removing_since = $5 WHERE id = $1",
        domain.id.uuid(),
        state,
        domain.verified_at(),
        removal.map(|removal| removal.id),
        removal.map(|removal| removal.since),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One of an organization.
pub async fn find(
    conn: &mut PgConnection,
    organization: OrganizationId,
    id: DomainId,
) -> Result<Option<Domain>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, name, code, created_at, state, verified_at, removal, removing_since
         FROM domains WHERE id = $1 AND organization_id = $2",
        id.uuid(),
        organization.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Row::parse)
    .transpose()
}

/// One of an organization, that nobody else changes until the transaction ends.
pub async fn find_locked(
    conn: &mut PgConnection,
    organization: OrganizationId,
    id: DomainId,
) -> Result<Option<Domain>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, name, code, created_at, state, verified_at, removal, removing_since
         FROM domains WHERE id = $1 AND organization_id = $2 FOR UPDATE",
        id.uuid(),
        organization.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Row::parse)
    .transpose()
}

/// Those of an organization by name, at most `limit`, after a name.
pub async fn list(
    conn: &mut PgConnection,
    organization: OrganizationId,
    after: &str,
    limit: i64,
) -> Result<Vec<Domain>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, organization_id, name, code, created_at, state, verified_at, removal, removing_since
         FROM domains WHERE organization_id = $1 AND name > $2
         ORDER BY name
         LIMIT $3",
        organization.uuid(),
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::parse).collect()
}

/// Whether an organization has verified that very name, and is not removing it.
pub async fn is_verified(
    conn: &mut PgConnection,
    organization: OrganizationId,
    name: &DomainName,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM domains WHERE organization_id = $1 AND name = $2 AND state = 'verified'
           ) AS "verified!""#,
        organization.uuid(),
        name.as_str(),
    )
    .fetch_one(conn)
    .await
}

/// The organizations that have verified that very name, the first ones first, at most `limit`. A removal
/// that is under way may fail, so it takes nobody out.
pub async fn organizations(
    conn: &mut PgConnection,
    name: &DomainName,
    limit: i64,
) -> Result<Vec<OrganizationId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT organization_id FROM domains WHERE name = $1 AND verified_at IS NOT NULL
         ORDER BY verified_at, organization_id
         LIMIT $2",
        name.as_str(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Ends a try to remove one by removing it; `false`: the try was overtaken or given up.
pub async fn delete(
    conn: &mut PgConnection,
    domain: &Domain,
    removal: &Removal,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let deleted =
        sqlx::query!("DELETE FROM domains WHERE id = $1 AND removal = $2", domain.id.uuid(), removal.id,)
            .execute(&mut *conn)
            .await?;
    if deleted.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "INSERT INTO removed_domains (id, organization_id, removed_at) VALUES ($1, $2, $3)",
        domain.id.uuid(),
        domain.organization.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// Ends a try to remove one by putting it back. Nothing happens when the try was overtaken or given up.
pub async fn put_back(conn: &mut PgConnection, id: DomainId, removal: &Removal) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE domains
         SET state = CASE WHEN verified_at IS NULL THEN 'unverified' ELSE 'verified' END,
             removal = NULL, removing_since = NULL
         WHERE id = $1 AND removal = $2",
        id.uuid(),
        removal.id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts back what somebody began to remove before an instant and left behind, at most `limit`; how many.
pub async fn put_back_left_behind(
    conn: &mut PgConnection,
    before: OffsetDateTime,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE domains
         SET state = CASE WHEN verified_at IS NULL THEN 'unverified' ELSE 'verified' END,
             removal = NULL, removing_since = NULL
         WHERE id IN (
             SELECT id FROM domains WHERE state = 'removing' AND removing_since <= $1
             ORDER BY removing_since LIMIT $2 FOR UPDATE SKIP LOCKED
         )",
        before,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Whether an organization had one that was removed lately.
pub async fn was_removed(
    conn: &mut PgConnection,
    organization: OrganizationId,
    id: DomainId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM removed_domains WHERE id = $1 AND organization_id = $2
           ) AS "removed!""#,
        id.uuid(),
        organization.uuid(),
    )
    .fetch_one(conn)
    .await
}

/// Forgets what was removed before an instant, at most `limit`; how many there were.
pub async fn forget_removed(
    conn: &mut PgConnection,
    before: OffsetDateTime,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM removed_domains WHERE id IN (
             SELECT id FROM removed_domains WHERE removed_at <= $1
             ORDER BY removed_at LIMIT $2 FOR UPDATE SKIP LOCKED
         )",
        before,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
