//! The only protobuf of the service: conversions both ways, handlers of three lines, and the client
//! of organization.

mod application_service;
mod convert;
mod operator_service;
pub mod organizations;
mod person_service;
mod seat_service;

use crate::app::Billing;
use time::OffsetDateTime;

/// Every gRPC service of billing, by its use cases.
#[derive(Clone)]
pub struct Services(pub Billing);

impl Services {
    /// The time that states are judged by on the way out.
    fn now(&self) -> OffsetDateTime {
        self.0.clock.now()
    }
}
