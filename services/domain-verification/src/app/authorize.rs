//! The first statement of each use case: what the person may do to this organization. Asked of the services
//! that own the answer, not read from the token, whose role may be five minutes old.

use super::{By, Domains, Refused};
use crate::domain::authority::{Administrator, Subscriber};
use pass_mesh::Fault;
use pass_types::OrganizationId;

/// An error of authorization: refused, or not known.
#[derive(Debug)]
pub enum Unauthorized {
    /// The person may not.
    Refused(Refused),
    /// Organization or billing did not say.
    Fault(Fault),
}

impl Domains {
    /// An administrator. Where the person is no member, there is no such organization for them.
    pub(super) async fn administrator(
        &self,
        by: &By,
        organization: OrganizationId,
    ) -> Result<Administrator, Unauthorized> {
        let role = self.peers.role(&by.calls, by.person.account, organization).await;
        let role = role.map_err(|error| Unauthorized::Fault(error.into()))?;
        let role = role.ok_or(Unauthorized::Refused(Refused::NotFound))?;
        Administrator::of(organization, role).map_err(|needed| Unauthorized::Refused(needed.into()))
    }

    /// An administrator of an organization that has Nulab Pass.
    pub(super) async fn subscriber(
        &self,
        by: &By,
        organization: OrganizationId,
    ) -> Result<Subscriber, Unauthorized> {
        let administrator = self.administrator(by, organization).await?;
        let entitlement = self.peers.entitlement(&by.calls, organization).await;
        let entitlement = entitlement.map_err(|error| Unauthorized::Fault(error.into()))?;
        Subscriber::of(administrator, entitlement).map_err(|needed| Unauthorized::Refused(needed.into()))
    }
}

/// Lets `?` take a refusal into a use case's error.
macro_rules! refusals {
    ($error:ty) => {
        impl From<crate::app::authorize::Unauthorized> for $error {
            fn from(unauthorized: crate::app::authorize::Unauthorized) -> Self {
                match unauthorized {
                    crate::app::authorize::Unauthorized::Refused(refused) => Self::Refused(refused),
                    crate::app::authorize::Unauthorized::Fault(fault) => Self::Fault(fault),
                }
            }
        }
    };
}
pub(super) use refusals;

refusals!(super::ReadError);
