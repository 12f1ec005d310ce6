//! What access decisions are made from: one query for most, two at most.

use super::{spaces::state_of, stored};
use crate::domain::{
    access::Place,
    organization::{Organization, Space},
};
use pass_types::{AccountId, OrganizationId, Product, SpaceId};
use sqlx::PgConnection;

/// A member's place in an organization, and one product there.
pub async fn place(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
    product: Product,
) -> Result<Option<Place>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT o.name, o.space_key, o.created_at, h.handle AS "handle?", m.role, m.suspended,
               s.space_id AS "space_id?", s.plan AS "plan?", s.state AS "state?",
               s.trial_ends_at AS "trial_ends_at?",
               x.account_id IS NOT NULL AS "switched_off!"
           FROM members m
           JOIN organizations o ON o.id = m.organization_id
           LEFT JOIN organization_handles h ON h.organization_id = o.id AND h.current
           LEFT JOIN spaces s ON s.organization_id = m.organization_id AND s.product = $3
           LEFT JOIN products_off x ON x.organization_id = m.organization_id
               AND x.account_id = m.account_id AND x.product = $3
           WHERE m.organization_id = $1 AND m.account_id = $2"#,
        organization.uuid(),
        account.uuid(),
        product.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let space = match (row.space_id, row.plan, row.state, row.trial_ends_at) {
        (Some(id), Some(plan), Some(state), Some(trial_ends_at)) => Some(Space {
            organization,
            product,
            id: stored(&id)?,
            plan: stored(&plan)?,
            recorded: state_of(&state)?,
            trial_ends_at,
        }),
        _ => None,
    };
    Ok(Some(Place {
        organization: Organization {
            id: organization,
            name: stored(&row.name)?,
            space_key: stored(&row.space_key)?,
            handle: row.handle.as_deref().map(stored).transpose()?,
            created_at: row.created_at,
        },
        role: stored(&row.role)?,
        suspended: row.suspended,
        space,
        switched_off: row.switched_off,
    }))
}

/// Whether any organization has this Space.
pub async fn space_exists(
    conn: &mut PgConnection,
    product: Product,
    id: &SpaceId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM spaces WHERE product = $1 AND space_id = $2) AS "exists!""#,
        product.as_str(),
        id.as_str(),
    )
    .fetch_one(conn)
    .await
}
