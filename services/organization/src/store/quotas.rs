//! How many invitation mails were caused on a day.

use pass_types::{AccountId, OrganizationId};
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

/// Whose mails are counted.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// An organization's.
    Organization(OrganizationId),
    /// A person's, over all organizations.
    Account(AccountId),
}

/// Counts one more mail, unless `limit` were counted already: then `false`. Others who count for the
/// same subject wait until this transaction ends.
pub async fn take(
    conn: &mut PgConnection,
    subject: Subject,
    day: Date,
    limit: i32,
) -> Result<bool, sqlx::Error> {
    let (word, id): (&str, Uuid) = match subject {
        Subject::Organization(id) => ("organization", id.uuid()),
        Subject::Account(id) => ("account", id.uuid()),
    };
    let counted = sqlx::query!(
        "INSERT INTO invitation_mails AS counted (subject, id, day, mails)
         SELECT $1, $2, $3, 1 WHERE 0 < $4::integer
         ON CONFLICT (subject, id, day) DO UPDATE SET mails = counted.mails + 1
         WHERE counted.mails < $4",
        word,
        id,
        day,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(counted.rows_affected() == 1)
}

/// Forgets the days before `before`.
pub async fn prune(conn: &mut PgConnection, before: Date) -> Result<u64, sqlx::Error> {
    let pruned = sqlx::query!("DELETE FROM invitation_mails WHERE day < $1", before).execute(conn).await?;
    Ok(pruned.rows_affected())
}
