//! What use cases have in common in what may go wrong.

use crate::{domain::authority::AdministratorNeeded, grpc::peers::PeerError};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, NotEntitled, PageTokenInvalid};

/// Something that the rules have no part in.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// Another service did not say what is needed.
    #[error("another service did not say what is needed")]
    Peer(#[from] PeerError),
}

impl Problem for Fault {
    fn kind(&self) -> Kind {
        match self {
            Self::Database(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) => Kind::Unavailable,
            Self::Database(_) => Kind::Internal,
            Self::Peer(error) => error.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self.kind() {
            Kind::Unavailable => ErrorReason::Unavailable,
            _ => ErrorReason::Internal,
        }
    }
}

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
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The caller may not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The page token is not one of this list.
    #[error(transparent)]
    PageToken(#[from] PageTokenInvalid),
    /// A fault of ours.
    #[error("reading failed")]
    Fault(#[source] Fault),
}

impl Problem for ReadError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::PageToken(_) => Kind::InvalidInput,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::PageToken(_) => ErrorReason::PageTokenInvalid,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            Self::PageToken(_) | Self::Fault(_) => vec![],
        }
    }
}

/// Lets `?` take faults into the `Fault` variant of a use case's error.
macro_rules! faults {
    ($error:ty: $($fault:ty),+) => {$(
        impl From<$fault> for $error {
            fn from(fault: $fault) -> Self {
                Self::Fault(fault.into())
            }
        }
    )+};
}
pub(super) use faults;

faults!(ReadError: sqlx::Error);
