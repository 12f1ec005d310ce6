//! Suspending, resuming and deleting a Managed Account (MAN-5). Organization decides and records before
//! anything ends here.

use super::{Driver, LOOK_EVERY, LOOKS, ManagedError};
use crate::{
    app::{Identity, Owner, Tx, authorize::Administrator},
    domain::{
        managed::{Change, Managed, State},
        session::EndCause,
    },
    events,
    store::{self, managed_accounts::Lease},
};
use pass_mesh::Failure;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, OrganizationId};
use uuid::Uuid;

/// Which account of which organization.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The organization.
    pub organization: OrganizationId,
    /// The account.
    pub account: AccountId,
}

/// How a change begins.
enum Begun {
    /// This worker is to carry it through.
    Now(Managed, Uuid),
    /// It is so already.
    Already(Managed),
    /// It was deleted before.
    Gone,
}

impl Identity {
    /// One of the organization's Managed Accounts.
    pub async fn managed_account(&self, owner: &Owner<'_>, target: Target) -> Result<Managed, ManagedError> {
        self.administrator(owner, target.organization).await?;
        let mut db = self.pool.acquire().await?;
        let held = store::managed_accounts::find(&mut db, target.account).await?;
        let managed = held.map(|held| held.managed).filter(|managed| {
            managed.organization == target.organization && managed.state != State::Provisioning
        });
        managed.ok_or(ManagedError::NotFound)
    }

    /// Changes one; what it is afterwards, unless that is nothing. Changing what is so already does nothing.
    #[tracing::instrument(skip_all, fields(org.id = %target.organization, account.id = %target.account))]
    pub async fn change_managed_account(
        &self,
        owner: &Owner<'_>,
        target: Target,
        change: Change,
    ) -> Result<Option<Managed>, ManagedError> {
        let administrator = self.administrator(owner, target.organization).await?;
        let (managed, worker) = match self.begin_change(&administrator, target.account, change).await? {
            Begun::Now(managed, worker) => (managed, worker),
            Begun::Already(managed) => return Ok(Some(managed)),
            Begun::Gone if change == Change::Delete => return Ok(None),
            Begun::Gone => return Err(ManagedError::NotFound),
        };
        let driver = Driver::Administrator(owner.caller);
        match change {
            Change::Suspend => self.suspend(driver, managed, worker).await.map(Some),
            Change::Resume => self.resume(driver, managed, worker).await.map(Some),
            Change::Delete => self.delete(driver, managed, worker).await.map(|()| None),
        }
    }

    /// Writes down that a change begins; waits while another one is under way.
    async fn begin_change(
        &self,
        administrator: &Administrator<'_>,
        id: AccountId,
        change: Change,
    ) -> Result<Begun, ManagedError> {
        for _ in 0..LOOKS {
            let mut tx = self.pool.begin().await?;
            let held = store::managed_accounts::lock(&mut tx, id).await?;
            let held = held.filter(|held| held.managed.organization == administrator.organization);
            let Some(held) = held else {
                let gone = store::managed_accounts::is_buried(&mut tx, administrator.organization, id);
                return if gone.await? { Ok(Begun::Gone) } else { Err(ManagedError::NotFound) };
            };
            if held.managed.state == State::Provisioning {
                return Err(ManagedError::NotFound);
            }
            if held.worker.is_none() {
                let Some(managed) = held.managed.clone().begin(change)? else {
                    return Ok(Begun::Already(held.managed));
                };
                let lease = self.lease(self.entropy.uuid(self.clock.now()));
                store::managed_accounts::save(&mut tx, &managed, None, Some(lease)).await?;
                tx.commit().await?;
                return Ok(Begun::Now(managed, lease.worker));
            }
            tx.rollback().await?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(ManagedError::Changing)
    }

    /// From *suspending* to *suspended*: organization, then sessions, then the seat.
    pub(super) async fn suspend(
        &self,
        driver: Driver<'_>,
        managed: Managed,
        worker: Uuid,
    ) -> Result<Managed, ManagedError> {
        let calls = driver.calls(self.rules.call);
        if let Err(failure) = self.neighbours.set_member_suspended(&calls, &managed, true).await {
            return Err(self.refused(driver, managed, worker, failure).await);
        }
        let (managed, news) = managed.suspended(self.clock.now());
        let mut tx = self.pool.begin().await?;
        let lease = self.lease(worker);
        if !store::managed_accounts::save(&mut tx, &managed, Some(worker), Some(lease)).await? {
            return Err(ManagedError::Overtaken);
        }
        if news {
            let suspended = events::managed_account_suspended(&managed);
            self.outbox.publish(&mut tx, driver.did(suspended)).await?;
        }
        self.sign_out_everywhere(&mut tx, driver, &managed).await?;
        tx.commit().await?;
        self.vacate(managed, worker).await
    }

    /// The rest of suspending: the seat is free.
    pub(super) async fn vacate(&self, managed: Managed, worker: Uuid) -> Result<Managed, ManagedError> {
        if let Err(failure) = self.neighbours.free_seat(&self.own_calls(), &managed).await {
            self.leave(&managed, worker).await;
            return Err(ManagedError::Neighbour(failure));
        }
        let mut db = self.pool.acquire().await?;
        store::managed_accounts::save(&mut db, &managed, Some(worker), None).await?;
        Ok(managed)
    }

    /// From *resuming* to where it stood: the seat, then organization. What fails falls back.
    async fn resume(
        &self,
        driver: Driver<'_>,
        managed: Managed,
        worker: Uuid,
    ) -> Result<Managed, ManagedError> {
        let returned = async {
            self.neighbours.take_seat(&self.own_calls(), &managed).await?;
            self.neighbours.set_member_suspended(&driver.calls(self.rules.call), &managed, false).await
        };
        if let Err(failure) = returned.await {
            if let Err(fault) = self.fall_back(managed, worker).await {
                tracing::warn!(error = &fault as &dyn std::error::Error, "undoing is left to the job");
            }
            return Err(ManagedError::of(failure));
        }
        let managed = managed.resumed();
        let mut tx = self.pool.begin().await?;
        if !store::managed_accounts::save(&mut tx, &managed, Some(worker), None).await? {
            return Err(ManagedError::Overtaken);
        }
        self.outbox.publish(&mut tx, driver.did(events::managed_account_resumed(&managed))).await?;
        tx.commit().await?;
        Ok(managed)
    }

    /// From *resuming* back to *suspended*, with an attempt of its own, so that what the resuming may yet
    /// do elsewhere comes too late.
    pub(super) async fn fall_back(&self, managed: Managed, worker: Uuid) -> Result<(), ManagedError> {
        let managed = managed.fall_back();
        let mut db = self.pool.acquire().await?;
        let lease = self.lease(worker);
        if !store::managed_accounts::save(&mut db, &managed, Some(worker), Some(lease)).await? {
            return Err(ManagedError::Overtaken);
        }
        drop(db);
        self.suspend(Driver::Job, managed, worker).await.map(drop)
    }

    /// From *deleting* to nothing: organization, then sessions, then the seat, then the account.
    pub(super) async fn delete(
        &self,
        driver: Driver<'_>,
        managed: Managed,
        worker: Uuid,
    ) -> Result<(), ManagedError> {
        let id = managed.account.id;
        let calls = driver.calls(self.rules.call);
        if let Err(failure) = self.neighbours.remove_member(&calls, &managed).await {
            return Err(self.refused(driver, managed, worker, failure).await);
        }
        let mut tx = self.pool.begin().await?;
        let lease = self.lease(worker);
        if !store::managed_accounts::save(&mut tx, &managed, Some(worker), Some(lease)).await? {
            return Err(ManagedError::Overtaken);
        }
        self.sign_out_everywhere(&mut tx, driver, &managed).await?;
        tx.commit().await?;
        if let Err(failure) = self.neighbours.free_seat(&self.own_calls(), &managed).await {
            self.leave(&managed, worker).await;
            return Err(ManagedError::Neighbour(failure));
        }
        let mut tx = self.pool.begin().await?;
        let held = store::managed_accounts::lock(&mut tx, id).await?;
        if held.is_none_or(|held| held.worker != Some(worker)) {
            return Err(ManagedError::Overtaken);
        }
        self.outbox.publish(&mut tx, driver.did(events::managed_account_deleted(&managed))).await?;
        store::managed_accounts::bury(&mut tx, &managed, self.clock.now()).await?;
        store::accounts::remove(&mut tx, id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Organization did not do as it was asked. What it refuses by its own rules does not come about: it answers a
    /// repeat of what it has done before it asks who may, so it has not done it. All else the job goes on with,
    /// which asks as this service and for nobody: the administrator was one when the change began. They are told
    /// that it is under way, and not that it was refused.
    async fn refused(
        &self,
        driver: Driver<'_>,
        managed: Managed,
        worker: Uuid,
        failure: Failure,
    ) -> ManagedError {
        let unheard = matches!(failure.reason, ErrorReason::TokenRevoked | ErrorReason::TokenInvalid);
        let error = if unheard { ManagedError::Changing } else { ManagedError::of(failure) };
        if !error.is_a_decision() || matches!(driver, Driver::Job) {
            self.leave(&managed, worker).await;
            return error;
        }
        let settle = async {
            let managed = managed.turned_down();
            // What is to be suspended once more is the job's, at its next turn.
            let lease = Lease { worker, until: self.clock.now() };
            let next = (managed.state == State::Suspending).then_some(lease);
            let mut db = self.pool.acquire().await?;
            store::managed_accounts::save(&mut db, &managed, Some(worker), next).await
        };
        match settle.await {
            Ok(true) => error,
            Ok(false) => ManagedError::Overtaken,
            Err(error) => ManagedError::Database(error),
        }
    }

    /// Ends all of the account's sessions, each with its event.
    async fn sign_out_everywhere(
        &self,
        tx: &mut Tx,
        driver: Driver<'_>,
        managed: &Managed,
    ) -> Result<(), sqlx::Error> {
        for session in store::sessions::end_all(tx, managed.account.id, self.clock.now()).await? {
            let event = events::session_ended(managed.account.id, session, EndCause::AccountSuspended)
                .organization(managed.organization);
            self.outbox.publish(tx, driver.did(event)).await?;
        }
        Ok(())
    }
}
