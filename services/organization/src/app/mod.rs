//! Use cases, one file a capability: authorize, begin, load, decide, save, publish, commit.

mod accept_invitation;
mod authorize;
mod check_access;
mod create_invitation;
mod error;
mod get_organization;
mod list_invitations;
mod list_members;
mod list_my_organizations;
mod manage_invitation;
mod page;
mod prepare_invitation_mail;
mod read_invitation;
mod request;
mod resolve_membership;
mod start_trial;

pub use check_access::CheckAccess;
pub use create_invitation::{CreateInvitation, CreateInvitationError};
pub use error::{Fault, ReadError, Refused};
pub use list_invitations::ListInvitations;
pub use list_members::ListMembers;
pub use list_my_organizations::ListMyOrganizations;
pub use page::{Page, PageKey, PageSize, PageTokenInvalid};
pub use prepare_invitation_mail::{InvitationMail, PrepareInvitationMail};
pub use read_invitation::{LinkError, ShownInvitation};
pub use resolve_membership::ResolveMembership;
pub use start_trial::{StartTrial, Started, Target};

use crate::grpc::directory::Directory;
use pass_events::Outbox;
use pass_mesh::{CallContext, Caller};
use pass_types::{Actor, Entropy, LinkKey, Origin, Person, SharedClock};
use sqlx::PgPool;
use time::Duration;
use tonic::Status;
use url::Url;

/// What the use cases work with; each is a method of it.
#[derive(Clone)]
pub struct Organizations {
    pub(crate) pool: PgPool,
    pub(crate) outbox: Outbox,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: Entropy,
    pub(crate) directory: Directory,
    pub(crate) settings: Settings,
}

/// What the configuration says to the use cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Derives the links of invitations.
    pub link_key: LinkKey,
    /// Seals page tokens.
    pub page_key: PageKey,
    /// Where the console's pages are.
    pub console: Url,
    /// How long a trial runs.
    pub trial: Duration,
    /// How many open invitations an organization may have.
    pub open_invitations: i64,
    /// How many invitation mails an organization, and a person, may cause on a day.
    pub invitation_mails_per_day: i32,
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
}

impl By {
    /// The person that a call is for.
    pub fn of(caller: &Caller) -> Result<Self, Status> {
        Ok(Self {
            person: caller.person()?.clone(),
            origin: caller.origin.clone(),
            calls: caller.as_system(),
        })
    }

    /// As events name them.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Person(self.person.clone())
    }
}
