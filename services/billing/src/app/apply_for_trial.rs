//! Applying for the trial of Nulab Pass (BIL-1).

use super::{Billing, By, Refused};
use crate::{
    domain::{
        application::{Application, PlanAdmin, State},
        authority::Buyer,
    },
    events, store,
};
use pass_events::requests::{Claim, claim, recall};
use pass_mesh::{Fault, NeighbourError, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{
    AccountId, ApplicationId, CompanyName, Email, Invalid, Kind, Language, OrganizationId, PersonName,
    RequestId, SpaceKey, Violation,
};

/// What an application says.
#[derive(Debug)]
pub struct ApplyForTrial {
    /// The caller's name for this.
    pub request: RequestId,
    /// For which organization.
    pub organization: OrganizationId,
    /// Whom to talk to.
    pub contact: PersonName,
    /// Address of a Plan Admin of the organization.
    pub plan_admin: Email,
    /// The customer.
    pub company: CompanyName,
    /// The organization's, as typed.
    pub space_key: SpaceKey,
    /// Of the mails about it.
    pub language: Language,
}

/// A trial can't be applied for.
#[derive(Debug, thiserror::Error)]
pub enum ApplyForTrialError {
    /// The person may not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The `request_id` came with other content before.
    #[error("this request_id was used for something else")]
    RequestIdReused,
    /// What was typed is not so in the organization.
    #[error("the application is not right: {0}")]
    Field(Violation),
    /// The organization has no product.
    #[error("Nulab Pass is for organizations that have a product")]
    ProductNeeded,
    /// The organization has had its trial.
    #[error("this organization has had its trial of Nulab Pass")]
    TrialUsed,
    /// An application waits.
    #[error("an application of this organization is waiting for its decision")]
    Open,
    /// A fault of ours.
    #[error("the application could not be made")]
    Fault(#[source] Fault),
}

faults!(ApplyForTrialError: sqlx::Error, NeighbourError);
refusals!(ApplyForTrialError: Refused);

impl Problem for ApplyForTrialError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::RequestIdReused | Self::Open => Kind::AlreadyExists,
            Self::Field(_) => Kind::InvalidInput,
            Self::ProductNeeded | Self::TrialUsed => Kind::Precondition,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::RequestIdReused => ErrorReason::RequestIdReused,
            Self::Field(_) => ErrorReason::InvalidArgument,
            Self::ProductNeeded => ErrorReason::ProductNeeded,
            Self::TrialUsed => ErrorReason::NulabPassTrialUsed,
            Self::Open => ErrorReason::ApplicationOpen,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Field(violation) => vec![violation.clone()],
            _ => vec![],
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            _ => vec![],
        }
    }
}

impl Billing {
    /// Applies; operators and the Plan Admin hear of it by the event. The same request again gives the
    /// same application.
    #[tracing::instrument(skip_all, fields(org.id = %apply.organization))]
    pub async fn apply_for_trial(
        &self,
        by: &By,
        apply: ApplyForTrial,
    ) -> Result<Application, ApplyForTrialError> {
        let buyer = self.buyer(by, apply.organization).await?;
        if let Some(earlier) = self.repeated(by, &apply).await? {
            return Ok(earlier);
        }
        let plan_admin = self.check(by, &buyer, &apply).await?;
        self.submit(by, &buyer, &apply, plan_admin).await
    }

    /// What was made of the same request before. Asked first, so that the answer is the same whatever has
    /// changed in the organization since.
    async fn repeated(
        &self,
        by: &By,
        apply: &ApplyForTrial,
    ) -> Result<Option<Application>, ApplyForTrialError> {
        let mut conn = self.pool.acquire().await?;
        match recall(&mut conn, by.account, apply.request, &content(apply)).await? {
            Claim::First => Ok(None),
            Claim::Reused => Err(ApplyForTrialError::RequestIdReused),
            Claim::Repeated(id) => {
                let earlier = store::applications::find(&mut conn, id.into()).await?;
                Ok(Some(earlier.ok_or(Refused::NotFound)?))
            }
        }
    }

    /// Asks organization whether what was typed is so; whose address the Plan Admin's is.
    async fn check(
        &self,
        by: &By,
        buyer: &Buyer,
        apply: &ApplyForTrial,
    ) -> Result<AccountId, ApplyForTrialError> {
        let organization = self.organizations.find(&by.calls, buyer.organization()).await?;
        let organization = organization.ok_or(Refused::NotFound)?;
        if organization.space_key != apply.space_key {
            let wrong = Invalid("must be the Space Key of this organization");
            return Err(ApplyForTrialError::Field(wrong.of("space_key")));
        }
        if !organization.has_product {
            return Err(ApplyForTrialError::ProductNeeded);
        }
        let plan_admin = self.organizations.plan_admin(&by.calls, buyer.organization(), &apply.plan_admin);
        plan_admin.await?.ok_or_else(no_plan_admin)
    }

    async fn submit(
        &self,
        by: &By,
        buyer: &Buyer,
        apply: &ApplyForTrial,
        plan_admin: AccountId,
    ) -> Result<Application, ApplyForTrialError> {
        let application = self.application(buyer, apply, plan_admin);
        let id = application.id;
        let mut tx = self.pool.begin().await?;
        // Who has deleted their account since they were looked up leaves nothing here (ACC-13).
        if store::people::is_forgotten(&mut tx, by.account).await? {
            return Err(Refused::NotFound.into());
        }
        if store::people::is_forgotten(&mut tx, plan_admin).await? {
            return Err(no_plan_admin());
        }
        match claim(&mut tx, by.account, apply.request, &content(apply), id.uuid(), application.created_at)
            .await?
        {
            Claim::First => {}
            Claim::Reused => return Err(ApplyForTrialError::RequestIdReused),
            Claim::Repeated(id) => {
                let earlier = store::applications::find(&mut tx, id.into()).await?;
                return Ok(earlier.ok_or(Refused::NotFound)?);
            }
        }
        if !store::applications::insert(&mut tx, &application).await? {
            return Err(ApplyForTrialError::Open);
        }
        // After the insert: whoever approves another application of the organization is through by now.
        if store::subscriptions::find(&mut tx, application.organization).await?.is_some() {
            return Err(ApplyForTrialError::TrialUsed);
        }
        self.outbox.publish(&mut tx, events::application_submitted(&by.author, &application)).await?;
        tx.commit().await?;
        Ok(application)
    }

    fn application(&self, buyer: &Buyer, apply: &ApplyForTrial, plan_admin: AccountId) -> Application {
        let now = self.clock.now();
        Application {
            id: ApplicationId::generate(&self.entropy, now),
            organization: buyer.organization(),
            space_key: apply.space_key.clone(),
            contact: Some(apply.contact.clone()),
            plan_admin: Some(PlanAdmin { account: Some(plan_admin), email: apply.plan_admin.clone() }),
            company: apply.company.clone(),
            language: apply.language,
            applied_by: buyer.account(),
            created_at: now,
            due_at: self.settings.calendar.due(now),
            state: State::Open,
        }
    }
}

fn no_plan_admin() -> ApplyForTrialError {
    let wrong = Invalid("must be the address of a Plan Admin of this organization");
    ApplyForTrialError::Field(wrong.of("plan_admin_email"))
}

/// What makes two requests the same.
fn content(apply: &ApplyForTrial) -> [String; 7] {
    let ApplyForTrial { request: _, organization, contact, plan_admin, company, space_key, language } = apply;
    [
        "ApplyForTrial".to_owned(),
        organization.to_string(),
        contact.to_string(),
        plan_admin.as_str().to_owned(),
        company.to_string(),
        space_key.to_string(),
        language.to_string(),
    ]
}
