//! The first statement of each use case: what the person may do to this organization. Asked of the services
//! that own the answer, not read from the token, whose role may be five minutes old.

use super::{By, Domains, Refused};
use crate::domain::authority::{Administrator, Subscriber};
use pass_types::OrganizationId;

/// Why somebody may not, or that it is not known.
pub type Unauthorized = pass_mesh::Unauthorized<Refused>;

impl Domains {
    /// An administrator. Where the person is no member, there is no such organization for them.
    pub(super) async fn administrator(
        &self,
        by: &By,
        organization: OrganizationId,
    ) -> Result<Administrator, Unauthorized> {
        let role = self.peers.role(&by.calls, by.person.account, organization).await?;
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
        let entitlement = self.peers.entitlement(&by.calls, organization).await?;
        Subscriber::of(administrator, entitlement).map_err(|needed| Unauthorized::Refused(needed.into()))
    }
}
