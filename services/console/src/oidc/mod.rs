//! The gateway as an `OpenID` provider, seen by a relying party like any product: discovery, keys, the token
//! endpoint.
//!
//! Why this is not the `openidconnect` crate: it has no logout tokens, brings a second reqwest and a second
//! set of cryptography (rsa, ed25519), and what is needed besides it, jsonwebtoken, is here anyway. What is
//! left is three requests.

mod keys;
mod provider;

pub use keys::{ID_TOKEN, KeysError, LOGOUT_TOKEN};
pub use provider::{Provider, ProviderError, Relying, TokenAnswer};
