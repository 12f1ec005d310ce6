//! The rules of accounts, credentials and sessions: plain values and transitions, without transport,
//! database or broker.

pub mod account;
pub mod managed;
pub mod password;
pub mod saml;
pub mod saml_test;
pub mod session;
pub mod sign_up;
pub mod throttle;
