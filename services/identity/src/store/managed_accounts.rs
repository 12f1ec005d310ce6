//! Where Managed Accounts stand, and who is changing them.

use super::{stored, violates};
use crate::domain::{
    account::{Account, Version},
    managed::{Invitation, Managed, Place},
};
use pass_types::{AccountId, AccountKind, Email, OrganizationId, RequestId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Who is changing an account, and until when nobody may take that over.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// Different for each turn.
    pub worker: Uuid,
    /// Its end.
    pub until: OffsetDateTime,
}

/// Which request made an account.
pub struct Requested {
    /// Whose it was.
    pub by: AccountId,
    /// Their name for it.
    pub id: RequestId,
    /// SHA-256 of what it asked for.
    pub content: [u8; 32],
}

/// What a request made.
pub struct Made {
    /// The account.
    pub account: AccountId,
    /// Of which organization.
    pub organization: OrganizationId,
    /// SHA-256 of what it asked for.
    pub content: Vec<u8>,
}

struct Row {
    id: Uuid,
    name: String,
    email: String,
    unique_id: String,
    language: String,
    time_zone: String,
    appearance: String,
    created_at: OffsetDateTime,
    version: i64,
    organization_id: Uuid,
    state: String,
    attempt: i32,
    activated_at: Option<OffsetDateTime>,
    suspended_at: Option<OffsetDateTime>,
    invitation: i32,
    invitation_expires_at: OffsetDateTime,
    worker: Option<Uuid>,
    image: Option<String>,
}

/// An account, and who is changing it if anybody is.
pub struct Held {
    /// The account.
    pub managed: Managed,
    /// Who is changing it.
    pub worker: Option<Uuid>,
}

impl TryFrom<Row> for Held {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let (organization, state) = (row.organization_id.into(), stored(&row.state)?);
        let account = Account {
            id: row.id.into(),
            kind: AccountKind::Managed,
            name: stored(&row.name)?,
            email: stored(&row.email)?,
            unique_id: stored(&row.unique_id)?,
            language: stored(&row.language)?,
            time_zone: stored(&row.time_zone)?,
            appearance: stored(&row.appearance)?,
            created_at: row.created_at,
            version: Version(row.version),
            place: Some(Place { organization, state }),
            operator: false,
            image: row.image.as_deref().map(stored).transpose()?,
        };
        let managed = Managed {
            account,
            organization,
            state,
            attempt: row.attempt,
            activated_at: row.activated_at,
            suspended_at: row.suspended_at,
            invitation: Invitation { attempt: row.invitation, expires_at: row.invitation_expires_at },
        };
        Ok(Self { managed, worker: row.worker })
    }
}

/// Adds one, whose account is there already. False when the request made another before.
pub async fn insert(
    db: &mut PgConnection,
    managed: &Managed,
    domain: &str,
    requested: &Requested,
    lease: Lease,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO managed_accounts
            (account_id, organization_id, domain, state, attempt, activated_at, suspended_at, invitation,
             invitation_expires_at, requested_by, request_id, request_content, worker, lease_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        managed.account.id.uuid(),
        managed.organization.uuid(),
        domain,
        managed.state.as_str(),
        managed.attempt,
        managed.activated_at,
        managed.suspended_at,
        managed.invitation.attempt,
        managed.invitation.expires_at,
        requested.by.uuid(),
        requested.id.uuid(),
        &requested.content[..],
        lease.worker,
        lease.until,
    )
    .execute(db)
    .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if violates(&error, "managed_accounts_request") => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a request made, if it made something.
pub async fn made(
    db: &mut PgConnection,
    by: AccountId,
    request: RequestId,
) -> Result<Option<Made>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT account_id, organization_id, request_content FROM managed_accounts
         WHERE requested_by = $1 AND request_id = $2",
        by.uuid(),
        request.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Made {
        account: row.account_id.into(),
        organization: row.organization_id.into(),
        content: row.request_content,
    }))
}

/// One account.
pub async fn find(db: &mut PgConnection, id: AccountId) -> Result<Option<Held>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT a.id, a.name, a.email, a.unique_id, a.language, a.time_zone, a.appearance, a.created_at,
            a.version, a.image, m.organization_id, m.state, m.attempt, m.activated_at, m.suspended_at, m.invitation,
            m.invitation_expires_at, m.worker
         FROM managed_accounts m JOIN accounts a ON a.id = m.account_id WHERE m.account_id = $1",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(Held::try_from)
    .transpose()
}

/// One account, which nobody else changes until the transaction ends.
pub async fn lock(db: &mut PgConnection, id: AccountId) -> Result<Option<Held>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT a.id, a.name, a.email, a.unique_id, a.language, a.time_zone, a.appearance, a.created_at,
            a.version, a.image, m.organization_id, m.state, m.attempt, m.activated_at, m.suspended_at, m.invitation,
            m.invitation_expires_at, m.worker
         FROM managed_accounts m JOIN accounts a ON a.id = m.account_id WHERE m.account_id = $1
         FOR UPDATE OF m",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(Held::try_from)
    .transpose()
}

/// One that was left half-way and whose lease is over; of several workers, each gets another one.
pub async fn lock_abandoned(db: &mut PgConnection, now: OffsetDateTime) -> Result<Option<Held>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT a.id, a.name, a.email, a.unique_id, a.language, a.time_zone, a.appearance, a.created_at,
            a.version, a.image, m.organization_id, m.state, m.attempt, m.activated_at, m.suspended_at, m.invitation,
            m.invitation_expires_at, m.worker
         FROM managed_accounts m JOIN accounts a ON a.id = m.account_id WHERE m.lease_until <= $1
         ORDER BY m.lease_until LIMIT 1 FOR UPDATE OF m SKIP LOCKED",
        now,
    )
    .fetch_optional(db)
    .await?
    .map(Held::try_from)
    .transpose()
}

/// Writes where one stands and who has it next (`None`: nothing is left to do), if `worker` still has
/// it (`None`: nobody). False when somebody else took it over.
pub async fn save(
    db: &mut PgConnection,
    managed: &Managed,
    worker: Option<Uuid>,
    next: Option<Lease>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE managed_accounts
         SET state = $3, attempt = $4, activated_at = $5, suspended_at = $6, invitation = $7,
            invitation_expires_at = $8, worker = $9, lease_until = $10
         WHERE account_id = $1 AND worker IS NOT DISTINCT FROM $2",
        managed.account.id.uuid(),
        worker,
        managed.state.as_str(),
        managed.attempt,
        managed.activated_at,
        managed.suspended_at,
        managed.invitation.attempt,
        managed.invitation.expires_at,
        next.map(|lease| lease.worker),
        next.map(|lease| lease.until),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the address is one of this organization's own whose making or deletion is under way.
pub async fn is_passing(
    db: &mut PgConnection,
    organization: OrganizationId,
    email: &Email,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
            SELECT FROM accounts a JOIN managed_accounts m ON m.account_id = a.id
            WHERE a.email_key = $2 AND a.kind = 'managed' AND m.organization_id = $1
                AND m.state IN ('provisioning', 'deleting')) AS "exists!""#,
        organization.uuid(),
        email.key(),
    )
    .fetch_one(db)
    .await
}

/// How many accounts of an organization have an address in a domain, those that are being made included.
pub async fn count_in_domain(
    db: &mut PgConnection,
    organization: OrganizationId,
    domain: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM managed_accounts WHERE organization_id = $1 AND domain = $2"#,
        organization.uuid(),
        domain,
    )
    .fetch_one(db)
    .await
}

/// How many accounts of an organization can sign in, now or after their invitation.
pub async fn count_usable(db: &mut PgConnection, organization: OrganizationId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM managed_accounts
           WHERE organization_id = $1 AND state IN ('invited', 'active')"#,
        organization.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Notes that an account is gone, for those who delete it again.
pub async fn bury(db: &mut PgConnection, managed: &Managed, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO deleted_managed_accounts (account_id, organization_id, deleted_at) VALUES ($1, $2, $3)
         ON CONFLICT (account_id) DO NOTHING",
        managed.account.id.uuid(),
        managed.organization.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether an account of an organization was deleted lately.
pub async fn is_buried(
    db: &mut PgConnection,
    organization: OrganizationId,
    id: AccountId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM deleted_managed_accounts
           WHERE account_id = $1 AND organization_id = $2) AS "exists!""#,
        id.uuid(),
        organization.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Forgets up to `most` of those that were deleted before `before`; how many there were.
pub async fn prune(db: &mut PgConnection, before: OffsetDateTime, most: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM deleted_managed_accounts WHERE account_id IN
            (SELECT account_id FROM deleted_managed_accounts WHERE deleted_at < $1 LIMIT $2
             FOR UPDATE SKIP LOCKED)",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
