//! The only protobuf of the service: conversions both ways, handlers of three lines, and the clients of
//! what it asks.

mod convert;
mod domain_service;
pub mod peers;
mod verification_service;

use crate::app::Domains;

/// Every gRPC service of domain-verification, by its use cases.
#[derive(Clone)]
pub struct Services(pub Domains);
