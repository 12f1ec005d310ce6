//! Versions of connections.

use crate::{
    domain::saml::{Connection, ConnectionState, Settings},
    store::stored,
};
use pass_saml::Certificate;
use pass_types::{OrganizationId, SamlConnectionId, SpaceKey};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    organization_id: Uuid,
    space_key: String,
    state: String,
    idp_entity_id: String,
    sso_url: String,
    certificates: Vec<Vec<u8>>,
    sign_requests: bool,
    allow_idp_initiated: bool,
    created_at: OffsetDateTime,
    tested_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Connection {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let certificates = row.certificates.into_iter().map(Certificate::from_der).collect::<Result<_, _>>();
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            space_key: stored(&row.space_key)?,
            state: stored(&row.state)?,
            settings: Settings {
                idp_entity_id: row.idp_entity_id,
                sso_url: row.sso_url,
                certificates: certificates.map_err(|problem| sqlx::Error::Decode(problem.into()))?,
                sign_requests: row.sign_requests,
                allow_idp_initiated: row.allow_idp_initiated,
            },
            created_at: row.created_at,
            tested_at: row.tested_at,
        })
    }
}

/// Keeps others from changing an organization's connections until the transaction ends.
pub async fn lock(db: &mut PgConnection, organization: OrganizationId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('saml_connections/' || $1, 0))",
        organization.to_string(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds a version.
pub async fn insert(db: &mut PgConnection, connection: &Connection) -> Result<(), sqlx::Error> {
    let settings = &connection.settings;
    let certificates: Vec<Vec<u8>> = settings.certificates.iter().map(|it| it.der().to_vec()).collect();
    sqlx::query!(
        "INSERT INTO saml_connections
            (id, organization_id, space_key, state, idp_entity_id, sso_url, certificates, sign_requests,
             allow_idp_initiated, created_at, tested_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        connection.id.uuid(),
        connection.organization.uuid(),
        connection.space_key.as_str(),
        connection.state.as_str(),
        settings.idp_entity_id,
        settings.sso_url,
        &certificates,
        settings.sign_requests,
        settings.allow_idp_initiated,
        connection.created_at,
        connection.tested_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes an organization's draft, and with it its tests.
pub async fn remove_draft(db: &mut PgConnection, organization: OrganizationId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM saml_connections WHERE organization_id = $1 AND state = 'draft'",
        organization.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One version of an organization's.
pub async fn find(
    db: &mut PgConnection,
    organization: OrganizationId,
    id: SamlConnectionId,
) -> Result<Option<Connection>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, space_key, state, idp_entity_id, sso_url, certificates, sign_requests,
            allow_idp_initiated, created_at, tested_at
         FROM saml_connections WHERE organization_id = $1 AND id = $2",
        organization.uuid(),
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(Connection::try_from)
    .transpose()
}

/// An organization's draft, or its connection in force.
pub async fn current(
    db: &mut PgConnection,
    organization: OrganizationId,
    state: ConnectionState,
) -> Result<Option<Connection>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, space_key, state, idp_entity_id, sso_url, certificates, sign_requests,
            allow_idp_initiated, created_at, tested_at
         FROM saml_connections WHERE organization_id = $1 AND state = $2
         ORDER BY id DESC LIMIT 1",
        organization.uuid(),
        state.as_str(),
    )
    .fetch_optional(db)
    .await?
    .map(Connection::try_from)
    .transpose()
}

/// The connection in force of the organization with this Space Key.
pub async fn in_force(
    db: &mut PgConnection,
    space_key: &SpaceKey,
) -> Result<Option<Connection>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, space_key, state, idp_entity_id, sso_url, certificates, sign_requests,
            allow_idp_initiated, created_at, tested_at
         FROM saml_connections WHERE space_key = $1 AND state = 'active'",
        space_key.as_str(),
    )
    .fetch_optional(db)
    .await?
    .map(Connection::try_from)
    .transpose()
}

/// The organization with this Space Key, if it has, had or sets up a connection.
pub async fn organization(
    db: &mut PgConnection,
    space_key: &SpaceKey,
) -> Result<Option<OrganizationId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT organization_id FROM saml_connections WHERE space_key = $1 LIMIT 1",
        space_key.as_str(),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(OrganizationId::from))
}

/// Those of the organizations that have a connection in force.
pub async fn connected(
    db: &mut PgConnection,
    organizations: &[OrganizationId],
) -> Result<Vec<OrganizationId>, sqlx::Error> {
    let ids: Vec<Uuid> = organizations.iter().map(|id| id.uuid()).collect();
    let found = sqlx::query_scalar!(
        "SELECT organization_id FROM saml_connections WHERE organization_id = ANY($1) AND state = 'active'",
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().map(OrganizationId::from).collect())
}

/// Puts one into another state.
pub async fn set_state(
    db: &mut PgConnection,
    id: SamlConnectionId,
    state: ConnectionState,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE saml_connections SET state = $2 WHERE id = $1", id.uuid(), state.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that one passed a test.
pub async fn tested(
    db: &mut PgConnection,
    id: SamlConnectionId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE saml_connections SET tested_at = $2 WHERE id = $1", id.uuid(), now)
        .execute(db)
        .await?;
    Ok(())
}
