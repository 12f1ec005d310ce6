//! The rules of organizations, on plain types: no transport, no SQL, no clock of their own.

pub mod access;
pub mod authority;
pub mod deletion;
pub mod invitation;
pub mod key;
pub mod managed;
pub mod member;
pub mod organization;
pub mod team;
