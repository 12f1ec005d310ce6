//! Spaces of organizations.

use super::stored;
use crate::domain::organization::{Space, SpaceState};
use pass_types::{OrganizationId, Product};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Why a Space was not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// The organization has or had the product.
    #[error("the organization has a Space of this product")]
    OneTrial,
    /// Another organization's Space of the product has the id.
    #[error("the Space ID is taken")]
    SpaceId,
    /// The database refused.
    #[error("storing a Space")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for InsertError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|error| error.constraint()) {
            Some("spaces_one_trial") => Self::OneTrial,
            Some("spaces_space_id") => Self::SpaceId,
            _ => Self::Database(error),
        }
    }
}

/// The word for a state in the database.
pub(super) fn state_word(state: SpaceState) -> &'static str {
    match state {
        SpaceState::Trial => "trial",
        SpaceState::Active => "active",
        SpaceState::Ended => "ended",
    }
}

/// The state for a word of the database.
pub(super) fn state_of(word: &str) -> Result<SpaceState, sqlx::Error> {
    match word {
        "trial" => Ok(SpaceState::Trial),
        "active" => Ok(SpaceState::Active),
        "ended" => Ok(SpaceState::Ended),
        _ => Err(sqlx::Error::Decode("unknown state of a Space".into())),
    }
}

/// Stores a new one.
pub async fn insert(conn: &mut PgConnection, space: &Space, now: OffsetDateTime) -> Result<(), InsertError> {
    let Space { organization, product, id, plan, recorded, trial_ends_at } = space;
    sqlx::query!(
        "INSERT INTO spaces (organization_id, product, space_id, plan, state, trial_ends_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        organization.uuid(),
        product.as_str(),
        id.as_str(),
        plan.as_str(),
        state_word(*recorded),
        trial_ends_at,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All of an organization: at most one a product.
pub async fn list(conn: &mut PgConnection, organization: OrganizationId) -> Result<Vec<Space>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT product, space_id, plan, state, trial_ends_at FROM spaces
         WHERE organization_id = $1 ORDER BY product",
        organization.uuid(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Space {
                organization,
                product: stored(&row.product)?,
                id: stored(&row.space_id)?,
                plan: stored(&row.plan)?,
                recorded: state_of(&row.state)?,
                trial_ends_at: row.trial_ends_at,
            })
        })
        .collect()
}

/// An organization's Space of a product.
pub async fn find(
    conn: &mut PgConnection,
    organization: OrganizationId,
    product: Product,
) -> Result<Option<Space>, sqlx::Error> {
    let spaces = list(conn, organization).await?;
    Ok(spaces.into_iter().find(|space| space.product == product))
}

/// Whether an organization has a product, whose trial or plan has not ended.
pub async fn any(
    conn: &mut PgConnection,
    organization: OrganizationId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let spaces = list(conn, organization).await?;
    Ok(spaces.iter().any(|space| space.state(now) != SpaceState::Ended))
}
