//! Invitations.

use super::stored;
use crate::domain::invitation::{Invitation, State};
use pass_types::{AccountId, Email, InvitationId, OrganizationId, OrganizationName, PersonName};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row of `invitations`.
struct Row {
    id: Uuid,
    organization_id: Uuid,
    email: String,
    role: String,
    message: String,
    language: String,
    invited_by: Uuid,
    created_at: OffsetDateTime,
    attempt: i32,
    state: String,
    expires_at: OffsetDateTime,
    accepted_by: Option<Uuid>,
    closed_at: Option<OffsetDateTime>,
}

impl Row {
    fn parse(self) -> Result<Invitation, sqlx::Error> {
        let state = match (self.state.as_str(), self.accepted_by) {
            ("open", None) => State::Open,
            ("accepted", Some(by)) => State::Accepted { by: by.into() },
            ("canceled", None) => State::Canceled,
            ("expired", None) => State::Expired,
            _ => return Err(sqlx::Error::Decode("unknown state of an invitation".into())),
        };
        Ok(Invitation {
            id: self.id.into(),
            organization: self.organization_id.into(),
            email: stored(&self.email)?,
            role: stored(&self.role)?,
            message: stored(&self.message)?,
            language: stored(&self.language)?,
            invited_by: self.invited_by.into(),
            created_at: self.created_at,
            attempt: self.attempt,
            state,
            expires_at: self.expires_at,
            closed_at: self.closed_at,
        })
    }
}

/// The state's word, and who accepted.
fn words(state: State) -> (&'static str, Option<AccountId>) {
    match state {
        State::Open => ("open", None),
        State::Accepted { by } => ("accepted", Some(by)),
        State::Canceled => ("canceled", None),
        State::Expired => ("expired", None),
    }
}

/// Stores a new one; `false`: the address has an open one in this organization.
pub async fn insert(conn: &mut PgConnection, invitation: &Invitation) -> Result<bool, sqlx::Error> {
    let Invitation {
        id,
        organization,
        email,
        role,
        message,
        language,
        invited_by,
        created_at,
        attempt,
        state,
        expires_at,
        closed_at,
    } = invitation;
    let (state, accepted_by) = words(*state);
    let inserted = sqlx::query!(
        "INSERT INTO invitations (id, organization_id, email, email_key, role, message, language,
             invited_by, created_at, attempt, state, expires_at, accepted_by, closed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (organization_id, email_key) WHERE state = 'open' DO NOTHING",
        id.uuid(),
        organization.uuid(),
        email.as_str(),
        email.key(),
        role.as_str(),
        message.as_str(),
        language.as_str(),
        invited_by.uuid(),
        created_at,
        attempt,
        state,
        expires_at,
        accepted_by.map(AccountId::uuid),
        *closed_at,
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores what a transition changed; `false`: the address has another open one by now, and the
/// transaction is void.
pub async fn save(conn: &mut PgConnection, invitation: &Invitation) -> Result<bool, sqlx::Error> {
    let (state, accepted_by) = words(invitation.state);
    let saved = sqlx::query!(
        "UPDATE invitations SET attempt = $2, state = $3, expires_at = $4, accepted_by = $5, closed_at = $6
         WHERE id = $1",
        invitation.id.uuid(),
        invitation.attempt,
        state,
        invitation.expires_at,
        accepted_by.map(AccountId::uuid),
        invitation.closed_at,
    )
    .execute(conn)
    .await;
    match saved {
        Ok(_) => Ok(true),
        Err(error) => match error.as_database_error().and_then(|error| error.constraint()) {
            Some("invitations_one_open") => Ok(false),
            _ => Err(error),
        },
    }
}

/// One by its id.
pub async fn find(conn: &mut PgConnection, id: InvitationId) -> Result<Option<Invitation>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, email, role, message, language, invited_by, created_at, attempt,
             state, expires_at, accepted_by, closed_at
         FROM invitations WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Row::parse)
    .transpose()
}

/// Whose one is: that never changes, so that it may be read before anything is locked.
pub async fn organization_of(
    conn: &mut PgConnection,
    id: InvitationId,
) -> Result<Option<OrganizationId>, sqlx::Error> {
    let id = sqlx::query_scalar!("SELECT organization_id FROM invitations WHERE id = $1", id.uuid())
        .fetch_optional(conn)
        .await?;
    Ok(id.map(Into::into))
}

/// One by its id, that nobody else changes until the transaction ends.
pub async fn find_locked(
    conn: &mut PgConnection,
    id: InvitationId,
) -> Result<Option<Invitation>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, email, role, message, language, invited_by, created_at, attempt,
             state, expires_at, accepted_by, closed_at
         FROM invitations WHERE id = $1 FOR UPDATE",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Row::parse)
    .transpose()
}

/// Open and expired ones of an organization, latest first, at most `limit`, before an id.
pub async fn list(
    conn: &mut PgConnection,
    organization: OrganizationId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Invitation>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, organization_id, email, role, message, language, invited_by, created_at, attempt,
             state, expires_at, accepted_by, closed_at
         FROM invitations
         WHERE organization_id = $1 AND state IN ('open', 'expired') AND id < $2
         ORDER BY id DESC
         LIMIT $3",
        organization.uuid(),
        before,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::parse).collect()
}

/// How many an organization has open.
pub async fn count_open(
    conn: &mut PgConnection,
    organization: OrganizationId,
    now: OffsetDateTime,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM invitations
           WHERE organization_id = $1 AND state = 'open' AND expires_at > $2"#,
        organization.uuid(),
        now,
    )
    .fetch_one(conn)
    .await
}

/// Writes down that the address's open invitation has expired, if it has; which one.
pub async fn expire_of(
    conn: &mut PgConnection,
    organization: OrganizationId,
    email: &Email,
    now: OffsetDateTime,
) -> Result<Option<InvitationId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "UPDATE invitations SET state = 'expired'
         WHERE organization_id = $1 AND email_key = $2 AND state = 'open' AND expires_at <= $3
         RETURNING id",
        organization.uuid(),
        email.key(),
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(Into::into))
}

/// Writes down which open ones have expired, at most `limit`.
pub async fn expire_due(
    conn: &mut PgConnection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<(OrganizationId, InvitationId)>, sqlx::Error> {
    let rows = sqlx::query!(
        "UPDATE invitations SET state = 'expired' WHERE id IN (
             SELECT id FROM invitations WHERE state = 'open' AND expires_at <= $1
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
         )
         RETURNING organization_id, id",
        now,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.organization_id.into(), row.id.into())).collect())
}

/// Forgets at most `limit` of those that were closed before `before`; how many.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime, limit: i64) -> Result<u64, sqlx::Error> {
    let pruned = sqlx::query!(
        "DELETE FROM invitations WHERE id IN (
             SELECT id FROM invitations WHERE state <> 'open' AND coalesce(closed_at, expires_at) < $1
             ORDER BY coalesce(closed_at, expires_at) LIMIT $2 FOR UPDATE SKIP LOCKED
         )",
        before,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(pruned.rows_affected())
}

/// What pages and mails about an invitation name.
#[derive(Debug)]
pub struct Names {
    /// The organization's name.
    pub organization: OrganizationName,
    /// The inviter's, if still a member.
    pub inviter: Option<PersonName>,
}

/// The names that go with an invitation.
pub async fn names(conn: &mut PgConnection, invitation: &Invitation) -> Result<Names, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT o.name AS organization, m.name AS "inviter?"
           FROM organizations o
           LEFT JOIN members m ON m.organization_id = o.id AND m.account_id = $2
           WHERE o.id = $1"#,
        invitation.organization.uuid(),
        invitation.invited_by.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(Names {
        organization: stored(&row.organization)?,
        inviter: row.inviter.as_deref().map(stored).transpose()?,
    })
}
