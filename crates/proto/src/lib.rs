//! Rust for `proto/`: messages, clients, servers, and the descriptors with the suite's own options.
//!
//! [`convert`] holds what every service needs to go from messages to `pass-types` and back.

/// Everything generated, by protobuf package: `pass::identity::v1::Account`, ...
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    reason = "generated"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/all.rs"));
}

pub use generated::pass::{
    billing, domains, errors, events, gateway, identity, options, organization, product, types,
};

pub mod convert;

/// The encoded `FileDescriptorSet` of the whole contract, imports and extensions included.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The descriptors of the whole contract.
///
/// # Panics
/// Never: they were encoded by the build.
#[must_use]
pub fn descriptor_pool() -> prost_reflect::DescriptorPool {
    prost_reflect::DescriptorPool::decode(DESCRIPTORS).expect("the build wrote valid descriptors")
}
