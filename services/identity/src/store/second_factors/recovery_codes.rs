//! Recovery codes that were not used, by their hashes.

use crate::domain::login_alert::Disowned;
use pass_types::{AccountId, SessionId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Gives an account these, by a session, in place of all that it has.
pub async fn replace(
    db: &mut PgConnection,
    (account, session): (AccountId, SessionId),
    hashes: &[Vec<u8>],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    remove_all(db, account).await?;
    sqlx::query!(
        "INSERT INTO recovery_codes (account_id, code_hash, made_at, session_id)
         SELECT $1, code_hash, $3, $4 FROM unnest($2::bytea[]) AS code_hash",
        account.uuid(),
        hashes,
        now,
        session.uuid(),
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

/// Removes those that were disowned; whether there were any.
pub async fn remove_disowned(db: &mut PgConnection, disowned: &Disowned) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM recovery_codes WHERE account_id = $1
            AND (COALESCE(session_id = $2, made_at >= $3) OR made_at >= $4)
            AND COALESCE(made_at < $5, true)",
        disowned.account.uuid(),
        disowned.session.map(SessionId::uuid),
        disowned.since,
        disowned.moved_at,
        disowned.until,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes all of an account's.
pub async fn remove_all(db: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM recovery_codes WHERE account_id = $1", account.uuid()).execute(db).await?;
    Ok(())
}
