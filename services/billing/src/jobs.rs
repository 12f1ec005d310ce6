//! What billing does by the clock: it tells which trials are over, and forgets what is no longer needed.
//! That a trial is over needs no telling: every answer is judged by the clock.

use crate::{app::Billing, events, store};
use pass_events::requests;
use pass_runtime::Context;
use std::time::Duration;

/// How often it is looked for what is over.
const EVERY: Duration = Duration::from_secs(1);
/// How much one round does at most.
const BATCH: i64 = 100;
/// How long it is remembered who was forgotten: longer than any call can take.
const FORGOTTEN_KEPT: time::Duration = time::Duration::days(30);

/// Starts the job.
pub fn spawn(billing: &Billing, context: &Context) {
    let billing = billing.clone();
    context.tasks.spawn_rounds("billing tidying", EVERY, move || {
        let billing = billing.clone();
        async move { billing.tidy().await }
    });
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
        let forgotten = requests::prune(&mut conn, now, BATCH).await?;
        let people = store::people::prune(&mut conn, now - FORGOTTEN_KEPT, BATCH).await?;
        let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
        Ok(ended.len() == batch || [forgotten, people].contains(&BATCH.unsigned_abs()))
    }
}
