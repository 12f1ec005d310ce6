//! Applications.

use super::stored;
use crate::domain::application::{Application, Decision, PlanAdmin, State};
use pass_types::{AccountId, ApplicationId, OrganizationId, PersonName};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row of `applications`.
struct Row {
    id: Uuid,
    organization_id: Uuid,
    space_key: String,
    contact_name: Option<String>,
    plan_admin_id: Option<Uuid>,
    plan_admin_email: Option<String>,
    company: String,
    language: String,
    applied_by: Uuid,
    created_at: OffsetDateTime,
    due_at: OffsetDateTime,
    state: String,
    decided_at: Option<OffsetDateTime>,
    decided_by: Option<Uuid>,
    rejection_reason: Option<String>,
}

impl Row {
    fn parse(self) -> Result<Application, sqlx::Error> {
        let account = self.plan_admin_id.map(Into::into);
        let plan_admin = |email| PlanAdmin { account, email };
        let decision = match (self.decided_by, self.decided_at) {
            (Some(by), Some(at)) => Some(Decision { by: by.into(), at }),
            _ => None,
        };
        let state = match (self.state.as_str(), decision, self.rejection_reason) {
            ("open", None, None) => State::Open,
            ("approved", Some(decision), None) => State::Approved(decision),
            ("rejected", Some(decision), Some(reason)) => State::Rejected(decision, stored(&reason)?),
            _ => return Err(sqlx::Error::Decode("unknown state of an application".into())),
        };
        Ok(Application {
            id: self.id.into(),
            organization: self.organization_id.into(),
            space_key: stored(&self.space_key)?,
            contact: self.contact_name.as_deref().map(stored).transpose()?,
            plan_admin: self.plan_admin_email.as_deref().map(stored).transpose()?.map(plan_admin),
            company: stored(&self.company)?,
            language: stored(&self.language)?,
            applied_by: self.applied_by.into(),
            created_at: self.created_at,
            due_at: self.due_at,
            state,
        })
    }
}

/// The state's word, and why it was rejected.
fn words(state: &State) -> (&'static str, Option<&str>) {
    match state {
        State::Open => ("open", None),
        State::Approved(_) => ("approved", None),
        State::Rejected(_, reason) => ("rejected", Some(reason.as_str())),
    }
}

/// Stores a new one; `false`: the organization has an open one. Waits for another transaction that is
/// making or deciding that one.
pub async fn insert(conn: &mut PgConnection, application: &Application) -> Result<bool, sqlx::Error> {
    let Application {
        id,
        organization,
        space_key,
        contact,
        plan_admin,
        company,
        language,
        applied_by,
        created_at,
        due_at,
        state,
    } = application;
    let decision = application.decision();
    let (state, reason) = words(state);
    let inserted = sqlx::query!(
        "INSERT INTO applications (id, organization_id, space_key, contact_name, plan_admin_email, company,
             language, applied_by, created_at, due_at, state, decided_at, decided_by, rejection_reason,
             plan_admin_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT (organization_id) WHERE state = 'open' DO NOTHING",
        id.uuid(),
        organization.uuid(),
        space_key.as_str(),
        contact.as_ref().map(PersonName::as_str),
        plan_admin.as_ref().map(|it| it.email.as_str()),
        company.as_str(),
        language.as_str(),
        applied_by.uuid(),
        created_at,
        due_at,
        state,
        decision.map(|it| it.at),
        decision.map(|it| it.by.uuid()),
        reason,
        plan_admin.as_ref().and_then(|it| it.account).map(AccountId::uuid),
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores what a decision changed.
pub async fn save(conn: &mut PgConnection, application: &Application) -> Result<(), sqlx::Error> {
    let decision = application.decision();
    let (state, reason) = words(&application.state);
    sqlx::query!(
        "UPDATE applications SET state = $2, decided_at = $3, decided_by = $4, rejection_reason = $5
         WHERE id = $1",
        application.id.uuid(),
        state,
        decision.map(|it| it.at),
        decision.map(|it| it.by.uuid()),
        reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One by its id.
pub async fn find(conn: &mut PgConnection, id: ApplicationId) -> Result<Option<Application>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, space_key, contact_name, plan_admin_id, plan_admin_email,
             company, language, applied_by, created_at, due_at, state, decided_at, decided_by, rejection_reason
         FROM applications WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Row::parse)
    .transpose()
}

/// One by its id, that nobody else decides until the transaction ends.
pub async fn find_locked(
    conn: &mut PgConnection,
    id: ApplicationId,
) -> Result<Option<Application>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, space_key, contact_name, plan_admin_id, plan_admin_email,
             company, language, applied_by, created_at, due_at, state, decided_at, decided_by, rejection_reason
         FROM applications WHERE id = $1 FOR UPDATE",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Row::parse)
    .transpose()
}

/// The latest one of an organization.
pub async fn latest(
    conn: &mut PgConnection,
    organization: OrganizationId,
) -> Result<Option<Application>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, organization_id, space_key, contact_name, plan_admin_id, plan_admin_email,
             company, language, applied_by, created_at, due_at, state, decided_at, decided_by, rejection_reason
         FROM applications WHERE organization_id = $1 ORDER BY id DESC LIMIT 1",
        organization.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Row::parse)
    .transpose()
}

/// Those that wait, the first due first, at most `limit`, after a position.
pub async fn waiting(
    conn: &mut PgConnection,
    after: (OffsetDateTime, Uuid),
    limit: i64,
) -> Result<Vec<Application>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, organization_id, space_key, contact_name, plan_admin_id, plan_admin_email,
             company, language, applied_by, created_at, due_at, state, decided_at, decided_by, rejection_reason
         FROM applications
         WHERE state = 'open' AND (due_at, id) > ($1, $2)
         ORDER BY due_at, id
         LIMIT $3",
        after.0,
        after.1,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::parse).collect()
}

/// Which decided ones a list is to have.
#[derive(Debug, Clone, Copy)]
pub enum Ended {
    /// All.
    Both,
    /// Those that were granted.
    Approved,
    /// Those that were not.
    Rejected,
}

impl Ended {
    fn words(self) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Both => &["approved", "rejected"],
            Self::Approved => &["approved"],
            Self::Rejected => &["rejected"],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}

/// Those that were decided, the last decided first, at most `limit`, before a position.
pub async fn decided(
    conn: &mut PgConnection,
    which: Ended,
    before: (OffsetDateTime, Uuid),
    limit: i64,
) -> Result<Vec<Application>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, organization_id, space_key, contact_name, plan_admin_id, plan_admin_email,
             company, language, applied_by, created_at, due_at, state, decided_at, decided_by, rejection_reason
         FROM applications
         WHERE state <> 'open' AND state = ANY ($1) AND (decided_at, id) < ($2, $3)
         ORDER BY decided_at DESC, id DESC
         LIMIT $4",
        &which.words(),
        before.0,
        before.1,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::parse).collect()
}
