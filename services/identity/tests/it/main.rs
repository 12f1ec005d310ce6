//! Identity through gRPC over mTLS, on a real database and broker.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod bad_input;
mod bad_input_managed;
mod company;
mod connected;
mod gateway;
mod idp;
mod lookup;
mod managed;
mod managed_faults;
mod operators;
mod profile;
mod robustness;
mod role;
mod saml;
mod saml_connection;
mod saml_fresh;
mod saml_log;
mod saml_refusals;
mod sessions;
mod settings;
mod sign_in;
mod sign_up;
mod standins;
mod suite;
