//! Members that are Managed Accounts, and the newest change of each.

use crate::domain::managed::{Attempt, Change, Seen};
use pass_types::{AccountId, Email, OrganizationId};
use sqlx::PgConnection;

/// The word for a change in the database.
fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Resumed => "resumed",
        Change::Suspended => "suspended",
        Change::Removed => "removed",
    }
}

/// The change for a word of the database.
fn change_of(word: &str) -> Result<Change, sqlx::Error> {
    match word {
        "added" => Ok(Change::Added),
        "resumed" => Ok(Change::Resumed),
        "suspended" => Ok(Change::Suspended),
        "removed" => Ok(Change::Removed),
        _ => Err(sqlx::Error::Decode("unknown change of a managed member".into())),
    }
}

/// The newest change that was seen of an account, and of which organization it was.
pub async fn seen(
    conn: &mut PgConnection,
    account: AccountId,
) -> Result<Option<(OrganizationId, Seen)>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT organization_id, attempt, change FROM managed_member_attempts WHERE account_id = $1",
        account.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let attempt = Attempt::new(row.attempt)
            .ok_or_else(|| sqlx::Error::Decode("an attempt that is not positive".into()))?;
        Ok((row.organization_id.into(), Seen { attempt, change: change_of(&row.change)? }))
    })
    .transpose()
}

/// Remembers the newest change of an account; `false`: another organization's change of it was remembered
/// meanwhile.
pub async fn remember(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
    seen: Seen,
) -> Result<bool, sqlx::Error> {
    let remembered = sqlx::query!(
        "INSERT INTO managed_member_attempts AS known (account_id, organization_id, attempt, change)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (account_id) DO UPDATE SET attempt = EXCLUDED.attempt, change = EXCLUDED.change
         WHERE known.organization_id = EXCLUDED.organization_id",
        account.uuid(),
        organization.uuid(),
        seen.attempt.number(),
        word(seen.change),
    )
    .execute(conn)
    .await?;
    Ok(remembered.rows_affected() == 1)
}

/// Whether a Nulab Account that is a member has the address.
pub async fn nulab_has_email(
    conn: &mut PgConnection,
    organization: OrganizationId,
    email: &Email,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM members WHERE organization_id = $1 AND email_key = $2 AND kind = 'nulab'
         ) AS "exists!""#,
        organization.uuid(),
        email.key(),
    )
    .fetch_one(conn)
    .await
}

/// Removes the member with all that hangs on it; `false`: there was none.
pub async fn remove(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query!(
        "DELETE FROM members WHERE organization_id = $1 AND account_id = $2 AND kind = 'managed'",
        organization.uuid(),
        account.uuid(),
    )
    .execute(conn)
    .await?;
    Ok(removed.rows_affected() == 1)
}

/// Suspends the member, or no more; whether that changed anything. `None`: there is no such member.
pub async fn set_suspended(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
    suspended: bool,
) -> Result<Option<bool>, sqlx::Error> {
    let was = sqlx::query_scalar!(
        "SELECT suspended FROM members
         WHERE organization_id = $1 AND account_id = $2 AND kind = 'managed' FOR NO KEY UPDATE",
        organization.uuid(),
        account.uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(was) = was else { return Ok(None) };
    sqlx::query!(
        "UPDATE members SET suspended = $3 WHERE organization_id = $1 AND account_id = $2",
        organization.uuid(),
        account.uuid(),
        suspended,
    )
    .execute(conn)
    .await?;
    Ok(Some(was != suspended))
}
