//! The rules of domains, on plain types: no transport, no SQL, no DNS, no clock of their own.

pub mod authority;
pub mod claim;
pub mod code;
pub mod finding;
pub mod name;
pub mod provider;
pub mod throttle;
pub mod trail;
