//! Domain-verification through its gRPC services over mTLS, on a real database, broker and DNS server.
//! Organization, billing, identity and the gateway are other processes: here stand-ins serve their contracts
//! on the mesh.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod adding;
mod answers;
mod bad_input;
mod checking;
mod look_ups;
mod removing;
mod standins;
mod suite;
