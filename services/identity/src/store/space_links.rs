//! Users of legacy spaces who belong to accounts.

use super::stored;
use crate::domain::space::{LegacySpace, LegacySpaceId, SpaceLink, SpaceProfile, SpaceUserId};
use pass_types::{AccountId, Email, PersonName, Product, SpaceLinkId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    account_id: Uuid,
    product: String,
    space_id: String,
    space_user_id: String,
    user_id: String,
    profile: String,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for SpaceLink {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id.into(),
            account: row.account_id.into(),
            space: LegacySpace { product: stored(&row.product)?, id: stored(&row.space_id)? },
            user: stored(&row.space_user_id)?,
            login: stored(&row.user_id)?,
            profile: stored(&row.profile)?,
            created_at: row.created_at,
        })
    }
}

/// Adds one. False: the space user is connected already, or the account to the space.
pub async fn insert(db: &mut PgConnection, link: &SpaceLink) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO space_links (id, account_id, product, space_id, space_user_id, user_id, profile, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT DO NOTHING",
        link.id.uuid(),
        link.account.uuid(),
        link.space.product.as_str(),
        link.space.id.as_str(),
        link.user.as_str(),
        link.login.as_str(),
        link.profile.as_str(),
        link.created_at,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Of an account, the earliest first; nobody has more than a handful.
pub async fn of_account(db: &mut PgConnection, account: AccountId) -> Result<Vec<SpaceLink>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, account_id, product, space_id, space_user_id, user_id, profile, created_at
         FROM space_links WHERE account_id = $1 ORDER BY id",
        account.uuid(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(SpaceLink::try_from).collect()
}

/// Of an account and a space, if they are connected.
pub async fn of_space(
    db: &mut PgConnection,
    account: AccountId,
    space: &LegacySpace,
) -> Result<Option<SpaceLink>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, account_id, product, space_id, space_user_id, user_id, profile, created_at
         FROM space_links WHERE account_id = $1 AND product = $2 AND space_id = $3",
        account.uuid(),
        space.product.as_str(),
        space.id.as_str(),
    )
    .fetch_optional(db)
    .await?;
    row.map(SpaceLink::try_from).transpose()
}

/// One of an account's, which nobody else changes until the transaction ends.
pub async fn lock(
    db: &mut PgConnection,
    account: AccountId,
    id: SpaceLinkId,
) -> Result<Option<SpaceLink>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, account_id, product, space_id, space_user_id, user_id, profile, created_at
         FROM space_links WHERE account_id = $1 AND id = $2 FOR UPDATE",
        account.uuid(),
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    row.map(SpaceLink::try_from).transpose()
}

/// Writes what it shows.
pub async fn set_profile(
    db: &mut PgConnection,
    id: SpaceLinkId,
    profile: SpaceProfile,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE space_links SET profile = $2 WHERE id = $1", id.uuid(), profile.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Removes one.
pub async fn delete(db: &mut PgConnection, id: SpaceLinkId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM space_links WHERE id = $1", id.uuid()).execute(db).await?;
    Ok(())
}

/// A space user who is connected, and what the space shows of the account.
pub struct Connected {
    /// Which user.
    pub user: SpaceUserId,
    /// What the owner chose.
    pub profile: SpaceProfile,
    /// The account's name and address, if that is [`SpaceProfile::Account`].
    pub shown: Option<(PersonName, Email)>,
}

/// Those of a space's users that are connected.
pub async fn of_users(
    db: &mut PgConnection,
    product: Product,
    space: &LegacySpaceId,
    users: &[SpaceUserId],
) -> Result<Vec<Connected>, sqlx::Error> {
    let users: Vec<String> = users.iter().map(|user| user.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        "SELECT l.space_user_id, l.profile, a.name, a.email
         FROM space_links l JOIN accounts a ON a.id = l.account_id
         WHERE l.product = $1 AND l.space_id = $2 AND l.space_user_id = ANY($3)",
        product.as_str(),
        space.as_str(),
        &users,
    )
    .fetch_all(db)
    .await?;
    let connected = rows.into_iter().map(|row| {
        let profile = stored(&row.profile)?;
        let shown = match profile {
            SpaceProfile::Account => Some((stored(&row.name)?, stored(&row.email)?)),
            SpaceProfile::Space | SpaceProfile::SpaceOnly => None,
        };
        Ok(Connected { user: stored(&row.space_user_id)?, profile, shown })
    });
    connected.collect()
}
