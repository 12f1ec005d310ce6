//! What use cases have in common in what may go wrong.

use crate::domain::authority::Needed;
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::Kind;

/// The caller's place in the organization does not allow it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// They are no member, or there is no such organization: they can't tell which.
    #[error("there is no such organization")]
    NotFound,
    /// Their role is too small (ORG-5).
    #[error("this needs the role or privilege {0}")]
    RoleMissing(#[from] Needed),
}

impl Problem for Refused {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::RoleMissing(_) => Kind::Forbidden,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::RoleMissing(_) => ErrorReason::RoleMissing,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotFound => vec![],
            Self::RoleMissing(needed) => vec![("needed", needed.to_string())],
        }
    }
}

/// Reading went wrong.
pub type ReadError = pass_mesh::ReadError<Refused>;
