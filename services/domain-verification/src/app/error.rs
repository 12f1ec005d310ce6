//! What use cases have in common in what may go wrong.

use crate::domain::authority::AdministratorNeeded;
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, NotEntitled};

/// The caller's place in the organization does not allow it, or the organization has not what it needs.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// They are no member, or there is no such organization or domain: they can't tell which.
    #[error("there is no such thing")]
    NotFound,
    /// Their role is too small (ORG-5).
    #[error("this needs the role {0}")]
    RoleMissing(#[from] AdministratorNeeded),
    /// The organization has no Nulab Pass now (BIL-6).
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
}

impl Problem for Refused {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::RoleMissing(_) => Kind::Forbidden,
            Self::NotEntitled(_) => Kind::Precondition,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::RoleMissing(_) => ErrorReason::RoleMissing,
            Self::NotEntitled(NotEntitled::Needed) => ErrorReason::NulabPassNeeded,
            Self::NotEntitled(NotEntitled::Ended) => ErrorReason::NulabPassEnded,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::RoleMissing(needed) => vec![("needed", needed.to_string())],
            Self::NotFound | Self::NotEntitled(_) => vec![],
        }
    }
}

/// Reading went wrong.
pub type ReadError = pass_mesh::ReadError<Refused>;
