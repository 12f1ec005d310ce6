//! What domain-verification does by the clock: it puts back what somebody began to remove and left half-way,
//! and forgets what is no longer needed.

use crate::{app::Domains, store};
use pass_events::requests;
use pass_runtime::Context;
use std::time::Duration;

/// How often it is looked for something to do.
const EVERY: Duration = Duration::from_secs(1);
/// How much one round does at most.
const BATCH: i64 = 100;
/// After this time whoever began to remove a domain has died: no served call takes so long.
const LEFT_BEHIND: time::Duration = time::Duration::minutes(2);
/// How long it is remembered that a domain was removed.
const REMOVED_KEPT: time::Duration = time::Duration::days(30);

/// Starts the job.
pub fn spawn(domains: &Domains, context: &Context) {
    let domains = domains.clone();
    context.tasks.spawn_rounds("domain tidying", EVERY, move || {
        let domains = domains.clone();
        async move { domains.tidy().await }
    });
}

impl Domains {
    /// One round; `true`: there may be more to do.
    async fn tidy(&self) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let back = store::domains::put_back_left_behind(&mut conn, now - LEFT_BEHIND, BATCH).await?;
        let forgotten = store::domains::forget_removed(&mut conn, now - REMOVED_KEPT, BATCH).await?;
        let asked = requests::prune(&mut conn, now, BATCH).await?;
        let emptied = store::throttles::prune(&mut conn, now, BATCH).await?;
        Ok([back, forgotten, asked, emptied].contains(&BATCH.unsigned_abs()))
    }
}
