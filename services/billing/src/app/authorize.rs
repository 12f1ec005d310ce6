//! The first statement of each use case for persons: what they may do to this organization. Asked of
//! organization and not of the token, whose role may be five minutes old.

use super::{Billing, By, Refused};
use crate::domain::authority::Buyer;
use pass_types::OrganizationId;

/// Why somebody may not, or that it is not known.
pub type Unauthorized = pass_mesh::Unauthorized<Refused>;

impl Billing {
    /// An administrator or Plan Admin of the organization.
    pub(super) async fn buyer(&self, by: &By, id: OrganizationId) -> Result<Buyer, Unauthorized> {
        let place = self.organizations.place(&by.calls, by.account, id).await?;
        let place = place.ok_or(Unauthorized::Refused(Refused::NotFound))?;
        Buyer::of(by.account, &place).map_err(|needed| Unauthorized::Refused(needed.into()))
    }
}
