//! On whose behalf something happens, and from where.

use crate::{AccountId, AccountKind, ClientId, GrantId, OrganizationId, Privileges, Role, SessionId};
use time::OffsetDateTime;

/// On whose behalf a call is made or an event happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody in a browser who has not signed in.
    Anonymous,
    /// A signed-in person.
    Person(Person),
    /// Staff of the company that runs the suite, where a method is for them and not for persons.
    Operator(Person),
    /// A product on its own behalf, by its name in the mesh.
    Client(String),
    /// A service of the suite on its own behalf, by its name in the mesh.
    System(String),
}

/// A signed-in person, as the gateway's access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Whose account.
    pub account: AccountId,
    /// Which kind of account.
    pub kind: AccountKind,
    /// The session that the token came from.
    pub session: SessionId,
    /// The relying party that the token was issued to.
    pub client: ClientId,
    /// What it was issued from.
    pub grant: GrantId,
    /// The active organization, and the place in it when the token was issued.
    pub membership: Option<Membership>,
    /// Staff of the company that runs the suite: said by tokens for the suite's own audience alone.
    pub operator: bool,
    /// When the token was issued.
    pub issued_at: OffsetDateTime,
}

/// A place in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Which organization.
    pub organization: OrganizationId,
    /// Which role.
    pub role: Role,
    /// Which privileges.
    pub privileges: Privileges,
}

/// Where a request came from. `Debug` does not show it: addresses don't belong in logs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Network address of the browser; empty: no browser was involved.
    pub address: String,
    /// Its User-Agent, cut at 256 characters.
    pub user_agent: String,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Origin(…)")
    }
}
