//! Use cases: one file a capability. They alone begin and commit transactions, and they ask other
//! services before a transaction begins, never inside it.

pub mod authenticate;
pub mod authorize;
pub mod back_channel;
pub mod clients;
pub mod exchange;
pub mod keys;
pub mod mint;
pub mod refresh;
pub mod revocations;
pub mod sign_out;

pub use authenticate::{Credentials, Proof};
pub use authorize::{AuthorizeError, Next};
pub use exchange::Redemption;
pub use sign_out::{Wish, WishError};

use crate::{
    domain::authorization::Refusal,
    grpc::{Identity, Organizations},
};
use keys::{KeyError, Keys};
use pass_events::Outbox;
use pass_mesh::{Failure, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Entropy, Kind, LinkKey, SharedClock};
use sqlx::PgPool;
use std::sync::Arc;
use time::Duration;
use url::Url;

/// What the use cases work with. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    /// The database.
    pub pool: PgPool,
    /// Where events are written.
    pub outbox: Outbox,
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: Entropy,
    /// Signing keys.
    pub keys: Keys,
    /// Accounts and sessions.
    pub identity: Identity,
    /// Memberships.
    pub organizations: Organizations,
    /// What does not change while the process runs.
    pub terms: Arc<Terms>,
}

/// The terms on which tokens are given.
pub struct Terms {
    /// The issuer, exactly as in every token and response: no slash at the end.
    pub issuer: String,
    /// Where somebody goes who came from nowhere: the console.
    pub home: Url,
    /// Derives the successors of refresh tokens.
    pub refresh_key: LinkKey,
    /// How long a code lives.
    pub code_life: Duration,
    /// How long access and ID tokens live.
    pub token_life: Duration,
    /// How long a refresh token lives unused.
    pub refresh_idle: Duration,
    /// How long a family of refresh tokens lives at most; the session's end may come before.
    pub refresh_absolute: Duration,
    /// How long an authorization request waits for somebody to sign in.
    pub flow_life: Duration,
    /// The same, from when they asked for an account: the mail's link lives a day.
    pub sign_up_life: Duration,
    /// The same, from when they asked for another password.
    pub reset_life: Duration,
}

/// A fault while a use case ran: nothing that who asks did wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database.
    #[error("working with the gateway's database")]
    Store(#[from] sqlx::Error),
    /// Another service does not answer, or not as it should.
    #[error("asking another service")]
    Peer(#[from] Failure),
    /// The signing keys.
    #[error("working with the signing keys")]
    Keys(#[from] KeyError),
}

impl Problem for Fault {
    fn kind(&self) -> Kind {
        match self {
            Self::Peer(failure) if failure.kind == Kind::Unavailable => Kind::Unavailable,
            Self::Store(error) => pass_mesh::database_kind(error),
            _ => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        if self.kind() == Kind::Unavailable { ErrorReason::Unavailable } else { ErrorReason::Internal }
    }
}

/// A refusal that the client is told, or a fault.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The client is told (RFC 6749, 5.2).
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something of ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for TokenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<KeyError> for TokenError {
    fn from(error: KeyError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Failure> for TokenError {
    fn from(failure: Failure) -> Self {
        Self::Fault(failure.into())
    }
}

impl TokenError {
    /// The grant is not, or no longer, good.
    pub fn grant(description: &'static str) -> Self {
        Refusal { code: "invalid_grant", description }.into()
    }

    /// The client did not prove who it is.
    pub fn client() -> Self {
        Refusal { code: "invalid_client", description: "the client is not known, or did not prove who it is" }
            .into()
    }
}
