//! Deleting one's Nulab Account (ACC-13).
//!
//! The wish is written down first, with an attempt number and a lease (`store::deletions`). Then organization decides, in
//! one transaction of its own: it refuses, and the wish is over; or it lets the account go, and from then on there is
//! only forward. Then billing forgets the person, while the address is known under which it keeps things. Then the account
//! goes, in one transaction, with everything that hangs on it. What is left half-way is finished by
//! [`Identity::finish_deletions`]: whatever crashes when, there is a whole account or none. Notification and products keep
//! nothing of anybody but ids; the owner's address is kept for one more mail ([`farewell`]).

mod abandoned;
mod farewell;

pub use farewell::FAREWELL_KEPT;

use super::{Identity, Owner, Tx, database_kind, myself, neighbour_kind};
use crate::{
    domain::{
        account::Account,
        deletion::{Deletion, Preview, confirms},
        second_factor::is_fresh,
        session::EndCause,
    },
    events::{self, ByCaller},
    store::{self, managed_accounts::Lease},
};
use pass_events::Event;
use pass_mesh::{CallContext, Caller, Failure, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Invalid, Kind, Violation};
use std::time::Duration;
use uuid::Uuid;

/// Why an account was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeletionError {
    /// It is gone.
    #[error("there is no such account")]
    NotFound,
    /// Its organization deletes it (MAN-5).
    #[error("this account is managed by its organization, which deletes it")]
    Managed,
    /// The sign-in is too old, or lacks a fresh second factor.
    #[error("this needs a sign-in of the last minutes")]
    NotFresh,
    /// What was typed is not the account's address.
    #[error("what was typed is not the account's address")]
    NotConfirmed,
    /// Organizations need it (ORG-7), or have nobody else.
    #[error("organizations need the account")]
    Needed(Failure),
    /// Organization did not say what stands in the way; nothing has begun.
    #[error("what deleting the account means can't be told just now")]
    Unasked(#[source] Failure),
    /// Organization or billing did not answer. The job goes on with it.
    #[error("deleting the account needs a service that does not answer just now")]
    Neighbour(#[source] Failure),
    /// It is under way already, or took so long that somebody else took it over.
    #[error("the account is being deleted")]
    UnderWay,
    /// The database failed.
    #[error("deleting the account")]
    Database(#[from] sqlx::Error),
}

/// Who drives a deletion.
#[derive(Clone, Copy)]
enum Driver<'a> {
    /// The owner, who asked for it.
    Owner(&'a Caller),
    /// The job that finishes what was left.
    Job,
}

impl Driver<'_> {
    fn calls(self, within: Duration) -> CallContext {
        match self {
            Self::Owner(caller) => caller.onward().within(within),
            Self::Job => CallContext::system().within(within),
        }
    }

    /// For what is nobody's to ask but ours.
    fn own_calls(self, within: Duration) -> CallContext {
        match self {
            Self::Owner(caller) => caller.as_system().within(within),
            Self::Job => CallContext::system().within(within),
        }
    }

    fn did(self, event: Event) -> Event {
        match self {
            Self::Owner(caller) => event.by_caller(caller),
            Self::Job => event.by(&myself()),
        }
    }
}

impl Identity {
    /// What deleting the owner's account would do, and what stands in its way.
    pub async fn preview_deletion(&self, owner: &Owner<'_>) -> Result<Preview, DeletionError> {
        let connected_spaces = {
            let mut db = self.pool.acquire().await?;
            let account = store::accounts::by_id(&mut db, owner.account).await?;
            deletable(account)?;
            store::deletions::connected_spaces(&mut db, owner.account).await?
        };
        let calls = owner.caller.as_system().within(self.rules.call);
        let places = self.neighbours.deletion_places(&calls, owner.account).await;
        Ok(Preview { places: places.map_err(DeletionError::Unasked)?, connected_spaces })
    }

    /// Deletes the owner's account.
    #[tracing::instrument(skip_all, fields(account.id = %owner.account))]
    pub async fn delete_account(&self, owner: &Owner<'_>, confirmation: &str) -> Result<(), DeletionError> {
        let (deletion, worker) = match self.begin_deletion(owner, confirmation).await {
            Err(why @ (DeletionError::Managed | DeletionError::NotFresh | DeletionError::NotConfirmed)) => {
                let refused = events::deletion_refused(owner.account, why.reason());
                self.tell(refused.by_caller(owner.caller)).await?;
                return Err(why);
            }
            begun => begun?,
        };
        self.carry_through(Driver::Owner(owner.caller), deletion, worker).await
    }

    /// Writes down that a deletion begins.
    async fn begin_deletion(
        &self,
        owner: &Owner<'_>,
        confirmation: &str,
    ) -> Result<(Deletion, Uuid), DeletionError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let account = deletable(store::accounts::lock(&mut tx, owner.account).await?)?;
        if !confirms(confirmation, &account.email) {
            return Err(DeletionError::NotConfirmed);
        }
        let session = store::sessions::by_id(&mut tx, owner.session).await?;
        let session = session.filter(|session| session.account == account.id);
        let session = session.and_then(|session| session.live(self.rules.sessions, now).ok());
        let factors = store::second_factors::of(&mut tx, account.id).await?;
        let fresh = session.is_some_and(|session| is_fresh(&session, factors.any(), now).is_ok());
        if !fresh {
            return Err(DeletionError::NotFresh);
        }
        let lease = self.lease(self.entropy.uuid(now));
        let attempt = store::deletions::begin(&mut tx, account.id, lease).await?;
        let attempt = attempt.ok_or(DeletionError::UnderWay)?;
        tx.commit().await?;
        Ok((Deletion { account: account.id, email: account.email, attempt }, lease.worker))
    }

    /// From the wish to nothing: organization, billing, then the account with all that hangs on it.
    async fn carry_through(
        &self,
        driver: Driver<'_>,
        deletion: Deletion,
        worker: Uuid,
    ) -> Result<(), DeletionError> {
        if let Err(failure) = self.neighbours.erase_account(&driver.calls(self.rules.call), &deletion).await {
            return Err(self.not_let_go(driver, &deletion, worker, failure).await);
        }
        let calls = driver.own_calls(self.rules.call);
        if let Err(failure) = self.neighbours.forget_person(&calls, &deletion).await {
            return Err(self.not_let_go(driver, &deletion, worker, failure).await);
        }
        let mut tx = self.pool.begin().await?;
        // The account before its deletion, as whoever begins one takes them.
        store::deletions::seize(&mut tx, deletion.account).await?;
        let lease = self.lease(worker);
        // Whoever took it over meanwhile does the rest.
        if !store::deletions::hand_over(&mut tx, deletion.account, worker, Some(lease)).await? {
            return Err(DeletionError::UnderWay);
        }
        // Before the account, as who finishes one takes them.
        store::second_factors::steps::forget(&mut tx, deletion.account).await?;
        let account = store::accounts::lock(&mut tx, deletion.account).await?;
        let account = account.ok_or(DeletionError::NotFound)?;
        if account.email != deletion.email {
            // It was changed meanwhile: the others are asked again, about this one.
            let over = Lease { worker, until: self.clock.now() };
            store::deletions::hand_over(&mut tx, deletion.account, worker, Some(over)).await?;
            tx.commit().await?;
            return Err(DeletionError::UnderWay);
        }
        self.erase(&mut tx, driver, &account).await?;
        Ok(tx.commit().await?)
    }

    /// Erases the account: the rows of all other tables go with its own, by their references. Users of legacy spaces
    /// remain in these (SPC-6).
    async fn erase(&self, tx: &mut Tx, driver: Driver<'_>, account: &Account) -> Result<(), sqlx::Error> {
        for session in store::sessions::end_all(tx, account.id, self.clock.now()).await? {
            let event = events::session_ended(account.id, session, EndCause::AccountDeleted);
            self.outbox.publish(tx, driver.did(event)).await?;
        }
        for link in store::space_links::of_account(tx, account.id).await? {
            self.outbox.publish(tx, driver.did(events::space_disconnected(&link))).await?;
        }
        if account.operator {
            let removed = events::operator_removed(account.id);
            self.outbox.publish(tx, driver.did(removed)).await?;
        }
        self.outbox.publish(tx, driver.did(events::account_deleted(account.id))).await?;
        store::deletions::forget_address(tx, &account.email).await?;
        store::farewells::insert(tx, account, self.clock.now()).await?;
        store::accounts::remove(tx, account.id).await
    }

    /// The account was not let go: organization decided so, and the wish is over; or somebody did not answer, and the job
    /// asks again.
    async fn not_let_go(
        &self,
        driver: Driver<'_>,
        deletion: &Deletion,
        worker: Uuid,
        failure: Failure,
    ) -> DeletionError {
        let decided = failure.reason == ErrorReason::AccountNeeded;
        let settle = async {
            let mut tx = self.pool.begin().await?;
            let over = Lease { worker, until: self.clock.now() };
            let next = (!decided).then_some(over);
            let mine = store::deletions::hand_over(&mut tx, deletion.account, worker, next).await?;
            if decided && mine {
                let refused = events::account_deletion_refused(deletion.account);
                self.outbox.publish(&mut tx, driver.did(refused)).await?;
            }
            tx.commit().await
        };
        match settle.await {
            Ok(()) if decided => DeletionError::Needed(failure),
            Ok(()) => DeletionError::Neighbour(failure),
            Err(error) => DeletionError::Database(error),
        }
    }
}

fn deletable(account: Option<Account>) -> Result<Account, DeletionError> {
    let account = account.ok_or(DeletionError::NotFound)?;
    match account.kind {
        AccountKind::Nulab => Ok(account),
        AccountKind::Managed => Err(DeletionError::Managed),
    }
}

impl Problem for DeletionError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Managed => Kind::Forbidden,
            Self::NotFresh | Self::Needed(_) => Kind::Precondition,
            Self::NotConfirmed => Kind::InvalidInput,
            Self::Unasked(failure) | Self::Neighbour(failure) => neighbour_kind(failure).0,
            Self::UnderWay => Kind::Conflict,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::Managed => ErrorReason::ManagedByOrganization,
            Self::NotFresh => ErrorReason::FreshSignInNeeded,
            Self::Needed(_) => ErrorReason::AccountNeeded,
            Self::NotConfirmed => ErrorReason::InvalidArgument,
            Self::Unasked(failure) => neighbour_kind(failure).1,
            // It has begun, and there is no way back from it.
            Self::Neighbour(_) => ErrorReason::AccountDeleting,
            Self::UnderWay => ErrorReason::AccountChanging,
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::NotConfirmed => vec![Invalid("must be the account's address").of("confirmation")],
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::UnderWay => Some(Duration::from_secs(1)),
            Self::Unasked(failure) | Self::Neighbour(failure) => failure.retry_after,
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let Self::Needed(failure) = self else { return Vec::new() };
        let told = |key: &'static str| failure.metadata.get(key).map(|value| (key, value.clone()));
        ["organizations", "organization_ids"].into_iter().filter_map(told).collect()
    }
}
