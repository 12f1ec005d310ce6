//! The rules of an `OpenID` provider as plain values: no SQL, no HTTP, no gRPC, no clock of its own.

pub mod assertion;
pub mod authorization;
pub mod client;
pub mod client_keys;
pub mod family;
pub mod keys;
pub mod logout;
pub mod pkce;
pub mod revocation;
pub mod scope;
