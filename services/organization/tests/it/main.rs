//! Organization through its gRPC services over mTLS, on a real database and broker. Identity,
//! billing and the gateway are other processes: here stand-ins serve their contracts on the mesh.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access;
mod bad_input;
mod deletions;
mod directory;
mod finding;
mod handles;
mod invitations;
mod managed_invitations;
mod managed_members;
mod managed_races;
mod members;
mod memberships;
mod pages;
mod standins;
mod suite;
mod teams;
mod trials;
mod visitor;
