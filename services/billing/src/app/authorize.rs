//! The first statement of each use case for persons: what they may do to this organization. Asked of
//! organization and not of the token, whose role may be five minutes old.

use super::{Billing, By, Refused};
use crate::domain::authority::Buyer;
use pass_mesh::NeighbourError;
use pass_types::OrganizationId;

/// An error of authorization: refused, or not known.
#[derive(Debug)]
pub enum Unauthorized {
    /// The person may not.
    Refused(Refused),
    /// Organization did not say.
    Unknown(NeighbourError),
}

impl Billing {
    /// An administrator or Plan Admin of the organization.
    pub(super) async fn buyer(&self, by: &By, id: OrganizationId) -> Result<Buyer, Unauthorized> {
        let place = self.organizations.place(&by.calls, by.account, id).await;
        let place = place.map_err(Unauthorized::Unknown)?;
        let place = place.ok_or(Unauthorized::Refused(Refused::NotFound))?;
        Buyer::of(by.account, &place).map_err(|needed| Unauthorized::Refused(needed.into()))
    }
}

/// Lets `?` take a refusal into a use case's error.
macro_rules! refusals {
    ($error:ty) => {
        impl From<crate::app::authorize::Unauthorized> for $error {
            fn from(unauthorized: crate::app::authorize::Unauthorized) -> Self {
                match unauthorized {
                    crate::app::authorize::Unauthorized::Refused(refused) => Self::Refused(refused),
                    crate::app::authorize::Unauthorized::Unknown(error) => Self::Fault(error.into()),
                }
            }
        }
    };
}
pub(super) use refusals;

refusals!(super::ReadError);
