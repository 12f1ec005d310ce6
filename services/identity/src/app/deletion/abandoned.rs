//! Deletions that were left half-way, because a process died or organization did not answer: whoever's lease is over has
//! it finished by a job.

use super::{DeletionError, Driver};
use crate::{app::Identity, store};
use pass_types::AccountId;
use std::error::Error;

fn warn(id: AccountId, error: &(dyn Error + 'static)) {
    tracing::warn!(account.id = %id, error, "can't finish deleting an account yet");
}

impl Identity {
    /// Finishes all that was left. What fails again is tried again after another lease.
    pub async fn finish_deletions(&self) -> Result<(), sqlx::Error> {
        loop {
            let now = self.clock.now();
            let lease = self.lease(self.entropy.uuid(now));
            let taken = {
                let mut db = self.pool.acquire().await?;
                store::deletions::take_over(&mut db, now, lease).await?
            };
            let Some(deletion) = taken else { return Ok(()) };
            let id = deletion.account;
            match self.carry_through(Driver::Job, deletion, lease.worker).await {
                Ok(()) => tracing::info!(account.id = %id, "finished deleting an account"),
                Err(DeletionError::Needed(_)) => {
                    tracing::info!(account.id = %id, "an account is kept: organizations need it");
                }
                Err(error) => {
                    warn(id, &error);
                    // Not again before another lease is over, however early it was given up.
                    let mut db = self.pool.acquire().await?;
                    let later = self.lease(lease.worker);
                    store::deletions::hand_over(&mut db, id, lease.worker, Some(later)).await?;
                }
            }
        }
    }
}
