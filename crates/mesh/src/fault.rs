//! What may go wrong that the rules have no part in: the database, another service. Use cases keep it in a
//! variant `Fault` of their error, into which [`faults!`](crate::faults) lets `?` take it.

use crate::{Failure, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Invalid, Kind, PageTokenInvalid};
use tonic::{Response, Status};

/// Something that the rules have no part in.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// Another service did not say what was asked.
    #[error("another service did not say what is needed")]
    Neighbour(#[from] NeighbourError),
    /// The account behind the caller's token was deleted since.
    #[error("there is no such account any more")]
    CallerGone,
}

impl Problem for Fault {
    fn kind(&self) -> Kind {
        match self {
            Self::Database(error) => database_kind(error),
            Self::Neighbour(error) => error.kind(),
            Self::CallerGone => Kind::Unauthenticated,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::CallerGone => ErrorReason::TokenRevoked,
            _ => reason(self.kind()),
        }
    }
}

/// Another service did not say what was asked.
#[derive(Debug, thiserror::Error)]
pub enum NeighbourError {
    /// It refused or did not answer.
    #[error("{0} did not answer")]
    Call(&'static str, #[source] Box<Failure>),
    /// It said something that can't be.
    #[error("{0}'s answer is not valid")]
    Answer(&'static str, #[source] Invalid),
}

impl Problem for NeighbourError {
    fn kind(&self) -> Kind {
        match self {
            Self::Call(_, failure) if failure.kind == Kind::Unavailable => Kind::Unavailable,
            Self::Call(..) | Self::Answer(..) => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        reason(self.kind())
    }
}

/// What the service of that name answered.
pub fn answer<T>(of: &'static str, answer: Result<Response<T>, Status>) -> Result<T, NeighbourError> {
    let failed = |status| NeighbourError::Call(of, Box::new(Failure::of(&status)));
    answer.map(Response::into_inner).map_err(failed)
}

/// Whether the database's failure is one that passes, or a fault of ours.
pub fn database_kind(error: &sqlx::Error) -> Kind {
    let passes = match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => true,
        // PostgreSQL, appendix A: connection (08), rolled back for a conflict (40), resources (53), state
        // of the server (55), an operator's doing (57).
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| ["08", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class))),
        _ => false,
    };
    if passes { Kind::Unavailable } else { Kind::Internal }
}

fn reason(kind: Kind) -> ErrorReason {
    match kind {
        Kind::Unavailable => ErrorReason::Unavailable,
        _ => ErrorReason::Internal,
    }
}

/// What authorization gives instead of the value that the rest of a use case needs. `Refused` is why a caller may not, in
/// the service's own words; [`refusals!`](crate::refusals) lets `?` take it into the error of a use case.
#[derive(Debug)]
pub enum Unauthorized<Refused> {
    /// The caller may not.
    Refused(Refused),
    /// Whoever was asked did not say.
    Fault(Fault),
}

impl<Refused> From<sqlx::Error> for Unauthorized<Refused> {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl<Refused> From<NeighbourError> for Unauthorized<Refused> {
    fn from(error: NeighbourError) -> Self {
        Self::Fault(error.into())
    }
}

/// Reading went wrong. `Refused` is why a caller may not, in the service's own words.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<Refused: Problem + 'static> {
    /// The caller may not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The page token is not one of this list.
    #[error(transparent)]
    PageToken(PageTokenInvalid),
    /// A fault of ours.
    #[error("reading failed")]
    Fault(#[source] Fault),
}

impl<Refused: Problem> From<Unauthorized<Refused>> for ReadError<Refused> {
    fn from(unauthorized: Unauthorized<Refused>) -> Self {
        match unauthorized {
            Unauthorized::Refused(refused) => Self::Refused(refused),
            Unauthorized::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl<Refused: Problem> From<PageTokenInvalid> for ReadError<Refused> {
    fn from(invalid: PageTokenInvalid) -> Self {
        Self::PageToken(invalid)
    }
}

impl<Refused: Problem> From<sqlx::Error> for ReadError<Refused> {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl<Refused: Problem> Problem for ReadError<Refused> {
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

/// Lets `?` take what authorization refuses into the variants `Refused` and `Fault` of a use case's error.
#[macro_export]
macro_rules! refusals {
    ($error:ty: $refused:ty) => {
        impl From<$crate::Unauthorized<$refused>> for $error {
            fn from(unauthorized: $crate::Unauthorized<$refused>) -> Self {
                match unauthorized {
                    $crate::Unauthorized::Refused(refused) => Self::Refused(refused),
                    $crate::Unauthorized::Fault(fault) => Self::Fault(fault),
                }
            }
        }
    };
}

/// Lets `?` take faults into the `Fault` variant of a use case's error.
#[macro_export]
macro_rules! faults {
    ($error:ty: $($fault:ty),+) => {$(
        impl From<$fault> for $error {
            fn from(fault: $fault) -> Self {
                Self::Fault(fault.into())
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_apart() {
        let kind = |error: sqlx::Error| Fault::from(error).kind();
        assert_eq!(kind(sqlx::Error::PoolTimedOut), Kind::Unavailable);
        assert_eq!(kind(sqlx::Error::RowNotFound), Kind::Internal);
        let said = |status| answer::<()>("identity", Err(status)).expect_err("it failed");
        assert_eq!(said(Status::unavailable("")).reason(), ErrorReason::Unavailable);
        assert_eq!(said(Status::permission_denied("")).reason(), ErrorReason::Internal);
        assert_eq!(said(Status::not_found("")).to_string(), "identity did not answer");
    }
}
