//! Use cases of the console itself: signing in and out, keeping a session alive, being told that it ended.
//! Everything else is asked of identity and organization, as the signed-in person (`grpc`).

mod back_channel;
mod seal;
mod session;
mod sign_in;
mod sign_out;

pub use session::Session;
pub use sign_in::{Returned, Wanted};

use crate::oidc::Provider;
use pass_runtime::seal::Envelope;
use pass_types::{Entropy, LinkKey, SharedClock};
use session::SessionError;
use sqlx::PgPool;
use std::sync::Arc;

/// What the use cases need.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

/// See [`Sessions`].
pub struct Inner {
    /// The console's database.
    pub pool: PgPool,
    /// The gateway.
    pub provider: Provider,
    /// Seals tokens.
    pub envelope: Envelope,
    /// Derives nonce and verifier of a sign-in from its state.
    pub sign_in_key: LinkKey,
    /// Where the gateway sends browsers back to.
    pub redirect_uri: String,
    /// Where it sends them after signing out.
    pub signed_out_uri: String,
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: Entropy,
}

impl Sessions {
    /// From what they need.
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl std::ops::Deref for Sessions {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}
