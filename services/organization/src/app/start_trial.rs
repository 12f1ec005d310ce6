//! Starting a trial of a product, with or without making the organization (ORG-1, ORG-2, ORG-14).

use super::{By, Organizations, Refused, authorize};
use crate::{
    domain::{
        authority::Administrator,
        member::{Member, Profile},
        organization::{Organization, Space},
    },
    events,
    store::{self, spaces::InsertError},
};
use pass_events::requests::{Claim, claim};
use pass_mesh::{Fault, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{
    AccountKind, Kind, OrganizationId, OrganizationName, PlanName, Product, RequestId, SpaceId, SpaceKey,
};
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;

/// What to start.
#[derive(Debug)]
pub struct StartTrial {
    /// The caller's name for this.
    pub request: RequestId,
    /// For which organization.
    pub target: Target,
    /// Of which product.
    pub product: Product,
    /// Of which plan of it.
    pub plan: PlanName,
    /// The Space's name.
    pub space: SpaceId,
}

/// Which organization gets the product.
#[derive(Debug)]
pub enum Target {
    /// One to be made.
    New(OrganizationName),
    /// One that the person administers.
    Existing(OrganizationId),
}

/// What was started.
#[derive(Debug)]
pub struct Started {
    /// The organization.
    pub organization: Organization,
    /// The product's Space in it.
    pub space: Space,
}

/// A trial can't be started.
#[derive(Debug, thiserror::Error)]
pub enum StartTrialError {
    /// The person may not add products to the organization.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The account is a Managed Account.
    #[error("an organization is made by a Nulab Account")]
    ManagedAccount,
    /// The `request_id` came with other content before.
    #[error("this request_id was used for something else")]
    RequestIdReused,
    /// The product has had its trial.
    #[error("this product has had its trial in this organization")]
    TrialUsed,
    /// Somebody else has the Space ID.
    #[error("the Space ID is taken")]
    SpaceIdTaken,
    /// A fault of ours.
    #[error("the trial could not be started")]
    Fault(#[source] Fault),
}

faults!(StartTrialError: sqlx::Error, Fault);
refusals!(StartTrialError: Refused);

impl From<InsertError> for StartTrialError {
    fn from(error: InsertError) -> Self {
        match error {
            InsertError::OneTrial => Self::TrialUsed,
            InsertError::SpaceId => Self::SpaceIdTaken,
            InsertError::Database(error) => Self::Fault(error.into()),
        }
    }
}

impl Problem for StartTrialError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::ManagedAccount => Kind::Forbidden,
            Self::RequestIdReused | Self::SpaceIdTaken => Kind::AlreadyExists,
            Self::TrialUsed => Kind::Precondition,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::ManagedAccount => ErrorReason::ActorNotAllowed,
            Self::RequestIdReused => ErrorReason::RequestIdReused,
            Self::SpaceIdTaken => ErrorReason::SpaceIdTaken,
            Self::TrialUsed => ErrorReason::TrialUsed,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            _ => vec![],
        }
    }
}

/// Somebody who may make organizations: the owner of a Nulab Account.
struct Founder {
    profile: Profile,
}

impl Organizations {
    /// Starts a trial; the same request again gives the same answer.
    #[tracing::instrument(skip_all, fields(product = %start.product))]
    pub async fn start_trial(&self, by: &By, start: StartTrial) -> Result<Started, StartTrialError> {
        match start.target {
            Target::New(ref name) => {
                let founder = self.founder(by).await?;
                self.found(by, founder, &start, name).await
            }
            Target::Existing(id) => {
                let mut tx = self.pool.begin().await?;
                let administrator = authorize::administrator(&mut tx, by, id).await?;
                self.extend(by, tx, &administrator, &start).await
            }
        }
    }

    async fn founder(&self, by: &By) -> Result<Founder, StartTrialError> {
        match by.person.kind {
            AccountKind::Managed => Err(StartTrialError::ManagedAccount),
            AccountKind::Nulab => {
                let profile = self.directory.profile(&by.calls, by.person.account).await?;
                Ok(Founder { profile })
            }
        }
    }

    /// Makes the organization, its first member and the Space.
    async fn found(
        &self,
        by: &By,
        founder: Founder,
        start: &StartTrial,
        name: &OrganizationName,
    ) -> Result<Started, StartTrialError> {
        let now = self.clock.now();
        let id = OrganizationId::generate(&self.entropy, now);
        let mut tx = self.pool.begin().await?;
        if !store::deletions::may_join(&mut tx, founder.profile.account).await? {
            return Err(Fault::CallerGone.into());
        }
        if let Some(earlier) = repeated(&mut tx, by, start, id, now).await? {
            return Ok(earlier);
        }
        let organization = self.insert_organization(&mut tx, id, name, now).await?;
        let member = Member::founder(id, founder.profile, now);
        store::members::insert(&mut tx, &member).await?;
        store::directory::mark(&mut tx, member.profile.account, self.entropy.uuid(now)).await?;
        let space = self.insert_space(&mut tx, id, start, now).await?;
        self.outbox.publish(&mut tx, events::organization_created(by, &organization)).await?;
        self.outbox.publish(&mut tx, events::member_added(by, &member)).await?;
        self.outbox.publish(&mut tx, events::space_created(by, &space)).await?;
        tx.commit().await?;
        Ok(Started { organization, space })
    }

    /// Adds the product to an organization.
    async fn extend(
        &self,
        by: &By,
        mut tx: Transaction<'_, Postgres>,
        administrator: &Administrator,
        start: &StartTrial,
    ) -> Result<Started, StartTrialError> {
        let now = self.clock.now();
        let id = administrator.organization();
        if let Some(earlier) = repeated(&mut tx, by, start, id, now).await? {
            return Ok(earlier);
        }
        let organization = store::organizations::find(&mut tx, id).await?.ok_or(Refused::NotFound)?;
        let space = self.insert_space(&mut tx, id, start, now).await?;
        self.outbox.publish(&mut tx, events::space_created(by, &space)).await?;
        tx.commit().await?;
        Ok(Started { organization, space })
    }

    /// Draws Space Keys until one is nobody's: the second draw is as good as never needed.
    async fn insert_organization(
        &self,
        conn: &mut PgConnection,
        id: OrganizationId,
        name: &OrganizationName,
        now: OffsetDateTime,
    ) -> Result<Organization, sqlx::Error> {
        loop {
            let space_key = SpaceKey::generate(&self.entropy);
            let organization =
                Organization { id, name: name.clone(), space_key, handle: None, created_at: now };
            if store::organizations::insert(conn, &organization).await? {
                return Ok(organization);
            }
        }
    }

    async fn insert_space(
        &self,
        conn: &mut PgConnection,
        organization: OrganizationId,
        start: &StartTrial,
        now: OffsetDateTime,
    ) -> Result<Space, InsertError> {
        let (id, plan) = (start.space.clone(), start.plan.clone());
        let space = Space::trial(organization, start.product, id, plan, now, self.settings.trial);
        store::spaces::insert(conn, &space, now).await?;
        Ok(space)
    }
}

/// What was started for the same request before, if it was.
async fn repeated(
    conn: &mut PgConnection,
    by: &By,
    start: &StartTrial,
    id: OrganizationId,
    now: OffsetDateTime,
) -> Result<Option<Started>, StartTrialError> {
    let target = match &start.target {
        Target::New(name) => ["new", name.as_str()].map(str::to_owned),
        Target::Existing(id) => ["existing".to_owned(), id.to_string()],
    };
    let content = [
        "StartTrial",
        &target[0],
        &target[1],
        start.product.as_str(),
        start.plan.as_str(),
        start.space.as_str(),
    ];
    let id = match claim(conn, by.person.account, start.request, &content, id.uuid(), now).await? {
        Claim::First => return Ok(None),
        Claim::Reused => return Err(StartTrialError::RequestIdReused),
        Claim::Repeated(id) => OrganizationId::from(id),
    };
    let organization = store::organizations::find(conn, id).await?.ok_or(Refused::NotFound)?;
    let space = store::spaces::find(conn, id, start.product).await?.ok_or(Refused::NotFound)?;
    Ok(Some(Started { organization, space }))
}
