//! What the suite is tried with: a sample product and a mail sink.
//!
//! [`backlog`] is what a product team would write: a relying party of the gateway that verifies the
//! access token with the gateway's JWKS, and a peer of the mesh that asks about the person. Read it
//! as an example. [`mail`] shows the mails that the suite sends.

pub mod backlog;
pub mod mail;
mod relying_party;
mod visits;

pub use relying_party::{RelyingPartyConfig, RelyingPartyError};
