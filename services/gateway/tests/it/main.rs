//! The gateway through its transports: HTTP as browsers and relying parties speak it, gRPC as the mesh does,
//! on a real database and broker. Identity and organization are stand-ins behind real gRPC.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod acs;
mod authorize;
mod back_channel;
mod browser;
mod client_keys;
mod clients;
mod credentials;
mod exchange;
mod flows;
mod headers;
mod images;
mod keys;
mod logout;
mod look;
mod managed;
mod metadata;
mod neighbours;
mod not_me;
mod passkeys;
mod product;
mod refresh;
mod revocations;
mod saml;
mod second_factors;
mod secrecy;
mod settings;
mod sign_in;
mod sign_up;
mod suite;
