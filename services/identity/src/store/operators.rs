//! Staff of the company that runs the suite.

use pass_types::AccountId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Adds one. False when the account was one before.
pub async fn add(
    db: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO operators (account_id, added_at) VALUES ($1, $2) ON CONFLICT (account_id) DO NOTHING",
        account.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes one. False when the account was none.
pub async fn remove(db: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query!("DELETE FROM operators WHERE account_id = $1", account.uuid()).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
