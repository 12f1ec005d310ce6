//! Recovery codes that were not used, by their hashes.

use pass_types::AccountId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Gives an account these, in place of all that it has.
pub async fn replace(
    db: &mut PgConnection,
    account: AccountId,
    hashes: &[Vec<u8>],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    remove_all(db, account).await?;
    sqlx::query!(
        "INSERT INTO recovery_codes (account_id, code_hash, made_at)
         SELECT $1, code_hash, $3 FROM unnest($2::bytea[]) AS code_hash",
        account.uuid(),
        hashes,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses one up. False when it is none: of two at once, one gets it.
pub async fn use_up(db: &mut PgConnection, account: AccountId, hash: &[u8]) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM recovery_codes WHERE account_id = $1 AND code_hash = $2",
        account.uuid(),
        hash,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many an account has.
pub async fn count(db: &mut PgConnection, account: AccountId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM recovery_codes WHERE account_id = $1"#,
        account.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Removes those of an account's that were made at `since` or later.
pub async fn remove_since(
    db: &mut PgConnection,
    account: AccountId,
    since: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM recovery_codes WHERE account_id = $1 AND made_at >= $2", account.uuid(), since)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes all of an account's.
pub async fn remove_all(db: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM recovery_codes WHERE account_id = $1", account.uuid()).execute(db).await?;
    Ok(())
}
