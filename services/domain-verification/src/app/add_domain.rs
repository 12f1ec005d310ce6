//! Adding a domain (DOM-1, DOM-3, DOM-4).

use super::{By, Domains, Refused};
use crate::{
    domain::{
        claim::{Domain, Everybodys},
        name::DomainName,
    },
    events, store,
};
use pass_events::requests::{Claim, claim};
use pass_mesh::{Fault, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, OrganizationId, RequestId};

/// Which domain to add.
#[derive(Debug)]
pub struct AddDomain {
    /// The caller's name for this.
    pub request: RequestId,
    /// To which organization.
    pub organization: OrganizationId,
    /// Its name.
    pub name: DomainName,
}

/// A domain can't be added.
#[derive(Debug, thiserror::Error)]
pub enum AddDomainError {
    /// The person may not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The `request_id` came with other content before.
    #[error("this request_id was used for something else")]
    RequestIdReused,
    /// It can't be anybody's (DOM-4).
    #[error(transparent)]
    Everybodys(#[from] Everybodys),
    /// The organization has it.
    #[error("the organization has this domain already")]
    Known,
    /// The organization has too many.
    #[error("the organization has as many domains as it may have")]
    TooMany,
    /// A fault of ours.
    #[error("the domain could not be added")]
    Fault(#[source] Fault),
}

faults!(AddDomainError: sqlx::Error);
refusals!(AddDomainError: Refused);

impl Problem for AddDomainError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::Everybodys(_) => Kind::InvalidInput,
            Self::RequestIdReused | Self::Known => Kind::AlreadyExists,
            Self::TooMany => Kind::Precondition,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::RequestIdReused => ErrorReason::RequestIdReused,
            Self::Everybodys(Everybodys::PublicSuffix) => ErrorReason::DomainPublicSuffix,
            Self::Everybodys(Everybodys::MailProvider) => ErrorReason::DomainMailProvider,
            Self::Known => ErrorReason::DomainKnown,
            Self::TooMany => ErrorReason::DomainLimit,
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

impl Domains {
    /// Adds a domain with a code of its own. Any number of organizations may have it. The same request again
    /// gives the same domain.
    #[tracing::instrument(skip_all, fields(org.id = %add.organization))]
    pub async fn add_domain(&self, by: &By, add: AddDomain) -> Result<Domain, AddDomainError> {
        let subscriber = self.subscriber(by, add.organization).await?;
        let (organization, now) = (subscriber.organization(), self.clock.now());
        let AddDomain { request, organization: _, name } = add;
        let domain = Domain::claim(organization, name, &self.entropy, now)?;
        let content = ["AddDomain", &organization.to_string(), domain.name.as_str()];
        let mut tx = self.pool.begin().await?;
        match claim(&mut tx, by.person.account, request, &content, domain.id.uuid(), now).await? {
            Claim::First => {}
            Claim::Reused => return Err(AddDomainError::RequestIdReused),
            Claim::Repeated(id) => {
                let earlier = store::domains::find(&mut tx, organization, id.into()).await?;
                return Ok(earlier.ok_or(Refused::NotFound)?);
            }
        }
        let has = store::domains::count_locked(&mut tx, domain.organization).await?;
        // Known before too many: an administrator with a full list is told what is true of the name.
        if store::domains::is_known(&mut tx, domain.organization, &domain.name).await? {
            return Err(AddDomainError::Known);
        }
        if has >= self.settings.domains_per_organization {
            return Err(AddDomainError::TooMany);
        }
        store::domains::insert(&mut tx, &domain).await?;
        self.outbox.publish(&mut tx, events::domain_added(by, &domain)).await?;
        tx.commit().await?;
        Ok(domain)
    }
}
