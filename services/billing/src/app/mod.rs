//! Use cases, one file a capability: authorize, begin, load, decide, save, publish, commit.

mod apply_for_trial;
mod authorize;
mod change_seat;
mod check_entitlement;
mod decide;
mod error;
mod forget_person;
mod get_nulab_pass;
mod list_applications;
mod prepare_application_mail;

pub use apply_for_trial::ApplyForTrial;
pub use change_seat::ChangeSeat;
pub use error::{ReadError, Refused};
pub use forget_person::ForgetPerson;
pub use list_applications::{ListApplications, Which};
pub use prepare_application_mail::ApplicationMail;

use crate::{
    domain::{calendar::Calendar, subscription::TrialTerms},
    grpc::organizations::Organizations,
};
use pass_events::Outbox;
use pass_mesh::{CallContext, Caller};
use pass_types::{AccountId, Actor, Entropy, LinkKey, Origin, SharedClock};
use sqlx::PgPool;
use tonic::Status;
use url::Url;

/// What the use cases work with; each is a method of it.
#[derive(Clone)]
pub struct Billing {
    pub(crate) pool: PgPool,
    pub(crate) outbox: Outbox,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: Entropy,
    pub(crate) organizations: Organizations,
    pub(crate) settings: Settings,
}

/// What the configuration says to the use cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Signs page tokens.
    pub link_key: LinkKey,
    /// Where the console's pages are.
    pub console: Url,
    /// By which applications are due.
    pub calendar: Calendar,
    /// What a trial consists of.
    pub trial: TrialTerms,
}

/// Who asks, as events tell it.
#[derive(Debug, Clone)]
pub struct Author {
    pub(crate) actor: Actor,
    pub(crate) origin: Origin,
}

impl Author {
    /// The actor of a call: for services, which their method's access rule names.
    pub fn of(caller: &Caller) -> Self {
        Self { actor: caller.actor.clone(), origin: caller.origin.clone() }
    }
}

/// A signed-in person, who may or may not be somebody in an organization.
#[derive(Debug, Clone)]
pub struct By {
    pub(crate) account: AccountId,
    pub(crate) author: Author,
    /// For this service's own calls to others on the way, within the same deadline.
    pub(crate) calls: CallContext,
}

impl By {
    /// The person that a call is for.
    pub fn of(caller: &Caller) -> Result<Self, Status> {
        let account = caller.person()?.account;
        Ok(Self { account, author: Author::of(caller), calls: caller.as_system() })
    }
}

/// An operator: staff of the company that runs the suite, who decides about every organization's
/// applications.
#[derive(Debug, Clone)]
pub struct Operator {
    account: AccountId,
    author: Author,
}

impl Operator {
    /// The operator that a call is for.
    pub fn of(caller: &Caller) -> Result<Self, Status> {
        let account = caller.operator()?.account;
        Ok(Self { account, author: Author::of(caller) })
    }
}
