//! Organizations.

use super::{stored, stored_privileges};
use crate::domain::{key::sort_key, organization::Organization};
use pass_types::{AccountId, Membership, OrganizationId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Stores a new one; `false`: another one has its Space Key.
pub async fn insert(conn: &mut PgConnection, organization: &Organization) -> Result<bool, sqlx::Error> {
    let Organization { id, name, space_key, created_at } = organization;
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
    let row = sqlx::query!("SELECT name, space_key, created_at FROM organizations WHERE id = $1", id.uuid())
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        Ok(Organization {
            id,
            name: stored(&row.name)?,
            space_key: stored(&row.space_key)?,
            created_at: row.created_at,
        })
    })
    .transpose()
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
        "SELECT o.id, o.name, o.name_key, o.space_key, o.created_at, m.role, m.privileges
         FROM members m JOIN organizations o ON o.id = m.organization_id
         WHERE m.account_id = $1 AND (o.name_key, o.id) > ($2, $3)
         ORDER BY o.name_key, o.id
         LIMIT $4",
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
