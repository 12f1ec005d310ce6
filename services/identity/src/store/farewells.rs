//! To whom the mails go that tell owners that their accounts were deleted.

use super::stored;
use crate::domain::{account::Account, deletion::Farewell};
use pass_types::AccountId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Keeps what the mail needs of an account that is being erased.
pub async fn insert(
    db: &mut PgConnection,
    account: &Account,
    deleted_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO farewells (account_id, email, language, time_zone, deleted_at) VALUES ($1, $2, $3, $4, $5)",
        account.id.uuid(),
        account.email.as_str(),
        account.language.as_str(),
        account.time_zone.as_str(),
        deleted_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the mail to the owner of an account says that was deleted after `after`.
pub async fn find(
    db: &mut PgConnection,
    account: AccountId,
    after: OffsetDateTime,
) -> Result<Option<Farewell>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT email, language, time_zone, deleted_at FROM farewells WHERE account_id = $1 AND deleted_at > $2",
        account.uuid(),
        after,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Farewell {
            email: stored(&row.email)?,
            language: stored(&row.language)?,
            time_zone: stored(&row.time_zone)?,
            deleted_at: row.deleted_at,
        })
    })
    .transpose()
}

/// Erases up to `most` of those from `before` or earlier; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM farewells WHERE account_id IN
            (SELECT account_id FROM farewells WHERE deleted_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
