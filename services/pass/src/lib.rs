//! The program of the suite: one binary, a sub-command per service, and `all`.
//!
//! As a library it is what the binary and the whole-suite tests share: the settings, and starting
//! services in a process. In `all` the services still talk real gRPC over loopback.

mod clients;
mod config;
mod operators;
mod service;

pub use clients::{add_secret, register_client, replace_keys};
pub use config::{AdminConfig, Config, Disagreement};
pub use operators::{add_operator, remove_operator};
pub use service::{Built, Service, StartError, build, migrate, pending, start};

pub use gateway::app::clients::{ClientError, Registration};
pub use identity::PasswordConfig;
pub use notification::TlsMode;
