//! Signing keys, sealed.

use crate::domain::keys::Times;
use sqlx::PgConnection;

/// A signing key as it is kept.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Its `kid`.
    pub key_id: String,
    /// Coordinate (RFC 7518, 6.2.1).
    pub x: String,
    /// Coordinate.
    pub y: String,
    /// The private half: nonce and ciphertext.
    pub sealed: Vec<u8>,
    /// Which key sealed it.
    pub sealed_by: String,
    /// When it is made and used.
    pub times: Times,
}

/// Lets one replica at a time, until the transaction ends, think about new keys.
pub async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('signing_keys'))").execute(connection).await?;
    Ok(())
}

/// All keys, in order of their sign times.
pub async fn all(connection: &mut PgConnection) -> sqlx::Result<Vec<StoredKey>> {
    let rows = sqlx::query!(
        "SELECT key_id, x, y, sealed, sealed_by, create_time, sign_time FROM signing_keys ORDER BY sign_time",
    )
    .fetch_all(connection)
    .await?;
    let sealed = rows.into_iter().map(|row| StoredKey {
        key_id: row.key_id,
        x: row.x,
        y: row.y,
        sealed: row.sealed,
        sealed_by: row.sealed_by,
        times: Times { create: row.create_time, sign: row.sign_time },
    });
    Ok(sealed.collect())
}

/// Keeps a new key.
pub async fn insert(connection: &mut PgConnection, key: &StoredKey) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO signing_keys (key_id, x, y, sealed, sealed_by, create_time, sign_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        key.key_id,
        key.x,
        key.y,
        key.sealed,
        key.sealed_by,
        key.times.create,
        key.times.sign,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps a key sealed anew.
pub async fn reseal(connection: &mut PgConnection, key: &StoredKey) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE signing_keys SET sealed = $2, sealed_by = $3 WHERE key_id = $1",
        key.key_id,
        key.sealed,
        key.sealed_by,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes a key that is over.
pub async fn delete(connection: &mut PgConnection, key_id: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM signing_keys WHERE key_id = $1", key_id).execute(connection).await?;
    Ok(())
}
