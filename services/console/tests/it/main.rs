//! The console through HTTP, on a real database. Gateway, identity and organization are other processes:
//! here stand-ins speak their contracts, HTTP and the mesh.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod back_channel;
mod gateway;
mod pages;
mod services;
mod session;
mod sign_in;
mod suite;
