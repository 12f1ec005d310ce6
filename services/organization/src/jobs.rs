//! What organization does by the clock: it refreshes its copy of identity's directory, writes down
//! which invitations have expired, and forgets what is no longer needed.

use crate::{app::Organizations, domain::member::Profile, events, grpc::directory::DirectoryError, store};
use pass_mesh::CallContext;
use pass_runtime::{Context, Shutdown};
use pass_types::AccountId;
use std::{error::Error, time::Duration};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

/// How often it is looked for copies that may be old.
const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked for what is over.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// How much one round does at most; identity takes 100 ids a call.
const BATCH: i64 = 100;
/// How long a `request_id` is remembered.
const REQUESTS_KEPT: time::Duration = time::Duration::days(30);
/// How long an invitation is kept after it closed: 13 months, as the audit log.
const INVITATIONS_KEPT: time::Duration = time::Duration::days(396);

/// A round of a job did not do its work; the next one tries again.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("identity did not say who the people are")]
    Directory(#[from] DirectoryError),
}

/// Work that comes round and round.
#[derive(Debug, Clone, Copy)]
enum Job {
    /// Refreshing the copy of identity's directory.
    Refresh,
    /// Writing down what has expired, and forgetting.
    Tidy,
}

/// Starts the jobs.
pub fn spawn(organizations: &Organizations, context: &Context) {
    for (job, name) in [(Job::Refresh, "organization directory"), (Job::Tidy, "organization tidying")] {
        let organizations = organizations.clone();
        context.tasks.spawn(name, move |shutdown| async move {
            job.run(&organizations, &shutdown).await;
            Ok(())
        });
    }
}

impl Job {
    /// A round now and then, and the next one at once while there is more to do.
    async fn run(self, organizations: &Organizations, shutdown: &Shutdown) {
        let mut ticks = tokio::time::interval(self.every());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.or(ticks.tick()).await.is_some() {
            while !shutdown.is_requested() {
                match self.round(organizations).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        let error: &dyn Error = &error;
                        tracing::warn!(error, job = ?self, "a round of a job failed; it is tried again");
                        break;
                    }
                }
            }
        }
    }

    fn every(self) -> Duration {
        match self {
            Self::Refresh => REFRESH_EVERY,
            Self::Tidy => TIDY_EVERY,
        }
    }

    /// `true`: there may be more to do.
    async fn round(self, organizations: &Organizations) -> Result<bool, JobError> {
        match self {
            Self::Refresh => organizations.refresh_directory().await,
            Self::Tidy => organizations.tidy().await,
        }
    }
}

impl Organizations {
    /// Asks identity about accounts whose copy may be old, outside of any transaction. A copy is
    /// written only if nothing newer was noted since; `true`: there may be more.
    async fn refresh_directory(&self) -> Result<bool, JobError> {
        let marked = {
            let mut conn = self.pool.acquire().await?;
            store::directory::marked(&mut conn, BATCH).await?
        };
        if marked.is_empty() {
            return Ok(false);
        }
        let accounts: Vec<AccountId> = marked.iter().map(|(account, _)| *account).collect();
        let profiles = self.directory.profiles(&CallContext::system(), &accounts).await?;
        for (account, mark) in &marked {
            let profile = profiles.iter().find(|profile| profile.account == *account);
            self.refresh(*account, *mark, profile).await?;
        }
        Ok(marked.len() == usize::try_from(BATCH).unwrap_or(usize::MAX))
    }

    /// An account that identity no longer knows keeps its copy: what ends a membership is told otherwise.
    async fn refresh(
        &self,
        account: AccountId,
        mark: Uuid,
        profile: Option<&Profile>,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        if store::directory::unmark(&mut tx, account, mark).await?
            && let Some(profile) = profile
        {
            store::directory::refresh(&mut tx, profile).await?;
        }
        tx.commit().await
    }

    /// Writes down which invitations have expired, each with its event, and prunes; `true`: there may
    /// be more.
    async fn tidy(&self) -> Result<bool, JobError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let mut expired = store::invitations::expire_due(&mut tx, now, BATCH).await?;
        // In the order in which everybody takes the keys of several organizations.
        expired.sort_unstable();
        for (organization, invitation) in &expired {
            self.outbox.publish(&mut tx, events::invitation_expired(*organization, *invitation)).await?;
        }
        tx.commit().await?;
        let mut conn = self.pool.acquire().await?;
        let requests = store::requests::prune(&mut conn, now - REQUESTS_KEPT, BATCH).await?;
        let invitations = store::invitations::prune(&mut conn, now - INVITATIONS_KEPT, BATCH).await?;
        if let Some(yesterday) = now.date().previous_day() {
            store::quotas::prune(&mut conn, yesterday).await?;
        }
        let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
        let full = [requests, invitations].contains(&BATCH.unsigned_abs());
        Ok(expired.len() == batch || full)
    }
}
