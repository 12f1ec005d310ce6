//! The SAML cases of `security.md` that need nothing but this crate: each with its refusal, its reason and
//! its limits.
#![expect(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

mod accepted;
mod certificates;
mod documents;
mod encryption;
mod foreign;
mod metadata;
mod mutation;
mod peers;
mod requests;
mod resources;
mod signatures;
mod subjects;
mod support;
mod times;
mod validation;
mod wrapping;
