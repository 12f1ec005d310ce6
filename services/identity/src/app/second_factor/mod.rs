//! Second factors (ACC-9): adding, removing and showing them.
//!
//! Everything here is for the browser whose session or second step the request names by its token. `change` is
//! what every change begins and ends with; `authenticator`, `key` and `recovery` are the changes; `step` is
//! showing a factor, to sign in or in a session that is to prove itself again; `guessing` is how often one may be
//! wrong. `passkey` is a sign-in by a passkey alone. `ceremony` is all that is known of webauthn-rs.

mod authenticator;
pub mod ceremony;
mod change;
mod guessing;
mod key;
mod passkey;
mod recovery;
mod step;

pub use authenticator::Confirmed;
pub(super) use change::actor;
pub use key::Added;
pub use passkey::PasskeySignIn;
pub use step::{Finish, Finished, NewStep, Offer, Shown};

use super::{Browser, Identity, SessionError, database_kind, neighbour_kind};
use crate::{
    domain::{
        second_factor::{Factors, NotFresh},
        throttle::TooOften,
    },
    grpc::neighbours::Named,
    store,
};
use pass_mesh::{Caller, Failure, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_runtime::seal::{Envelope, SealError};
use pass_types::{AccountKind, Invalid, Kind, OrganizationName, Violation};
use std::time::Duration;

/// Why second factors were not shown, taken or changed.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// Nobody is signed in, or the database failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// MAN-6.
    #[error("this account's identity provider has its second factors")]
    Managed,
    /// Whoever sits there must prove who they are once more.
    #[error("changing second factors needs a proof of the last minutes")]
    NotFresh(NotFresh),
    /// Or it was used before; in this field of the request.
    #[error("the code or key is not right")]
    Invalid(&'static str),
    /// It was done, or never was.
    #[error("this took too long, or had too many wrong tries; begin again")]
    Over,
    /// An app, or this key.
    #[error("this has been added already")]
    Exists,
    /// Ten of them.
    #[error("the account has as many keys as it may have")]
    KeyLimit,
    /// Nothing to show, to switch off or to recover.
    #[error("the account has no second factor")]
    Missing,
    /// No such app or key, or somebody else's.
    #[error("there is no such second factor")]
    NotFound,
    /// Too many wrong codes for this account (ACC-14).
    #[error("there were too many wrong codes; wait a while, or show another second factor")]
    Locked(Duration),
    /// Too many failed from this network.
    #[error("there were too many failed tries from this network; wait a while, then try again")]
    TooOften(Duration),
    /// A secret can't be opened.
    #[error("opening a sealed secret")]
    Sealed(#[from] SealError),
    /// What is stored of a key can't be used.
    #[error("working with a security key")]
    Ceremony(#[from] ceremony::CeremonyError),
    /// Organization failed.
    #[error("asking which organization manages the account")]
    Neighbour(#[source] Failure),
    /// The database failed.
    #[error("looking after second factors")]
    Database(#[from] sqlx::Error),
}

/// What second factors are sealed and judged by.
pub struct Tools {
    /// Seals the secrets of authenticator apps.
    pub envelope: Envelope,
    /// Judges security keys and passkeys.
    pub ceremonies: ceremony::Ceremonies,
}

/// What protects an account.
pub struct Protection {
    /// Who manages it, if not its owner.
    pub managed_by: Option<OrganizationName>,
    /// What its owner has.
    pub factors: Factors,
}

impl SecondFactorError {
    /// Whether the rules said no to a change (AUD-1).
    fn is_refusal(&self) -> bool {
        match self {
            Self::Managed
            | Self::NotFresh(_)
            | Self::Invalid(_)
            | Self::Exists
            | Self::KeyLimit
            | Self::Missing => true,
            Self::Session(_)
            | Self::Over
            | Self::NotFound
            | Self::Locked(_)
            | Self::TooOften(_)
            | Self::Sealed(_)
            | Self::Ceremony(_)
            | Self::Neighbour(_)
            | Self::Database(_) => false,
        }
    }
}

impl Identity {
    /// The signed-in browser of a token.
    async fn browser_of(&self, token: &str) -> Result<Browser, SecondFactorError> {
        let token = token.parse().map_err(|_| SessionError::Over)?;
        Ok(self.resolve_session(&token).await?)
    }

    /// What protects the account that a browser is signed in to.
    pub async fn protection(&self, caller: &Caller, token: &str) -> Result<Protection, SecondFactorError> {
        let Browser { session: _, account } = self.browser_of(token).await?;
        let Some(place) = account.place.filter(|_| account.kind == AccountKind::Managed) else {
            let mut db = self.pool.acquire().await?;
            let factors = store::second_factors::of(&mut db, account.id).await?;
            return Ok(Protection { managed_by: None, factors });
        };
        let named = Named::Id(place.organization);
        let organization = self.neighbours.organization(&caller.as_system(), named).await;
        let organization = organization.map_err(SecondFactorError::Neighbour)?;
        let organization = organization.ok_or(SecondFactorError::NotFound)?;
        Ok(Protection { managed_by: Some(organization.name), factors: Factors::default() })
    }
}

impl From<NotFresh> for SecondFactorError {
    fn from(why: NotFresh) -> Self {
        Self::NotFresh(why)
    }
}

impl From<TooOften> for SecondFactorError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl Problem for SecondFactorError {
    fn kind(&self) -> Kind {
        match self {
            Self::Session(error) => error.kind(),
            Self::Managed => Kind::Forbidden,
            Self::Invalid(_) => Kind::Unauthenticated,
            Self::NotFresh(_) | Self::Over | Self::KeyLimit | Self::Missing => Kind::Precondition,
            Self::Exists => Kind::AlreadyExists,
            Self::NotFound => Kind::NotFound,
            Self::Locked(_) | Self::TooOften(_) => Kind::RateLimited,
            Self::Sealed(_) | Self::Ceremony(_) => Kind::Internal,
            Self::Neighbour(failure) => neighbour_kind(failure).0,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Session(error) => error.reason(),
            Self::Managed => ErrorReason::ManagedByOrganization,
            Self::NotFresh(NotFresh::SecondFactor) => ErrorReason::SecondFactorNeeded,
            Self::NotFresh(NotFresh::SignIn) => ErrorReason::FreshSignInNeeded,
            Self::Invalid(_) => ErrorReason::SecondFactorInvalid,
            Self::Over => ErrorReason::SecondStepOver,
            Self::Exists => ErrorReason::SecondFactorExists,
            Self::KeyLimit => ErrorReason::KeyLimit,
            Self::Missing => ErrorReason::SecondFactorMissing,
            Self::NotFound => ErrorReason::NotFound,
            Self::Locked(_) => ErrorReason::SecondFactorLocked,
            Self::TooOften(_) => ErrorReason::RateLimited,
            Self::Sealed(_) | Self::Ceremony(_) => ErrorReason::Internal,
            Self::Neighbour(failure) => neighbour_kind(failure).1,
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(field) => vec![Invalid("is not right, or was used before").of(field)],
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Locked(wait) | Self::TooOften(wait) => Some(*wait),
            Self::Neighbour(failure) => failure.retry_after,
            _ => None,
        }
    }
}
