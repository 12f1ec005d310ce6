//! The console through HTTP, on a real database. The gateway and the other services are other processes:
//! here stand-ins speak their contracts, HTTP and the mesh.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod back_channel;
mod credentials;
mod domains;
mod gateway;
mod managed;
mod nulab_pass;
mod operator;
mod pages;
mod profile;
mod safety;
mod saml;
mod services;
mod session;
mod sign_in;
mod spaces;
mod suite;
mod walk;
