//! What the suite is tried with: a sample product, a sample identity provider, and what surrounds a company:
//! a mail sink and the DNS of its domain.
//!
//! [`backlog`] is what a product team would write: a relying party of the gateway that verifies the
//! access token with the gateway's JWKS, and a peer of the mesh that asks about the person. Read it
//! as an example; its [`spaces`] are legacy spaces with users of their own. [`idp`] signs the demo company's people in by SAML, [`dns`] answers for its domain, and
//! [`mail`] shows the mails that the suite sends.

pub mod backlog;
pub mod dns;
pub mod idp;
pub mod mail;
mod relying_party;
pub mod spaces;
mod visits;

pub use relying_party::{RelyingPartyConfig, RelyingPartyError};
