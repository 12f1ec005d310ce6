//! Legacy spaces of Nulab Accounts (SPC): connecting (`connect`, `tries`), the owner's list and choices
//! (`own`), what products ask (`product`).

mod connect;
mod own;
mod product;
mod tries;

pub use connect::Wish;
pub use own::{Listed, MySpaces};

use super::{Identity, Owner, database_kind};
use crate::{
    domain::space::{LegacySpace, Locked},
    events::{self, ByCaller},
};
use pass_mesh::{Failure, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Invalid, Kind, Violation};
use std::time::Duration;

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum SpaceError {
    /// The product has no legacy spaces.
    #[error("spaces of this product can't be connected")]
    WithoutSpaces,
    /// The product has no such space.
    #[error("there is no such space")]
    Unknown,
    /// SPC-1.
    #[error("the space does not let people log in with a Nulab Account")]
    Closed,
    /// SPC-2.
    #[error("user ID or password of the space is wrong")]
    CredentialsInvalid,
    /// SPC-2, or too many wrong ones of everybody's.
    #[error("there were too many wrong tries; wait a while, then try again")]
    TooOften(Duration),
    /// SPC-4.
    #[error("the user of the space is connected to another Nulab Account")]
    UserConnected,
    /// SPC-3: to another of its users.
    #[error("another user of the space is connected to this Nulab Account")]
    SpaceConnected,
    /// As many as there may be.
    #[error("no more spaces can be connected to this Nulab Account")]
    Limit,
    /// A Managed Account has none.
    #[error("this account is managed by its organization, and has no spaces of its own")]
    Managed,
    /// The link is not there, or is somebody else's.
    #[error("there is no such connected space")]
    NotFound,
    /// The account and the space are not connected.
    #[error("the space is not connected to this Nulab Account")]
    NotConnected,
    /// SPC-5.
    #[error("the owner has this space use its own users only")]
    UsesOwnUsers,
    /// The product did not answer.
    #[error("the product does not answer just now; nothing was connected")]
    NoAnswer(#[source] Failure),
    /// The database.
    #[error("looking after connected spaces")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// Writes down that a space was not connected (AUD-1).
    async fn refuse_space(
        &self,
        owner: &Owner<'_>,
        space: &LegacySpace,
        why: ErrorReason,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let refused = events::space_connect_refused(owner.account, space, why);
        self.outbox.publish(&mut tx, refused.by_caller(owner.caller)).await?;
        tx.commit().await
    }
}

/// Refuses Managed Accounts: their organization runs what they use.
fn personal(owner: &Owner<'_>) -> Result<(), SpaceError> {
    match owner.caller.person() {
        Ok(person) if person.kind == AccountKind::Nulab => Ok(()),
        _ => Err(SpaceError::Managed),
    }
}

impl From<Locked> for SpaceError {
    fn from(Locked(wait): Locked) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl Problem for SpaceError {
    fn kind(&self) -> Kind {
        match self {
            Self::WithoutSpaces | Self::CredentialsInvalid => Kind::InvalidInput,
            Self::Unknown | Self::NotFound | Self::NotConnected => Kind::NotFound,
            Self::Closed | Self::Limit | Self::UsesOwnUsers => Kind::Precondition,
            Self::TooOften(_) => Kind::RateLimited,
            Self::UserConnected | Self::SpaceConnected => Kind::AlreadyExists,
            Self::Managed => Kind::Forbidden,
            Self::NoAnswer(_) => Kind::Unavailable,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::WithoutSpaces => ErrorReason::InvalidArgument,
            Self::Unknown => ErrorReason::SpaceUnknown,
            Self::Closed => ErrorReason::SpaceClosed,
            Self::CredentialsInvalid => ErrorReason::SpaceCredentialsInvalid,
            Self::TooOften(_) => ErrorReason::RateLimited,
            Self::UserConnected => ErrorReason::SpaceUserConnected,
            Self::SpaceConnected => ErrorReason::SpaceConnected,
            Self::Limit => ErrorReason::SpaceLinkLimit,
            Self::Managed => ErrorReason::ManagedByOrganization,
            Self::NotFound => ErrorReason::NotFound,
            Self::NotConnected => ErrorReason::SpaceNotConnected,
            Self::UsesOwnUsers => ErrorReason::SpaceUsesOwnUsers,
            Self::NoAnswer(_) => ErrorReason::ProductUnavailable,
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::WithoutSpaces => vec![Invalid("must be a product that has legacy spaces").of("product")],
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften(wait) => Some(*wait),
            _ => None,
        }
    }
}
