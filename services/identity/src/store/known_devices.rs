//! Browsers and coarse networks that accounts were signed in to from.

use crate::domain::device::Familiar;
use pass_types::{AccountId, SecretHash};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What the account knows of the browser and its network.
pub async fn familiar(
    db: &mut PgConnection,
    account: AccountId,
    device: &SecretHash,
    network: &str,
) -> Result<Familiar, sqlx::Error> {
    sqlx::query_as!(
        Familiar,
        r#"SELECT
            EXISTS (SELECT FROM known_devices WHERE account_id = $1 AND device_hash = $2) AS "device!",
            EXISTS (SELECT FROM known_devices WHERE account_id = $1 AND network = $3) AS "network!""#,
        account.uuid(),
        device.as_bytes(),
        network,
    )
    .fetch_one(db)
    .await
}

/// What an account knew before it saw a browser.
pub struct Before {
    /// The browser, in whichever network.
    pub device: bool,
    /// The network, with whichever browser.
    pub network: bool,
    /// The two together.
    pub pair: bool,
}

/// Notes that the account was signed in to with this browser in this network; what it knew of them before.
pub async fn see(
    db: &mut PgConnection,
    account: AccountId,
    device: &SecretHash,
    network: &str,
    now: OffsetDateTime,
) -> Result<Before, sqlx::Error> {
    // What the first part writes the second does not see.
    sqlx::query_as!(
        Before,
        r#"WITH seen AS (
            INSERT INTO known_devices (account_id, device_hash, network, first_seen_at, last_seen_at)
            VALUES ($1, $2, $3, $4, $4)
            ON CONFLICT (account_id, device_hash, network) DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at)
         SELECT
            EXISTS (SELECT FROM known_devices WHERE account_id = $1 AND device_hash = $2) AS "device!",
            EXISTS (SELECT FROM known_devices WHERE account_id = $1 AND network = $3) AS "network!",
            EXISTS (SELECT FROM known_devices
                    WHERE account_id = $1 AND device_hash = $2 AND network = $3) AS "pair!""#,
        account.uuid(),
        device.as_bytes(),
        network,
        now,
    )
    .fetch_one(db)
    .await
}

/// Forgets what the account saw longest ago, so that `most` are left.
pub async fn trim(db: &mut PgConnection, account: AccountId, most: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM known_devices WHERE (account_id, device_hash, network) IN
            (SELECT account_id, device_hash, network FROM known_devices WHERE account_id = $1
             ORDER BY last_seen_at DESC, first_seen_at DESC OFFSET $2)",
        account.uuid(),
        most,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The browsers that the account knows.
pub async fn of(db: &mut PgConnection, account: AccountId) -> Result<Vec<SecretHash>, sqlx::Error> {
    let hashes = sqlx::query_scalar!(
        "SELECT DISTINCT device_hash FROM known_devices WHERE account_id = $1",
        account.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(hashes.iter().filter_map(|hash| SecretHash::from_bytes(hash)).collect())
}

/// Forgets all that the account knows.
pub async fn forget(db: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM known_devices WHERE account_id = $1", account.uuid()).execute(db).await?;
    Ok(())
}

/// Removes up to `most` of those that were not seen since `before`; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM known_devices WHERE (account_id, device_hash, network) IN
            (SELECT account_id, device_hash, network FROM known_devices
             WHERE last_seen_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
