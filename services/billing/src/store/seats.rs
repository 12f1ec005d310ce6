//! Where accounts stand with their seats.

use crate::domain::seat::{Attempt, Seat};
use pass_types::{AccountId, OrganizationId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Where an account stands in an organization; nobody else changes it until the transaction ends. One
/// that was never seen gets a row to lock, which has to be saved or rolled back.
pub async fn lock(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Seat, sqlx::Error> {
    let row = sqlx::query!(
        "INSERT INTO seats AS seat (organization_id, account_id, attempt, state, changed_at)
         VALUES ($1, $2, 0, 'freed', $3)
         ON CONFLICT (organization_id, account_id) DO UPDATE SET changed_at = seat.changed_at
         RETURNING attempt, state",
        organization.uuid(),
        account.uuid(),
        now,
    )
    .fetch_one(conn)
    .await?;
    let Ok(attempt) = Attempt::try_from(row.attempt) else { return Ok(Seat::Unseen) };
    match row.state.as_str() {
        "taken" => Ok(Seat::Taken(attempt)),
        "freed" => Ok(Seat::Freed(attempt)),
        _ => Err(sqlx::Error::Decode("unknown state of a seat".into())),
    }
}

/// Stores where an account stands now; its row is locked.
pub async fn save(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
    seat: Seat,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let (attempt, state) = match seat {
        Seat::Unseen => (0, "freed"),
        Seat::Taken(attempt) => (attempt.number(), "taken"),
        Seat::Freed(attempt) => (attempt.number(), "freed"),
    };
    sqlx::query!(
        "UPDATE seats SET attempt = $3, state = $4, changed_at = $5
         WHERE organization_id = $1 AND account_id = $2",
        organization.uuid(),
        account.uuid(),
        attempt,
        state,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
