//! Use cases, one file a capability: authorize, begin, load, decide, save, publish, commit.

mod accept_invitation;
mod add_managed_member;
mod authorize;
mod change_managed_member;
mod check_access;
mod create_invitation;
mod create_team;
mod erase_account;
mod error;
mod find_member;
mod find_organization;
mod get_organization;
mod list_invitations;
mod list_members;
mod list_my_organizations;
mod list_teams;
mod manage_invitation;
mod page;
mod prepare_invitation_mail;
mod quota;
mod read_invitation;
mod resolve_membership;
mod set_handle;
mod start_trial;

pub use add_managed_member::AddManagedMember;
pub use change_managed_member::ChangeManagedMember;
pub use check_access::CheckAccess;
pub use create_invitation::{CreateInvitation, CreateInvitationError};
pub use create_team::CreateTeam;
pub use erase_account::EraseAccount;
pub use error::{ReadError, Refused};
pub use find_member::{FindMember, ListAdministrators};
pub use find_organization::FindOrganization;
pub use list_invitations::ListInvitations;
pub use list_members::{ListMembers, ListedMember};
pub use list_my_organizations::ListMyOrganizations;
pub use list_teams::ListTeams;
pub use page::PageKey;
pub use prepare_invitation_mail::{InvitationMail, PrepareInvitationMail};
pub use read_invitation::{LinkError, ShownInvitation};
pub use resolve_membership::ResolveMembership;
pub use set_handle::SetHandle;
pub use start_trial::{StartTrial, Started, Target};

use crate::grpc::{directory::Directory, entitlements::Entitlements};
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
    pub(crate) entitlements: Entitlements,
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
    /// How many Organization IDs an organization may ever have.
    pub organization_handles: i64,
    /// How often an organization's Organization ID may change on a day.
    pub handle_changes_per_day: i32,
    /// How many teams an organization may have.
    pub teams: i64,
    /// How many teams may be made in an organization, and by a person, on a day.
    pub teams_per_day: i32,
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

/// Who drives a change that identity makes.
#[derive(Debug, Clone)]
pub enum Driver {
    /// A person, through identity.
    Person(By),
    /// Identity on its own behalf.
    Identity {
        /// As events name it.
        actor: Actor,
        /// From where the person called who began it, if it says.
        origin: Origin,
    },
}

impl Driver {
    /// The one that a call is for. The methods' access rules let only identity call.
    pub fn of(caller: &Caller) -> Result<Self, Status> {
        match &caller.actor {
            actor @ Actor::System(_) => {
                Ok(Self::Identity { actor: actor.clone(), origin: caller.origin.clone() })
            }
            Actor::Anonymous | Actor::Person(_) | Actor::Operator(_) | Actor::Client(_) => {
                By::of(caller).map(Self::Person)
            }
        }
    }
}
