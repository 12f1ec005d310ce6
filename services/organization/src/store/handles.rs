//! Organization IDs, in use and given up (ORG-3).

use pass_types::{OrganizationHandle, OrganizationId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What an organization has had.
#[derive(Debug, Clone, Copy)]
pub struct History {
    /// How many Organization IDs, the one in use included.
    pub count: i64,
    /// Whether the one that was asked for is among them.
    pub has_had: bool,
}

/// Which Organization IDs an organization has had. It stays so while the caller holds the organization's row.
pub async fn history(
    conn: &mut PgConnection,
    organization: OrganizationId,
    handle: &OrganizationHandle,
) -> Result<History, sqlx::Error> {
    sqlx::query_as!(
        History,
        r#"SELECT count(*) AS "count!", coalesce(bool_or(handle = $2), false) AS "has_had!"
           FROM organization_handles WHERE organization_id = $1"#,
        organization.uuid(),
        handle.as_str(),
    )
    .fetch_one(conn)
    .await
}

/// Makes the Organization ID the organization's, and keeps the one that it had as its history; `false`: it
/// is, or was, another organization's. The caller holds the organization's row.
///
/// Of what others may hold, this waits only for one that is taking the same Organization ID for the first
/// time, so that two organizations never wait for each other.
pub async fn take(
    conn: &mut PgConnection,
    organization: OrganizationId,
    handle: &OrganizationHandle,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    sqlx::query!(
        "INSERT INTO organization_handles (handle, organization_id, current, first_taken_at)
         VALUES ($1, $2, false, $3)
         ON CONFLICT (handle) DO NOTHING",
        handle.as_str(),
        organization.uuid(),
        now,
    )
    .execute(&mut *conn)
    .await?;
    let owner = sqlx::query_scalar!(
        "SELECT organization_id FROM organization_handles WHERE handle = $1",
        handle.as_str(),
    )
    .fetch_one(&mut *conn)
    .await?;
    if owner != organization.uuid() {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE organization_handles SET current = false WHERE organization_id = $1 AND current",
        organization.uuid(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("UPDATE organization_handles SET current = true WHERE handle = $1", handle.as_str())
        .execute(conn)
        .await?;
    Ok(true)
}
