//! Billing through its gRPC services over mTLS, on a real database and broker. Organization and the
//! gateway are other processes: here stand-ins serve their contracts on the mesh.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod applications;
mod bad_input;
mod decisions;
mod lists;
mod mails;
mod people;
mod readiness;
mod seat_orders;
mod seats;
mod standins;
mod suite;
mod trials;
