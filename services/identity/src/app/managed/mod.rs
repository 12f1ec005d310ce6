//! Managed Accounts, as the administrators of the organization that owns them run them (MAN).
//!
//! A change spans billing and organization. It is written down first, with an attempt number and a lease
//! (`store::managed_accounts`); then the others are asked, each call idempotent by (account, attempt);
//! then it is settled. What fails is undone (making, resuming) or gone on with (suspending, deleting), at
//! once or by [`Identity::finish_abandoned`]; nobody settles what somebody else has taken over.

mod abandoned;
mod change;
mod create;
mod invite;

pub use change::Target;
pub use invite::{Invited, ManagedInvitationMail};

use super::{Identity, authorize::Unauthorized, database_kind, myself, neighbour_kind};
use crate::{
    domain::{
        managed::{Changing, Managed, Unfit},
        throttle::TooOften,
    },
    events::ByCaller,
    store::{self, managed_accounts::Lease},
};
use pass_events::Event;
use pass_mesh::{CallContext, Caller, Failure, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::Kind;
use std::time::Duration;
use uuid::Uuid;

/// So many calls fit into a lease.
const CALLS_A_LEASE: u32 = 12;
/// How often, and how long apart, a call looks whether another one is through.
const LOOKS: u32 = 15;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why a Managed Account was not made, shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum ManagedError {
    /// The person may not.
    #[error(transparent)]
    Unauthorized(#[from] Unauthorized),
    /// There is none, or it is another organization's.
    #[error("there is no such Managed Account")]
    NotFound,
    /// The `request_id` came with other content before.
    #[error("this request_id was used for something else")]
    RequestIdReused,
    /// ACC-2.
    #[error("another Managed Account has this address")]
    EmailTaken,
    /// ACC-4.
    #[error("somebody else has this unique ID")]
    UniqueIdTaken,
    /// MAN-1.
    #[error("the address is a member's Nulab Account: migrate it instead")]
    MigrateInstead,
    /// MAN-1.
    #[error("the address is in no domain that the organization has verified")]
    DomainNotVerified,
    /// Another change is under way.
    #[error("another change of this account is not through yet; try again")]
    Changing,
    /// It does not allow this now.
    #[error("the account is not in a state that allows this")]
    State,
    /// Too many mails to this address.
    #[error("this person was invited often; wait a while, then try again")]
    TooOften(Duration),
    /// The invitation was accepted, has expired or never was.
    #[error("this invitation is over")]
    LinkInvalid,
    /// Billing or organization refused, by its own rules.
    #[error("{}", .0.message)]
    Refused(Failure),
    /// Billing, organization or domain-verification failed. What was begun is seen to.
    #[error("changing the Managed Account needs a service that does not answer just now")]
    Neighbour(#[source] Failure),
    /// It took so long that somebody else took it over.
    #[error("changing the Managed Account took too long")]
    Overtaken,
    /// The database failed.
    #[error("looking after the Managed Account")]
    Database(#[from] sqlx::Error),
}

/// Who drives a change.
#[derive(Clone, Copy)]
enum Driver<'a> {
    /// The administrator who asked for it.
    Administrator(&'a Caller),
    /// The job that finishes what was left.
    Job,
}

impl Driver<'_> {
    /// For calls on the driver's behalf.
    fn calls(self, within: Duration) -> CallContext {
        match self {
            Self::Administrator(caller) => caller.onward().within(within),
            Self::Job => CallContext::system().within(within),
        }
    }

    /// The event as the driver's doing.
    fn did(self, event: Event) -> Event {
        match self {
            Self::Administrator(caller) => event.by_caller(caller),
            Self::Job => event.by(&myself()),
        }
    }
}

impl Identity {
    /// For calls that this service makes on its own, whatever became of its caller.
    fn own_calls(&self) -> CallContext {
        CallContext::system().within(self.rules.call)
    }

    /// A lease from now on.
    pub(super) fn lease(&self, worker: Uuid) -> Lease {
        Lease { worker, until: self.clock.now() + self.rules.call * CALLS_A_LEASE }
    }

    /// Ends the own lease, so that the job goes on at its next turn.
    async fn leave(&self, managed: &Managed, worker: Uuid) {
        let leave = async {
            let mut db = self.pool.acquire().await?;
            let over = Lease { worker, until: self.clock.now() };
            store::managed_accounts::save(&mut db, managed, Some(worker), Some(over)).await
        };
        if let Err(error) = leave.await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a lease could not be ended; it will end"
            );
        }
    }
}

impl ManagedError {
    /// What another service's refusal means here.
    fn of(failure: Failure) -> Self {
        use ErrorReason as R;
        match failure.reason {
            R::NulabPassNeeded
            | R::NulabPassEnded
            | R::NoSeat
            | R::TeamUnknown
            | R::AlreadyMember
            | R::RoleMissing
            | R::TokenRevoked
            | R::TokenInvalid
            | R::InvalidArgument => Self::Refused(failure),
            R::MigrateInstead => Self::MigrateInstead,
            R::NotFound => Self::NotFound,
            _ => Self::Neighbour(failure),
        }
    }

    /// Whether the other service refused by its own rules, so that the change has not come about and won't. Not so
    /// when it failed: calls are repeated, so it may have done before what fails the second time.
    fn is_a_decision(&self) -> bool {
        matches!(self, Self::MigrateInstead | Self::Refused(_) | Self::NotFound)
    }
}

impl From<Changing> for ManagedError {
    fn from(Changing: Changing) -> Self {
        Self::Changing
    }
}

impl From<Unfit> for ManagedError {
    fn from(Unfit: Unfit) -> Self {
        Self::State
    }
}

impl From<TooOften> for ManagedError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl Problem for ManagedError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unauthorized(unauthorized) => unauthorized.kind(),
            Self::NotFound => Kind::NotFound,
            Self::RequestIdReused | Self::EmailTaken | Self::UniqueIdTaken => Kind::AlreadyExists,
            Self::MigrateInstead | Self::DomainNotVerified | Self::State | Self::LinkInvalid => {
                Kind::Precondition
            }
            Self::Changing => Kind::Conflict,
            Self::TooOften(_) => Kind::RateLimited,
            Self::Refused(failure) => failure.kind,
            Self::Neighbour(failure) => neighbour_kind(failure).0,
            Self::Overtaken => Kind::Unavailable,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Unauthorized(unauthorized) => unauthorized.reason(),
            Self::NotFound => ErrorReason::NotFound,
            Self::RequestIdReused => ErrorReason::RequestIdReused,
            Self::EmailTaken => ErrorReason::EmailTaken,
            Self::UniqueIdTaken => ErrorReason::UniqueIdTaken,
            Self::MigrateInstead => ErrorReason::MigrateInstead,
            Self::DomainNotVerified => ErrorReason::DomainNotVerified,
            Self::Changing => ErrorReason::AccountChanging,
            Self::State => ErrorReason::AccountState,
            Self::TooOften(_) => ErrorReason::RateLimited,
            Self::LinkInvalid => ErrorReason::LinkInvalid,
            Self::Refused(failure) => failure.reason,
            Self::Neighbour(failure) => neighbour_kind(failure).1,
            Self::Overtaken => ErrorReason::Unavailable,
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unauthorized(unauthorized) => unauthorized.retry_after(),
            Self::TooOften(wait) => Some(*wait),
            Self::Changing | Self::Overtaken => Some(Duration::from_secs(1)),
            Self::Neighbour(failure) => failure.retry_after,
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unauthorized(unauthorized) => unauthorized.metadata(),
            Self::Refused(failure) => {
                failure.metadata.get("needed").map(|needed| ("needed", needed.clone())).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}
