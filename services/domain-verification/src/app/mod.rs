//! Use cases, one file a capability: authorize, begin, load, decide, save, publish, commit.

mod add_domain;
mod authorize;
mod check_domain;
mod error;
mod list_domains;
mod page;
mod remove_domain;
mod verify_domain;

pub use add_domain::AddDomain;
pub use error::{ReadError, Refused};
pub use list_domains::ListDomains;

use crate::{dns::Resolvers, domain::throttle::Limit, grpc::peers::Peers};
use pass_events::Outbox;
use pass_mesh::{CallContext, Caller};
use pass_types::{Actor, Entropy, Origin, Person, SharedClock};
use sqlx::PgPool;
use tokio::time::Instant;
use tonic::Status;

/// What the use cases work with; each is a method of it.
#[derive(Clone)]
pub struct Domains {
    pub(crate) pool: PgPool,
    pub(crate) outbox: Outbox,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: Entropy,
    pub(crate) peers: Peers,
    pub(crate) resolvers: Resolvers,
    pub(crate) settings: Settings,
}

/// What the configuration says to the use cases.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many domains an organization may have.
    pub domains_per_organization: i64,
    /// How often one domain may be looked up.
    pub look_ups_of_domain: Limit,
    /// How often all domains of an organization together may be.
    pub look_ups_of_organization: Limit,
}

/// Who asks: a signed-in person.
#[derive(Debug, Clone)]
pub struct By {
    /// Who.
    pub person: Person,
    /// From where.
    pub origin: Origin,
    /// For this service's own calls to others on the way, within the same deadline.
    pub calls: CallContext,
    /// When they stop waiting.
    pub deadline: Option<Instant>,
}

impl By {
    /// The person that a call is for.
    pub fn of(caller: &Caller) -> Result<Self, Status> {
        Ok(Self {
            person: caller.person()?.clone(),
            origin: caller.origin.clone(),
            calls: caller.as_system(),
            deadline: caller.deadline,
        })
    }

    /// As events name them.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Person(self.person.clone())
    }
}
