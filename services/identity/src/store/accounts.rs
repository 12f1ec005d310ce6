//! Accounts and their password hashes.

use super::{stored, violates};
use crate::domain::account::{Account, Version};
use pass_types::{AccountId, Email};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Why an account could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another account of the kind has the address (ACC-2).
    #[error("the address is taken")]
    EmailTaken(#[source] sqlx::Error),
    /// Another account has the unique ID (ACC-4).
    #[error("the unique ID is taken")]
    UniqueIdTaken(#[source] sqlx::Error),
    /// Anything else.
    #[error("can't write the account")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        if violates(&error, "accounts_nulab_email") || violates(&error, "accounts_managed_email") {
            Self::EmailTaken(error)
        } else if violates(&error, "accounts_unique_id") {
            Self::UniqueIdTaken(error)
        } else {
            Self::Database(error)
        }
    }
}

struct Row {
    id: Uuid,
    kind: String,
    name: String,
    email: String,
    unique_id: String,
    language: String,
    time_zone: String,
    appearance: String,
    created_at: OffsetDateTime,
    version: i64,
}

impl TryFrom<Row> for Account {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id.into(),
            kind: stored(&row.kind)?,
            name: stored(&row.name)?,
            email: stored(&row.email)?,
            unique_id: stored(&row.unique_id)?,
            language: stored(&row.language)?,
            time_zone: stored(&row.time_zone)?,
            appearance: stored(&row.appearance)?,
            created_at: row.created_at,
            version: Version(row.version),
        })
    }
}

/// Adds an account with its password hash (a PHC string).
pub async fn insert(db: &mut PgConnection, account: &Account, password_hash: &str) -> Result<(), WriteError> {
    sqlx::query!(
        "INSERT INTO accounts
            (id, kind, name, email, email_key, unique_id, language, time_zone, appearance, password_hash, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        account.id.uuid(),
        account.kind.as_str(),
        account.name.as_str(),
        account.email.as_str(),
        account.email.key(),
        account.unique_id.as_str(),
        account.language.as_str(),
        account.time_zone.as_str(),
        account.appearance.as_str(),
        password_hash,
        account.created_at,
        account.version.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what an owner can change.
pub async fn update(db: &mut PgConnection, account: &Account) -> Result<(), WriteError> {
    sqlx::query!(
        "UPDATE accounts
         SET name = $2, unique_id = $3, language = $4, time_zone = $5, appearance = $6, version = $7
         WHERE id = $1",
        account.id.uuid(),
        account.name.as_str(),
        account.unique_id.as_str(),
        account.language.as_str(),
        account.time_zone.as_str(),
        account.appearance.as_str(),
        account.version.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One account.
pub async fn by_id(db: &mut PgConnection, id: AccountId) -> Result<Option<Account>, sqlx::Error> {
    Ok(by_ids(db, &[id]).await?.pop())
}

/// Those of the accounts that exist, by id.
pub async fn by_ids(db: &mut PgConnection, ids: &[AccountId]) -> Result<Vec<Account>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT id, kind, name, email, unique_id, language, time_zone, appearance, created_at, version
         FROM accounts WHERE id = ANY($1) ORDER BY id",
        &ids,
    )
    .fetch_all(db)
    .await?
    .into_iter()
    .map(Account::try_from)
    .collect()
}

/// One account, which nobody else changes until the transaction ends.
pub async fn lock(db: &mut PgConnection, id: AccountId) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, kind, name, email, unique_id, language, time_zone, appearance, created_at, version
         FROM accounts WHERE id = $1 FOR NO KEY UPDATE",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(Account::try_from)
    .transpose()
}

/// The account that has the address: the Nulab Account before the Managed Account.
pub async fn by_email(db: &mut PgConnection, email: &Email) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, kind, name, email, unique_id, language, time_zone, appearance, created_at, version
         FROM accounts WHERE email_key = $1 AND kind IN ('nulab', 'managed')
         ORDER BY kind DESC LIMIT 1",
        email.key(),
    )
    .fetch_optional(db)
    .await?
    .map(Account::try_from)
    .transpose()
}

/// Whether a Nulab Account has the address.
pub async fn nulab_account_has(db: &mut PgConnection, email: &Email) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM accounts WHERE email_key = $1 AND kind = 'nulab') AS "exists!""#,
        email.key(),
    )
    .fetch_one(db)
    .await
}

/// Whose address it is, and the hash of that Nulab Account's password.
pub async fn credentials(
    db: &mut PgConnection,
    email: &Email,
) -> Result<Option<(AccountId, String)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id, password_hash AS "password_hash!" FROM accounts
           WHERE email_key = $1 AND kind = 'nulab' AND password_hash IS NOT NULL"#,
        email.key(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id.into(), row.password_hash)))
}

/// Puts `new` in the place of the password hash `old`, and keeps others from changing it until the
/// transaction ends. False when the account is gone or has another password by now.
pub async fn replace_password_hash(
    db: &mut PgConnection,
    id: AccountId,
    old: &str,
    new: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
        id.uuid(),
        old,
        new,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the account still has this password hash; nobody changes it until the transaction ends.
pub async fn lock_password_hash(
    db: &mut PgConnection,
    id: AccountId,
    hash: &str,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT id FROM accounts WHERE id = $1 AND password_hash = $2 FOR SHARE",
        id.uuid(),
        hash,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}
