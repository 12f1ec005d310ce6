//! What makes a program of a service: configuration, telemetry, life cycle, the admin port, the
//! database pool, the HTTP client and secrets at rest. It knows no service.

pub mod admin;
mod chain;
pub mod config;
pub mod database;
mod health;
pub mod http;
mod lifecycle;
pub mod seal;
pub mod telemetry;
pub mod trace;

pub use chain::chain;
pub use health::{Gauge, Health};
pub use lifecycle::{Shutdown, TaskError, Tasks};

use pass_types::{Entropy, SharedClock, SystemClock};
use std::sync::Arc;

/// What a process gives each of its services.
#[derive(Clone)]
pub struct Context {
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: Entropy,
    /// Where dependencies say whether they are there.
    pub health: Health,
    /// Where background work runs and is stopped.
    pub tasks: Tasks,
}

impl Context {
    /// With the machine's clock and randomness.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Entropy::from_os())
    }

    /// With a given clock and randomness.
    #[must_use]
    pub fn new(clock: SharedClock, entropy: Entropy) -> Self {
        Self { clock, entropy, health: Health::default(), tasks: Tasks::default() }
    }

    /// The same, for one service of several in the process: its dependencies are reported as
    /// `<service>.<dependency>`.
    #[must_use]
    pub fn for_service(&self, service: &str) -> Self {
        Self { health: self.health.under(service), ..self.clone() }
    }
}
