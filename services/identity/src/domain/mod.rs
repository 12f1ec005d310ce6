//! The rules of accounts, credentials and sessions: plain values and transitions, without transport,
//! database or broker.

pub mod account;
pub mod deletion;
pub mod device;
pub mod email_change;
pub mod guessing;
pub mod image;
pub mod leaked;
pub mod login_alert;
pub mod managed;
pub mod password;
pub mod password_reset;
pub mod saml;
pub mod saml_test;
pub mod second_factor;
pub mod security_event;
pub mod session;
pub mod sign_up;
pub mod space;
pub mod throttle;
pub mod totp;
