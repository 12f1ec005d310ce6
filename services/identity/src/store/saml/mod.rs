//! SAML connections, and what signing in by them goes through.

pub mod bindings;
pub mod connections;
pub mod flows;
pub mod keys;
pub mod log;
pub mod strangers;
pub mod tests;
