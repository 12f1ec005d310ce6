//! Identity through gRPC over mTLS, on a real database and broker.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod bad_input;
mod lookup;
mod neighbours;
mod profile;
mod robustness;
mod sessions;
mod settings;
mod sign_in;
mod sign_up;
mod suite;
