//! Removing a domain that no Managed Account uses (DOM-6).
//!
//! Accounts are identity's, so this spans two services. First the wish is committed: from then on
//! [`check_domain`](Domains::check_domain) says no. Then identity counts, those accounts included that it is
//! just making: each of them asked `check_domain` before, and is counted, or asks after, and is refused. At
//! last the domain is removed or put back. What a crash leaves half-way, a job puts back: nothing is lost by
//! that, and nobody was told that it is gone. A try that was put back or overtaken can't remove any more.

use super::{By, Domains, Refused};
use crate::{
    domain::{
        authority::Administrator,
        claim::{Domain, Removal},
    },
    events, store,
};
use pass_mesh::{Fault, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{DomainId, Kind, OrganizationId};

/// A domain can't be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveDomainError {
    /// The person may not, or there is no such domain here.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Managed Accounts have addresses under it (DOM-6).
    #[error("{0} Managed Accounts use the domain")]
    InUse(u32),
    /// Somebody else tried at the same time, and did not come through.
    #[error("somebody else removes the domain at the same time")]
    Overtaken,
    /// A fault of ours.
    #[error("the domain could not be removed")]
    Fault(#[source] Fault),
}

faults!(RemoveDomainError: sqlx::Error);
refusals!(RemoveDomainError: Refused);

impl Problem for RemoveDomainError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::InUse(_) => Kind::Precondition,
            Self::Overtaken => Kind::Conflict,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::InUse(_) => ErrorReason::DomainInUse,
            Self::Overtaken => ErrorReason::Conflict,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            Self::InUse(number) => vec![("needed", number.to_string())],
            Self::Overtaken | Self::Fault(_) => vec![],
        }
    }
}

impl Domains {
    /// Removes a domain. One that was removed before stays so. Needs no Nulab Pass.
    #[tracing::instrument(skip_all, fields(org.id = %organization, domain.id = %id))]
    pub async fn remove_domain(
        &self,
        by: &By,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<(), RemoveDomainError> {
        let administrator = self.administrator(by, organization).await?;
        let Some((domain, removal)) = self.begin_removal(administrator, id).await? else {
            return Ok(());
        };
        let used = self.peers.managed_accounts(&by.calls, organization, &domain.name).await;
        match used {
            Ok(0) => self.end_removal(by, &domain, &removal).await,
            Ok(used) => {
                self.put_back(id, &removal).await?;
                Err(RemoveDomainError::InUse(used))
            }
            Err(error) => {
                self.put_back(id, &removal).await?;
                Err(RemoveDomainError::Fault(error.into()))
            }
        }
    }

    /// Notes the wish; `None`: the domain has been removed already.
    async fn begin_removal(
        &self,
        administrator: Administrator,
        id: DomainId,
    ) -> Result<Option<(Domain, Removal)>, RemoveDomainError> {
        let (organization, now) = (administrator.organization(), self.clock.now());
        let mut tx = self.pool.begin().await?;
        let Some(domain) = store::domains::find_locked(&mut tx, organization, id).await? else {
            let gone = store::domains::was_removed(&mut tx, organization, id).await?;
            return if gone { Ok(None) } else { Err(Refused::NotFound.into()) };
        };
        let removal = Removal { id: self.entropy.uuid(now), since: now };
        let domain = domain.remove(removal);
        store::domains::save(&mut tx, &domain).await?;
        tx.commit().await?;
        Ok(Some((domain, removal)))
    }

    async fn end_removal(
        &self,
        by: &By,
        domain: &Domain,
        removal: &Removal,
    ) -> Result<(), RemoveDomainError> {
        let mut tx = self.pool.begin().await?;
        if !store::domains::delete(&mut tx, domain, removal, self.clock.now()).await? {
            let gone = store::domains::was_removed(&mut tx, domain.organization, domain.id).await?;
            return if gone { Ok(()) } else { Err(RemoveDomainError::Overtaken) };
        }
        self.outbox.publish(&mut tx, events::domain_removed(by, domain)).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn put_back(&self, id: DomainId, removal: &Removal) -> Result<(), sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        store::domains::put_back(&mut conn, id, removal).await
    }
}
