//! The mesh, over real TLS on loopback: every promise of it is a test here.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod access;
mod balancing;
mod calls;
mod certificates;
mod lifecycle;
mod operators;
mod products;
mod support;
mod tokens;
mod tracing_context;
mod trust;
