//! What was left half-way, because a process died or somebody did not answer: whoever's lease is over
//! has it finished by a job.

use super::{Driver, ManagedError};
use crate::{
    app::Identity,
    domain::managed::{Managed, State},
    store,
};
use pass_types::AccountId;
use std::error::Error;
use uuid::Uuid;

fn warn(id: AccountId, state: &str, error: &(dyn Error + 'static)) {
    tracing::warn!(account.id = %id, state, error, "can't finish what was abandoned yet");
}

impl Identity {
    /// Finishes all that was abandoned. What fails again is tried again after another lease.
    pub async fn finish_abandoned(&self) -> Result<(), sqlx::Error> {
        while let Some((managed, worker)) = self.take_over().await? {
            let (id, state) = (managed.account.id, managed.state.as_str());
            match self.go_on(managed, worker).await {
                Ok(()) => tracing::info!(account.id = %id, state, "finished what was abandoned"),
                Err(error) => {
                    warn(id, state, &error);
                    self.put_off(id, worker).await?;
                }
            }
        }
        Ok(())
    }

    async fn take_over(&self) -> Result<Option<(Managed, Uuid)>, sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let Some(held) = store::managed_accounts::lock_abandoned(&mut tx, now).await? else {
            return Ok(None);
        };
        let lease = self.lease(self.entropy.uuid(now));
        store::managed_accounts::save(&mut tx, &held.managed, held.worker, Some(lease)).await?;
        tx.commit().await?;
        Ok(Some((held.managed, lease.worker)))
    }

    async fn go_on(&self, managed: Managed, worker: Uuid) -> Result<(), ManagedError> {
        match managed.state {
            State::Provisioning => self.undo_making(&managed, worker).await,
            State::Suspending => self.suspend(Driver::Job, managed, worker).await.map(drop),
            State::Resuming => self.fall_back(managed, worker).await,
            State::Deleting => self.delete(Driver::Job, managed, worker).await,
            State::Suspended => self.vacate(managed, worker).await.map(drop),
            // Nothing is half-way.
            State::Invited | State::Active => {
                let mut db = self.pool.acquire().await?;
                store::managed_accounts::save(&mut db, &managed, Some(worker), None).await?;
                Ok(())
            }
        }
    }

    /// Not again before another lease is over, however early the work was given up.
    async fn put_off(&self, id: AccountId, worker: Uuid) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        if let Some(held) = store::managed_accounts::lock(&mut tx, id).await? {
            store::managed_accounts::save(&mut tx, &held.managed, Some(worker), Some(self.lease(worker)))
                .await?;
        }
        tx.commit().await
    }
}
