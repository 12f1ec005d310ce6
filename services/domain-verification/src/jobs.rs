//! What domain-verification does by the clock: it puts back what somebody began to remove and left half-way,
//! and forgets what is no longer needed.

use crate::{app::Domains, store};
use pass_runtime::{Context, Shutdown};
use std::{error::Error, time::Duration};
use tokio::time::MissedTickBehavior;

/// How often it is looked for something to do.
const EVERY: Duration = Duration::from_secs(1);
/// How much one round does at most.
const BATCH: i64 = 100;
/// After this time whoever began to remove a domain has died: no served call takes so long.
const LEFT_BEHIND: time::Duration = time::Duration::minutes(2);
/// How long a `request_id` is remembered.
const REQUESTS_KEPT: time::Duration = time::Duration::days(30);
/// How long it is remembered that a domain was removed.
const REMOVED_KEPT: time::Duration = time::Duration::days(30);

/// Starts the job.
pub fn spawn(domains: &Domains, context: &Context) {
    let domains = domains.clone();
    context.tasks.spawn("domain tidying", move |shutdown| async move {
        run(&domains, &shutdown).await;
        Ok(())
    });
}

/// A round now and then, and the next one at once while there is more to do.
async fn run(domains: &Domains, shutdown: &Shutdown) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.or(ticks.tick()).await.is_some() {
        while !shutdown.is_requested() {
            match domains.tidy().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let error: &dyn Error = &error;
                    tracing::warn!(error, "a round of tidying failed; it is tried again");
                    break;
                }
            }
        }
    }
}

impl Domains {
    /// One round; `true`: there may be more to do.
    async fn tidy(&self) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let back = store::domains::put_back_left_behind(&mut conn, now - LEFT_BEHIND, BATCH).await?;
        let forgotten = store::domains::forget_removed(&mut conn, now - REMOVED_KEPT, BATCH).await?;
        let requests = store::requests::prune(&mut conn, now - REQUESTS_KEPT, BATCH).await?;
        let emptied = store::throttles::prune(&mut conn, now, BATCH).await?;
        Ok([back, forgotten, requests, emptied].contains(&BATCH.unsigned_abs()))
    }
}
