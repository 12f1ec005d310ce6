//! The sign-in log (SML-5).

use crate::domain::saml::LogEntry;
use pass_types::{AccountId, OrganizationId, SamlConnectionId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many an organization has at most of sign-ins, of refused answers that its identity provider signed and that
/// came for the first time, and of tests.
const MOST: i64 = 1_000;
/// How many of what strangers posted, or posted again: enough to see what goes wrong with a certificate that was
/// forgotten, while nobody posts rubbish.
const MOST_OF_STRANGERS: i64 = 200;

/// An entry as it is shown.
pub struct Shown {
    /// Sorts by time.
    pub id: Uuid,
    /// What the person was shown.
    pub reference: String,
    /// When.
    pub at: OffsetDateTime,
    /// Empty: it went through.
    pub failed_check: String,
    /// What would have been right.
    pub expected: String,
    /// What there was, redacted.
    pub received: String,
    /// It was a test.
    pub test: bool,
    /// Whose sign-in it was.
    pub account_id: Option<Uuid>,
    /// Anybody may have posted it.
    pub stranger: bool,
}

/// Adds an entry, and removes what is beyond the organization's latest of its sort: what strangers post pushes
/// nothing else out.
pub async fn insert(db: &mut PgConnection, entry: &LogEntry) -> Result<(), sqlx::Error> {
    let finding = entry.finding.as_ref();
    sqlx::query!(
        "INSERT INTO saml_sign_in_log
            (id, organization_id, connection_id, reference, at, failed_check, expected, received, test, account_id,
             stranger)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        entry.id,
        entry.organization.uuid(),
        entry.connection.map(SamlConnectionId::uuid),
        entry.reference,
        entry.at,
        finding.map(|it| it.check).unwrap_or_default(),
        finding.map(|it| it.expected.as_str()).unwrap_or_default(),
        finding.map(|it| it.received.as_str()).unwrap_or_default(),
        entry.test,
        entry.account.map(AccountId::uuid),
        entry.stranger,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM saml_sign_in_log WHERE organization_id = $1 AND stranger = $2 AND id <=
            (SELECT id FROM saml_sign_in_log WHERE organization_id = $1 AND stranger = $2
             ORDER BY id DESC OFFSET $3 LIMIT 1)",
        entry.organization.uuid(),
        entry.stranger,
        if entry.stranger { MOST_OF_STRANGERS } else { MOST },
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An organization's, latest first, older than `before` (`None`: from the latest).
pub async fn page(
    db: &mut PgConnection,
    organization: OrganizationId,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<Shown>, sqlx::Error> {
    sqlx::query_as!(
        Shown,
        "SELECT id, reference, at, failed_check, expected, received, test, account_id, stranger
         FROM saml_sign_in_log WHERE organization_id = $1 AND ($2::uuid IS NULL OR id < $2)
         ORDER BY id DESC LIMIT $3",
        organization.uuid(),
        before,
        most,
    )
    .fetch_all(db)
    .await
}

/// Removes up to `most` of those from before `before`; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM saml_sign_in_log WHERE id IN
            (SELECT id FROM saml_sign_in_log WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
