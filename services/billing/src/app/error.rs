//! What use cases have in common in what may go wrong.

use crate::{domain::authority::Needed, grpc::organizations::OrganizationsError};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, PageTokenInvalid};

/// Something that the rules have no part in.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// Organization did not say what was asked.
    #[error("organization did not say what was asked")]
    Organizations(#[from] OrganizationsError),
}

impl Problem for Fault {
    fn kind(&self) -> Kind {
        match self {
            Self::Database(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) => Kind::Unavailable,
            Self::Database(_) => Kind::Internal,
            Self::Organizations(error) => error.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self.kind() {
            Kind::Unavailable => ErrorReason::Unavailable,
            _ => ErrorReason::Internal,
        }
    }
}

/// The caller may not, or there is no such thing for them.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// They are no member, or there is no such organization: they can't tell which. Operators and
    /// services: there is no such application.
    #[error("there is no such organization or application")]
    NotFound,
    /// Their role is too small.
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
