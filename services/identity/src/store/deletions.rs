//! Deletions of Nulab Accounts that are under way.

use super::{managed_accounts::Lease, stored};
use crate::domain::deletion::Deletion;
use pass_types::{AccountId, Email};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Writes down that one begins; its number. `None`: one is under way already. The account is locked by the caller.
pub async fn begin(
    db: &mut PgConnection,
    account: AccountId,
    lease: Lease,
) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO account_deletions AS known (account_id, attempt, worker, lease_until) VALUES ($1, 1, $2, $3)
         ON CONFLICT (account_id) DO UPDATE
             SET attempt = known.attempt + 1, worker = EXCLUDED.worker, lease_until = EXCLUDED.lease_until
             WHERE known.worker IS NULL
         RETURNING attempt",
        account.uuid(),
        lease.worker,
        lease.until,
    )
    .fetch_optional(db)
    .await
}

/// Gives it to `next`, or (`None`) to nobody because it was refused, if `worker` has it still.
pub async fn hand_over(
    db: &mut PgConnection,
    account: AccountId,
    worker: Uuid,
    next: Option<Lease>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE account_deletions SET worker = $3, lease_until = $4 WHERE account_id = $1 AND worker = $2",
        account.uuid(),
        worker,
        next.map(|lease| lease.worker),
        next.map(|lease| lease.until),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One that was left half-way and whose lease is over, for a new worker; of several, each gets another one.
pub async fn take_over(
    db: &mut PgConnection,
    now: OffsetDateTime,
    lease: Lease,
) -> Result<Option<Deletion>, sqlx::Error> {
    let row = sqlx::query!(
        "UPDATE account_deletions d SET worker = $2, lease_until = $3
         FROM accounts a
         WHERE a.id = d.account_id AND d.account_id =
            (SELECT account_id FROM account_deletions WHERE lease_until <= $1
             ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING d.account_id, d.attempt, a.email",
        now,
        lease.worker,
        lease.until,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Deletion { account: row.account_id.into(), email: stored(&row.email)?, attempt: row.attempt })
    })
    .transpose()
}

/// How many legacy spaces are connected to the account.
pub async fn connected_spaces(db: &mut PgConnection, account: AccountId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM space_links WHERE account_id = $1"#,
        account.uuid()
    )
    .fetch_one(db)
    .await
}

/// Keeps everybody from adding anything to the account, a session for instance, until it is gone: whoever has begun to is
/// through by then.
pub async fn seize(db: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT id FROM accounts WHERE id = $1 FOR UPDATE", account.uuid())
        .fetch_optional(db)
        .await?;
    Ok(())
}

/// Erases what is kept under an address rather than under an account: wishes for a Nulab Account and for another password,
/// and other accounts' wishes for this address.
pub async fn forget_address(db: &mut PgConnection, email: &Email) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM sign_ups WHERE email_key = $1", email.key()).execute(&mut *db).await?;
    super::email_changes::forget_open_to(db, email).await?;
    super::password_resets::forget(db, email).await
}
