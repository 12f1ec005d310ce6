//! The only protobuf: the calls that the gateway makes, and the trust service that it serves.

mod credential;
mod identity;
mod organization;
mod saml;
mod second_factor;
mod security;
mod trust;

pub use credential::PasswordReset;
pub use identity::{Identity, NewSession, Session, SignUp, Visit};
pub use organization::Organizations;
pub use saml::{Arrival, Departure, Finished};
pub use second_factor::{Added, Factor, Key, Offer, Protection, Proved, SignedIn};
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
