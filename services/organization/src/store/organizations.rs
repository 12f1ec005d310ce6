//! Organizations.

use super::{stored, stored_privileges};
use crate::domain::{key::sort_key, organization::Organization};
use pass_types::{AccountId, Membership, OrganizationHandle, OrganizationId, SpaceKey};
use sqlx::PgConnection;
use uuid::Uuid;

/// Stores a new one; `false`: another one has its Space Key.
pub async fn insert(conn: &mut PgConnection, organization: &Organization) -> Result<bool, sqlx::Error> {
    // A new one has no Organization ID.
    let Organization { id, name, space_key, handle: _, created_at } = organization;
    let inserted = sqlx::query!(
        "INSERT INTO organizations (id, name, name_key, space_key, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT organizations_space_key DO NOTHING",
        id.uuid(),
        name.as_str(),
        sort_key(name.as_str()),
        space_key.as_str(),
        created_at,
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// One by its id.
pub async fn find(conn: &mut PgConnection, id: OrganizationId) -> Result<Option<Organization>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT o.name, o.space_key, o.created_at, h.handle AS "handle?"
           FROM organizations o
           LEFT JOIN organization_handles h ON h.organization_id = o.id AND h.current
           WHERE o.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Organization {
            id,
            name: stored(&row.name)?,
            space_key: stored(&row.space_key)?,
            handle: row.handle.as_deref().map(stored).transpose()?,
            created_at: row.created_at,
        })
    })
    .transpose()
}

/// Keeps others from deciding about its members, its teams or its Organization ID until the transaction ends;
/// `false`: there is no such organization.
pub async fn lock(conn: &mut PgConnection, id: OrganizationId) -> Result<bool, sqlx::Error> {
    let row = sqlx::query!("SELECT id FROM organizations WHERE id = $1 FOR NO KEY UPDATE", id.uuid())
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

/// Whose Space Key it is.
pub async fn of_space_key(
    conn: &mut PgConnection,
    key: &SpaceKey,
) -> Result<Option<OrganizationId>, sqlx::Error> {
    let id = sqlx::query_scalar!("SELECT id FROM organizations WHERE space_key = $1", key.as_str())
        .fetch_optional(conn)
        .await?;
    Ok(id.map(Into::into))
}

/// Whose Organization ID it is now.
pub async fn of_handle(
    conn: &mut PgConnection,
    handle: &OrganizationHandle,
) -> Result<Option<OrganizationId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT organization_id FROM organization_handles WHERE handle = $1 AND current",
        handle.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(Into::into))
}

/// An organization that an account is a member of, and where it is in the list.
#[derive(Debug)]
pub struct Mine {
    /// The organization.
    pub organization: Organization,
    /// The account's place in it.
    pub membership: Membership,
    /// Its position, to go on after.
    pub position: (String, Uuid),
}

/// An account's organizations by name, at most `limit`, after a position.
pub async fn list_of(
    conn: &mut PgConnection,
    account: AccountId,
    after: &(String, Uuid),
    limit: i64,
) -> Result<Vec<Mine>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT o.id, o.name, o.name_key, o.space_key, o.created_at, h.handle AS "handle?",
               m.role, m.privileges
           FROM members m
           JOIN organizations o ON o.id = m.organization_id
           LEFT JOIN organization_handles h ON h.organization_id = o.id AND h.current
           WHERE m.account_id = $1 AND NOT m.suspended AND (o.name_key, o.id) > ($2, $3)
           ORDER BY o.name_key, o.id
           LIMIT $4"#,
        account.uuid(),
        after.0,
        after.1,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Mine {
                organization: Organization {
                    id: row.id.into(),
                    name: stored(&row.name)?,
                    space_key: stored(&row.space_key)?,
                    handle: row.handle.as_deref().map(stored).transpose()?,
                    created_at: row.created_at,
                },
                membership: Membership {
                    organization: row.id.into(),
                    role: stored(&row.role)?,
                    privileges: stored_privileges(&row.privileges)?,
                },
                position: (row.name_key, row.id),
            })
        })
        .collect()
}
