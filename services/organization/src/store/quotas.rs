//! How often something was done on a day.

use pass_types::{AccountId, OrganizationId};
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

/// What is counted, and whose.
#[derive(Debug, Clone, Copy)]
pub enum Quota {
    /// Invitation mails that an organization causes.
    MailsOfOrganization(OrganizationId),
    /// Invitation mails that a person causes, over all organizations.
    MailsOfAccount(AccountId),
    /// Changes of an organization's Organization ID.
    HandleChanges(OrganizationId),
    /// Teams that are made in an organization.
    TeamsOfOrganization(OrganizationId),
    /// Teams that a person makes, over all organizations.
    TeamsOfAccount(AccountId),
}

impl Quota {
    /// Its name, and of whom it is.
    fn key(self) -> (&'static str, Uuid) {
        match self {
            Self::MailsOfOrganization(id) => ("invitation_mails/organization", id.uuid()),
            Self::MailsOfAccount(id) => ("invitation_mails/account", id.uuid()),
            Self::HandleChanges(id) => ("handle_changes/organization", id.uuid()),
            Self::TeamsOfOrganization(id) => ("teams/organization", id.uuid()),
            Self::TeamsOfAccount(id) => ("teams/account", id.uuid()),
        }
    }
}

/// Counts once more, unless `limit` were counted already: then `false`. Others who count for the same
/// quota wait until this transaction ends.
pub async fn take(conn: &mut PgConnection, quota: Quota, day: Date, limit: i32) -> Result<bool, sqlx::Error> {
    let (name, id) = quota.key();
    let counted = sqlx::query!(
        "INSERT INTO quotas AS counted (name, id, day, taken)
         SELECT $1, $2, $3, 1 WHERE 0 < $4::integer
         ON CONFLICT (name, id, day) DO UPDATE SET taken = counted.taken + 1
         WHERE counted.taken < $4",
        name,
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
    let pruned = sqlx::query!("DELETE FROM quotas WHERE day < $1", before).execute(conn).await?;
    Ok(pruned.rows_affected())
}
