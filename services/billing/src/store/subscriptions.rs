//! Subscriptions.

use crate::domain::subscription::Subscription;
use pass_types::OrganizationId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row of `subscriptions`, as far as rules look at it.
struct Row {
    organization_id: Uuid,
    application_id: Uuid,
    trial_started_at: OffsetDateTime,
    trial_ends_at: OffsetDateTime,
    seats: i32,
    seats_used: i32,
}

impl From<Row> for Subscription {
    fn from(row: Row) -> Self {
        let Row { organization_id, application_id, trial_started_at, trial_ends_at, seats, seats_used } = row;
        Self {
            organization: organization_id.into(),
            application: application_id.into(),
            trial_started_at,
            trial_ends_at,
            seats,
            seats_used,
        }
    }
}

/// Stores a new one; `false`: the organization has had its trial.
pub async fn insert(conn: &mut PgConnection, subscription: &Subscription) -> Result<bool, sqlx::Error> {
    let Subscription { organization, application, trial_started_at, trial_ends_at, seats, seats_used } =
        subscription;
    let inserted = sqlx::query!(
        "INSERT INTO subscriptions (organization_id, application_id, trial_started_at, trial_ends_at,
             seats, seats_used)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (organization_id) DO NOTHING",
        organization.uuid(),
        application.uuid(),
        trial_started_at,
        trial_ends_at,
        seats,
        seats_used,
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// An organization's.
pub async fn find(
    conn: &mut PgConnection,
    organization: OrganizationId,
) -> Result<Option<Subscription>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT organization_id, application_id, trial_started_at, trial_ends_at, seats, seats_used
         FROM subscriptions WHERE organization_id = $1",
        organization.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Into::into))
}

/// An organization's, whose seats nobody else takes or frees until the transaction ends.
pub async fn find_locked(
    conn: &mut PgConnection,
    organization: OrganizationId,
) -> Result<Option<Subscription>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT organization_id, application_id, trial_started_at, trial_ends_at, seats, seats_used
         FROM subscriptions WHERE organization_id = $1 FOR UPDATE",
        organization.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Into::into))
}

/// Stores how many seats are used.
pub async fn save(conn: &mut PgConnection, subscription: &Subscription) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE subscriptions SET seats_used = $2 WHERE organization_id = $1",
        subscription.organization.uuid(),
        subscription.seats_used,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Counts one used seat less, whether or not the trial runs.
pub async fn count_freed(conn: &mut PgConnection, organization: OrganizationId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE subscriptions SET seats_used = seats_used - 1 WHERE organization_id = $1",
        organization.uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes down whose end is told now, at most `limit` of those that are over and were not told of.
pub async fn tell_ended(
    conn: &mut PgConnection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<OrganizationId>, sqlx::Error> {
    let told = sqlx::query_scalar!(
        "UPDATE subscriptions SET end_told = true WHERE organization_id IN (
             SELECT organization_id FROM subscriptions WHERE NOT end_told AND trial_ends_at <= $1
             ORDER BY trial_ends_at LIMIT $2 FOR UPDATE SKIP LOCKED
         )
         RETURNING organization_id",
        now,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(told.into_iter().map(Into::into).collect())
}
