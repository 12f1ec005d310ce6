//! The only protobuf: the calls that the gateway makes, and the trust service that it serves.

mod identity;
mod organization;
mod saml;
mod trust;

pub use identity::{Identity, NewSession, Session, SignUp};
pub use organization::Organizations;
pub use saml::{Arrival, Departure, Finished};
pub use trust::{TrustHandler, to_wire};

use pass_mesh::Failure;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Invalid, Kind};

/// An answer that breaks the contract.
fn broken(Invalid(problem): Invalid) -> Failure {
    Failure {
        kind: Kind::Internal,
        reason: ErrorReason::Internal,
        violations: Vec::new(),
        message: format!("an answer breaks the contract: {problem}"),
        metadata: std::collections::HashMap::new(),
        retry_after: None,
    }
}
