//! What billing does by the clock: it tells which trials are over, and forgets what is no longer needed.
//! That a trial is over needs no telling: every answer is judged by the clock.

use crate::{app::Billing, events, store};
use pass_runtime::{Context, Shutdown};
use std::{error::Error, time::Duration};
use tokio::time::MissedTickBehavior;

/// How often it is looked for what is over.
const EVERY: Duration = Duration::from_secs(1);
/// How much one round does at most.
const BATCH: i64 = 100;
/// How long a `request_id` is remembered.
const REQUESTS_KEPT: time::Duration = time::Duration::days(30);

/// Starts the job.
pub fn spawn(billing: &Billing, context: &Context) {
    let billing = billing.clone();
    context.tasks.spawn("billing tidying", move |shutdown| async move {
        run(&billing, &shutdown).await;
        Ok(())
    });
}

/// A round now and then, and the next one at once while there is more to do.
async fn run(billing: &Billing, shutdown: &Shutdown) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.or(ticks.tick()).await.is_some() {
        while !shutdown.is_requested() {
            match billing.tidy().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let error: &dyn Error = &error;
                    tracing::warn!(error, "a round of a job failed; it is tried again");
                    break;
                }
            }
        }
    }
}

impl Billing {
    /// Tells each trial's end once, and prunes; `true`: there may be more.
    async fn tidy(&self) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let mut ended = store::subscriptions::tell_ended(&mut tx, now, BATCH).await?;
        // In the order in which everybody takes the keys of several organizations.
        ended.sort_unstable();
        for organization in &ended {
            self.outbox.publish(&mut tx, events::trial_ended(*organization)).await?;
        }
        tx.commit().await?;
        let mut conn = self.pool.acquire().await?;
        let forgotten = store::requests::prune(&mut conn, now - REQUESTS_KEPT, BATCH).await?;
        let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
        Ok(ended.len() == batch || forgotten == BATCH.unsigned_abs())
    }
}
