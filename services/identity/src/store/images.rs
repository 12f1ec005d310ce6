//! What profile images look like.

use crate::domain::image::{ImageId, ProfileImage, Size};
use pass_types::AccountId;
use sqlx::PgConnection;

/// Keeps an account's image, in the place of the one before.
pub async fn replace(
    db: &mut PgConnection,
    account: AccountId,
    id: ImageId,
    image: &ProfileImage,
) -> Result<(), sqlx::Error> {
    remove(db, account).await?;
    for size in Size::ALL {
        sqlx::query!(
            "INSERT INTO account_images (image, size, account_id, content) VALUES ($1, $2, $3, $4)",
            id.to_string(),
            size.pixels(),
            account.uuid(),
            image.content(size),
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Forgets an account's image.
pub async fn remove(db: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM account_images WHERE account_id = $1", account.uuid()).execute(db).await?;
    Ok(())
}

/// The PNG of an image in a size.
pub async fn content(db: &mut PgConnection, id: ImageId, size: Size) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT content FROM account_images WHERE image = $1 AND size = $2",
        id.to_string(),
        size.pixels(),
    )
    .fetch_optional(db)
    .await
}
