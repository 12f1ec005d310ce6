//! What organization does by the clock: it refreshes its copy of identity's directory, writes down
//! which invitations have expired, and forgets what is no longer needed.

use crate::{app::Organizations, domain::member::Profile, events, store};
use pass_events::requests;
use pass_mesh::{CallContext, Fault};
use pass_runtime::Context;
use pass_types::AccountId;
use std::time::Duration;
use uuid::Uuid;

/// How often it is looked for copies that may be old.
const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked for what is over.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// How much one round does at most; identity takes 100 ids a call.
const BATCH: i64 = 100;
/// How long it is remembered what was decided about an account: longer than any call can take.
const DECISIONS_KEPT: time::Duration = time::Duration::days(30);
/// How long an invitation is kept after it closed: 13 months, as the audit log.
const INVITATIONS_KEPT: time::Duration = time::Duration::days(396);

/// Starts the jobs.
pub fn spawn(organizations: &Organizations, context: &Context) {
    let (refresh, tidy) = (organizations.clone(), organizations.clone());
    context.tasks.spawn_rounds("organization directory", REFRESH_EVERY, move || {
        let organizations = refresh.clone();
        async move { organizations.refresh_directory().await }
    });
    context.tasks.spawn_rounds("organization tidying", TIDY_EVERY, move || {
        let organizations = tidy.clone();
        async move { organizations.tidy().await }
    });
}

impl Organizations {
    /// Asks identity about accounts whose copy may be old, outside of any transaction. A copy is
    /// written only if nothing newer was noted since; `true`: there may be more.
    async fn refresh_directory(&self) -> Result<bool, Fault> {
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
    async fn tidy(&self) -> Result<bool, sqlx::Error> {
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
        let asked = requests::prune(&mut conn, now, BATCH).await?;
        let invitations = store::invitations::prune(&mut conn, now - INVITATIONS_KEPT, BATCH).await?;
        let decisions = store::deletions::prune(&mut conn, now - DECISIONS_KEPT, BATCH).await?;
        if let Some(yesterday) = now.date().previous_day() {
            store::quotas::prune(&mut conn, yesterday).await?;
        }
        let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
        let full = [asked, invitations, decisions].contains(&BATCH.unsigned_abs());
        Ok(expired.len() == batch || full)
    }
}
