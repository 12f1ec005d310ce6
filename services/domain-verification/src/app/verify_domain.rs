//! Looking a domain's record up (DOM-2). Verifying converts nobody (DOM-7): it is told, and no account is
//! touched.

use super::{By, Domains, Refused};
use crate::{
    dns::PATIENCE,
    domain::{
        authority::Subscriber,
        claim::{BeingRemoved, Domain, Proven},
        code::sibling,
        finding::{Answer, Answers, Finding, Kind as Found},
        throttle::TooOften,
    },
    events,
    store::{self, throttles::Subject},
};
use pass_mesh::{Fault, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{DomainId, Kind, OrganizationId};
use std::time::Duration;
use tokio::time::Instant;

/// What is left of the caller's time for saving what was found and answering.
const RESERVE: Duration = Duration::from_secs(1);

/// A domain can't be looked up.
#[derive(Debug, thiserror::Error)]
pub enum VerifyDomainError {
    /// The person may not, or there is no such domain here.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It is being removed.
    #[error(transparent)]
    BeingRemoved(#[from] BeingRemoved),
    /// It was looked up too often.
    #[error("the domain was looked up too often; wait a little")]
    TooOften {
        /// When it can be again.
        retry_after: Duration,
    },
    /// A fault of ours.
    #[error("the domain could not be looked up")]
    Fault(#[source] Fault),
}

faults!(VerifyDomainError: sqlx::Error);
refusals!(VerifyDomainError: Refused);

impl From<TooOften> for VerifyDomainError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften { retry_after: wait.try_into().unwrap_or_default() }
    }
}

impl Problem for VerifyDomainError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::BeingRemoved(BeingRemoved) => Kind::Conflict,
            Self::TooOften { .. } => Kind::RateLimited,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::BeingRemoved(BeingRemoved) => ErrorReason::Conflict,
            Self::TooOften { .. } => ErrorReason::RateLimited,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften { retry_after } => Some(*retry_after),
            _ => None,
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
    /// Looks the record up now, and notes it when it is there. Whatever else was found changes nothing, also
    /// for a domain that is verified. No transaction is open while the resolvers are asked.
    #[tracing::instrument(skip_all, fields(org.id = %organization, domain.id = %id))]
    pub async fn verify_domain(
        &self,
        by: &By,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<(Domain, Finding), VerifyDomainError> {
        let subscriber = self.subscriber(by, organization).await?;
        let domain = self.take_look_up(subscriber, id).await?;
        let finding = self.look_up(by, &domain).await;
        if finding.kind != Found::Match {
            return Ok((domain, finding));
        }
        let domain = self.note_proof(by, subscriber, id).await?;
        Ok((domain, finding))
    }

    /// The domain, with one more look-up of it counted.
    async fn take_look_up(&self, subscriber: Subscriber, id: DomainId) -> Result<Domain, VerifyDomainError> {
        let (organization, now) = (subscriber.organization(), self.clock.now());
        let mut tx = self.pool.begin().await?;
        let domain = store::domains::find(&mut tx, organization, id).await?.ok_or(Refused::NotFound)?;
        let limits = [
            (Subject::Organization(organization), self.settings.look_ups_of_organization),
            (Subject::Domain(id), self.settings.look_ups_of_domain),
        ];
        for (subject, limit) in limits {
            let empty_at = store::throttles::lock(&mut tx, subject, now).await?;
            let empty_at = limit.take(empty_at, now)?;
            store::throttles::save(&mut tx, subject, empty_at).await?;
        }
        tx.commit().await?;
        Ok(domain)
    }

    async fn look_up(&self, by: &By, domain: &Domain) -> Finding {
        let most = Instant::now() + PATIENCE;
        let until = by.deadline.and_then(|end| end.checked_sub(RESERVE)).map_or(most, |end| end.min(most));
        let sibling = sibling(&self.entropy);
        let answers = self.resolvers.look_up(&domain.name, &sibling, until).await;
        for (resolver, answers) in answers.iter().enumerate() {
            let Answers { challenge, sibling, domain, beside } = answers;
            for answer in [challenge, sibling, domain].into_iter().chain(beside) {
                if let Answer::Failed(failure) = answer {
                    tracing::warn!(resolver, ?failure, "a resolver did not answer");
                }
            }
        }
        Finding::of(&domain.code, &answers)
    }

    /// The record is there: the domain is verified, unless it was removed meanwhile.
    async fn note_proof(
        &self,
        by: &By,
        subscriber: Subscriber,
        id: DomainId,
    ) -> Result<Domain, VerifyDomainError> {
        let mut tx = self.pool.begin().await?;
        let domain = store::domains::find_locked(&mut tx, subscriber.organization(), id).await?;
        match domain.ok_or(Refused::NotFound)?.prove(self.clock.now())? {
            Proven::Before(domain) => Ok(domain),
            Proven::Now(domain) => {
                store::domains::save(&mut tx, &domain).await?;
                self.outbox.publish(&mut tx, events::domain_verified(by, &domain)).await?;
                tx.commit().await?;
                Ok(domain)
            }
        }
    }
}
