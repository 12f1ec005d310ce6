//! Accounts and their password hashes.

use super::{stored, violates};
use crate::domain::{
    account::{Account, Version},
    managed::{Place, State},
};
use pass_types::{AccountId, Email, SecretHash};
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
    organization_id: Option<Uuid>,
    state: Option<String>,
    operator: bool,
    image: Option<String>,
}

impl TryFrom<Row> for Account {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let place = match (row.organization_id, row.state) {
            (Some(id), Some(state)) => Some(Place { organization: id.into(), state: stored(&state)? }),
            _ => None,
        };
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
            place,
            operator: row.operator,
            image: row.image.as_deref().map(stored).transpose()?,
        })
    }
}

/// Adds an account with its password hash (a PHC string); a Managed Account has none.
pub async fn insert(
    db: &mut PgConnection,
    account: &Account,
    password_hash: Option<&str>,
) -> Result<(), WriteError> {
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

/// Gives the account the image that it names, or takes it away: no content is touched.
pub async fn set_image(db: &mut PgConnection, account: &Account) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE accounts SET image = $2, version = $3 WHERE id = $1",
        account.id.uuid(),
        account.image.map(|image| image.to_string()),
        account.version.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One account; not one that is being made.
pub async fn by_id(db: &mut PgConnection, id: AccountId) -> Result<Option<Account>, sqlx::Error> {
    let account = by_ids(db, &[id]).await?.pop();
    let making = |account: &Account| account.place.is_some_and(|it| it.state == State::Provisioning);
    Ok(account.filter(|account| !making(account)))
}

/// Those of the accounts that exist, by id; those that are being made included: who has such an id was
/// told it by this service.
pub async fn by_ids(db: &mut PgConnection, ids: &[AccountId]) -> Result<Vec<Account>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.kind, a.name, a.email, a.unique_id, a.language, a.time_zone, a.appearance, a.created_at,
            a.version, a.image, m.organization_id AS "organization_id?", m.state AS "state?",
            o.account_id IS NOT NULL AS "operator!"
         FROM accounts a
         LEFT JOIN managed_accounts m ON m.account_id = a.id
         LEFT JOIN operators o ON o.account_id = a.id
         WHERE a.id = ANY($1) ORDER BY a.id"#,
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
        r#"SELECT a.id, a.kind, a.name, a.email, a.unique_id, a.language, a.time_zone, a.appearance, a.created_at,
            a.version, a.image, m.organization_id AS "organization_id?", m.state AS "state?",
            o.account_id IS NOT NULL AS "operator!"
         FROM accounts a
         LEFT JOIN managed_accounts m ON m.account_id = a.id
         LEFT JOIN operators o ON o.account_id = a.id
         WHERE a.id = $1 FOR NO KEY UPDATE OF a"#,
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
        r#"SELECT a.id, a.kind, a.name, a.email, a.unique_id, a.language, a.time_zone, a.appearance, a.created_at,
            a.version, a.image, m.organization_id AS "organization_id?", m.state AS "state?",
            o.account_id IS NOT NULL AS "operator!"
         FROM accounts a
         LEFT JOIN managed_accounts m ON m.account_id = a.id
         LEFT JOIN operators o ON o.account_id = a.id
         WHERE a.email_key = $1 AND a.kind IN ('nulab', 'managed') AND m.state IS DISTINCT FROM 'provisioning'
         ORDER BY a.kind DESC LIMIT 1"#,
        email.key(),
    )
    .fetch_optional(db)
    .await?
    .map(Account::try_from)
    .transpose()
}

/// The Nulab Account that has the address.
pub async fn nulab_account_of(
    db: &mut PgConnection,
    email: &Email,
) -> Result<Option<AccountId>, sqlx::Error> {
    let id =
        sqlx::query_scalar!("SELECT id FROM accounts WHERE email_key = $1 AND kind = 'nulab'", email.key(),)
            .fetch_optional(db)
            .await?;
    Ok(id.map(AccountId::from))
}

/// Removes an account, and with it all that is kept for it.
pub async fn remove(db: &mut PgConnection, id: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM accounts WHERE id = $1", id.uuid()).execute(db).await?;
    Ok(())
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

/// What somebody is compared with who signs in by password.
pub struct Credentials {
    /// The account.
    pub account: AccountId,
    /// The hash of its password.
    pub password_hash: String,
    /// It knows the browser.
    pub knows_device: bool,
}

/// The Nulab Account that has the address, if it has a password; asked for by a browser with this device.
pub async fn credentials(
    db: &mut PgConnection,
    email: &Email,
    device: Option<&SecretHash>,
) -> Result<Option<Credentials>, sqlx::Error> {
    sqlx::query_as!(
        Credentials,
        r#"SELECT a.id AS account, a.password_hash AS "password_hash!",
            EXISTS (SELECT FROM known_devices d WHERE d.account_id = a.id AND d.device_hash = $2) AS "knows_device!"
         FROM accounts a
         WHERE a.email_key = $1 AND a.kind = 'nulab' AND a.password_hash IS NOT NULL"#,
        email.key(),
        device.map(SecretHash::as_bytes),
    )
    .fetch_optional(db)
    .await
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

/// Writes the address.
pub async fn change_email(db: &mut PgConnection, account: &Account) -> Result<(), WriteError> {
    sqlx::query!(
        "UPDATE accounts SET email = $2, email_key = $3, version = $4 WHERE id = $1",
        account.id.uuid(),
        account.email.as_str(),
        account.email.key(),
        account.version.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The hash of a Nulab Account's password; `None`: it has none.
pub async fn password_hash(db: &mut PgConnection, id: AccountId) -> Result<Option<String>, sqlx::Error> {
    let found = sqlx::query_scalar!("SELECT password_hash FROM accounts WHERE id = $1", id.uuid())
        .fetch_optional(db)
        .await?;
    Ok(found.flatten())
}

/// Puts a hash in the place of whatever password a Nulab Account has.
pub async fn set_password_hash(db: &mut PgConnection, id: AccountId, hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE accounts SET password_hash = $2 WHERE id = $1", id.uuid(), hash).execute(db).await?;
    Ok(())
}

/// Makes a Nulab Account's password useless: until its owner chooses another one, it has none.
pub async fn void_password(db: &mut PgConnection, id: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE accounts SET password_hash = NULL WHERE id = $1", id.uuid()).execute(db).await?;
    Ok(())
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

/// One password hash of each cost that is in use, and how many accounts have such ones: of all, or where there are very
/// many of a sample of some ten thousand, always of the same part of the table.
pub async fn password_costs(db: &mut PgConnection) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let estimate = sqlx::query_scalar!(
        r#"SELECT reltuples AS "estimate!" FROM pg_class WHERE oid = 'accounts'::regclass"#,
    )
    .fetch_one(&mut *db)
    .await?;
    let percent = (1_000_000.0 / estimate.max(1.0)).min(100.0);
    let rows = sqlx::query!(
        r#"SELECT min(password_hash) AS "example!", count(*) AS "count!" FROM accounts TABLESAMPLE SYSTEM ($1) REPEATABLE (1)
         WHERE password_hash IS NOT NULL GROUP BY substring(password_hash FROM '^[$]argon2id[$][^$]*[$][^$]*')"#,
        percent,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.example, row.count)).collect())
}
