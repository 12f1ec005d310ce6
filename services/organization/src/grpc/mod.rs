//! The only protobuf of the service: conversions both ways, handlers of three lines, and the clients
//! of identity's directory and of billing.

mod access_service;
mod account_deletion_service;
mod convert;
pub mod directory;
pub mod entitlements;
mod invitation_service;
mod managed_member_service;
mod member_service;
mod membership_service;
mod organization_service;
mod team_service;

use crate::app::Organizations;
use time::OffsetDateTime;

/// Every gRPC service of organization, by its use cases.
#[derive(Clone)]
pub struct Services(pub Organizations);

impl Services {
    /// The time that states are judged by on the way out.
    fn now(&self) -> OffsetDateTime {
        self.0.clock.now()
    }
}
