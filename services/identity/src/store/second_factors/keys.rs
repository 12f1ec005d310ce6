//! Security keys and passkeys, and challenges for new ones.

use crate::{
    domain::{login_alert::Disowned, second_factor::SecurityKey},
    store::stored,
};
use pass_types::{AccountId, SecurityKeyId, SessionId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    name: String,
    passkey: bool,
    created_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for SecurityKey {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id.into(),
            name: stored(&row.name)?,
            passkey: row.passkey,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        })
    }
}

/// What a key signs with, as far as it is known here.
pub struct Credential {
    /// Whose id it is in WebAuthn.
    pub id: Vec<u8>,
    /// As webauthn-rs writes it.
    pub json: String,
    /// The signature counter.
    pub counter: u32,
}

/// Adds one, by a session. False when its credential is somebody's already.
pub async fn insert(
    db: &mut PgConnection,
    (account, session): (AccountId, SessionId),
    key: &SecurityKey,
    credential: &Credential,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO security_keys
            (id, account_id, credential_id, credential, counter, name, passkey, created_at, session_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (credential_id) DO NOTHING",
        key.id.uuid(),
        account.uuid(),
        credential.id,
        credential.json,
        i64::from(credential.counter),
        key.name.as_str(),
        key.passkey,
        key.created_at,
        session.uuid(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An account's, oldest first.
pub async fn of(db: &mut PgConnection, account: AccountId) -> Result<Vec<SecurityKey>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, name, passkey, created_at, last_used_at FROM security_keys WHERE account_id = $1 ORDER BY id",
        account.uuid(),
    )
    .fetch_all(db)
    .await?
    .into_iter()
    .map(SecurityKey::try_from)
    .collect()
}

/// The credentials of an account's keys.
pub async fn credentials(db: &mut PgConnection, account: AccountId) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT credential FROM security_keys WHERE account_id = $1 ORDER BY id",
        account.uuid(),
    )
    .fetch_all(db)
    .await
}

/// The credential of an account's passkey that signs in alone. `None`: it has no such one.
pub async fn passkey(
    db: &mut PgConnection,
    account: AccountId,
    credential_id: &[u8],
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT credential FROM security_keys WHERE account_id = $1 AND credential_id = $2 AND passkey AND signs_in",
        account.uuid(),
        credential_id,
    )
    .fetch_optional(db)
    .await
}

/// Notes the use of an account's key. False when it is not one, or its counter has not grown: then there may be a
/// copy of it. Keys without a counter always say 0.
pub async fn used(
    db: &mut PgConnection,
    account: AccountId,
    credential: &Credential,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE security_keys SET credential = $3, counter = $4, last_used_at = $5, signs_in = true
         WHERE account_id = $1 AND credential_id = $2 AND (counter < $4 OR (counter = 0 AND $4 = 0))",
        account.uuid(),
        credential.id,
        credential.json,
        i64::from(credential.counter),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Has an account's passkeys sign in alone no more, until each was used beside the password.
pub async fn distrust(db: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE security_keys SET signs_in = false WHERE account_id = $1", account.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// Removes an account's key; which it was.
pub async fn remove(
    db: &mut PgConnection,
    account: AccountId,
    id: SecurityKeyId,
) -> Result<Option<SecurityKey>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "DELETE FROM security_keys WHERE account_id = $1 AND id = $2
         RETURNING id, name, passkey, created_at, last_used_at",
        account.uuid(),
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(SecurityKey::try_from)
    .transpose()
}

/// Removes those that were disowned; whether each was a passkey.
pub async fn remove_disowned(db: &mut PgConnection, disowned: &Disowned) -> Result<Vec<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        "DELETE FROM security_keys WHERE account_id = $1
            AND (COALESCE(session_id = $2, created_at >= $3) OR created_at >= $4)
            AND COALESCE(created_at < $5, true)
         RETURNING passkey",
        disowned.account.uuid(),
        disowned.session.map(SessionId::uuid),
        disowned.since,
        disowned.moved_at,
        disowned.until,
    )
    .fetch_all(db)
    .await
}

/// Removes all of an account's.
pub async fn remove_all(db: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM security_keys WHERE account_id = $1", account.uuid()).execute(db).await?;
    Ok(())
}

/// A challenge for a new key.
pub struct Challenge {
    /// As webauthn-rs writes it.
    pub state: String,
    /// For a passkey.
    pub passkey: bool,
}

/// Gives a session a challenge, in place of the one that it may have had.
pub async fn save_challenge(
    db: &mut PgConnection,
    session: SessionId,
    challenge: &Challenge,
    expires_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO key_challenges (session_id, state, passkey, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (session_id) DO UPDATE
         SET state = EXCLUDED.state, passkey = EXCLUDED.passkey, expires_at = EXCLUDED.expires_at",
        session.uuid(),
        challenge.state,
        challenge.passkey,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a session's challenge for its one answer.
pub async fn take_challenge(
    db: &mut PgConnection,
    session: SessionId,
    now: OffsetDateTime,
) -> Result<Option<Challenge>, sqlx::Error> {
    sqlx::query_as!(
        Challenge,
        "DELETE FROM key_challenges WHERE session_id = $1 AND expires_at > $2 RETURNING state, passkey",
        session.uuid(),
        now,
    )
    .fetch_optional(db)
    .await
}

/// Removes up to `most` challenges that have expired; how many there were.
pub async fn prune_challenges(
    db: &mut PgConnection,
    now: OffsetDateTime,
    most: i64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM key_challenges WHERE session_id IN
            (SELECT session_id FROM key_challenges WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
