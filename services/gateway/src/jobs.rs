//! What the gateway does by the clock. Every replica runs all of it: rows are claimed, so nothing is done
//! twice.

use crate::{
    app::{Fault, Gateway, back_channel::Deliveries},
    feed::Feed,
    http::Limits,
    store,
};
use pass_runtime::{Shutdown, Tasks, http::GuardedClient};
use std::{sync::Arc, time::Duration};

/// How often signing keys are looked after.
const KEYS: Duration = Duration::from_mins(1);
/// How often due logouts are looked for when nothing says that there are some.
const LOGOUTS: Duration = Duration::from_secs(1);
/// How often what is over is deleted.
const PRUNE: Duration = Duration::from_mins(10);

/// Starts them.
pub fn start(gateway: &Gateway, feed: &Feed, limits: &Arc<Limits>, http: GuardedClient, tasks: &Tasks) {
    let (keys, logouts, prune) = (gateway.clone(), gateway.clone(), gateway.clone());
    tasks.spawn("signing keys", move |shutdown| async move {
        every(KEYS, &shutdown, || keys.rotate_keys()).await;
        Ok(())
    });
    let (feed, limits) = (feed.clone(), limits.clone());
    tasks.spawn("back-channel logouts", move |shutdown| async move {
        tell_clients(logouts, &feed, http, &shutdown).await;
        Ok(())
    });
    tasks.spawn("pruning", move |shutdown| async move {
        every(PRUNE, &shutdown, || {
            limits.prune();
            prune.prune()
        })
        .await;
        Ok(())
    });
}

async fn every<F: Future<Output = Result<(), Fault>>>(
    period: Duration,
    shutdown: &Shutdown,
    work: impl Fn() -> F,
) {
    while shutdown.or(tokio::time::sleep(period)).await.is_some() {
        report(work().await);
    }
}

async fn tell_clients(gateway: Gateway, feed: &Feed, http: GuardedClient, shutdown: &Shutdown) {
    let mut deliveries = Deliveries::new(gateway, http);
    loop {
        report(deliveries.begin().await);
        // One that ended makes room, a revocation makes work; else it looks again after a while.
        let next = async {
            tokio::select! {
                () = deliveries.ended() => {}
                () = feed.revoked() => {}
                () = tokio::time::sleep(LOGOUTS) => {}
            }
        };
        if shutdown.or(next).await.is_none() {
            return deliveries.finish().await;
        }
    }
}

fn report(result: Result<(), Fault>) {
    if let Err(fault) = result {
        tracing::error!(error = &fault as &dyn std::error::Error, "a job failed; it will be tried again");
    }
}

impl Gateway {
    /// Makes, publishes and forgets signing keys as is due.
    pub async fn rotate_keys(&self) -> Result<(), Fault> {
        Ok(self.keys.rotate(&self.pool, &self.outbox, &self.clock, &self.entropy).await?)
    }

    /// Deletes what is over.
    pub async fn prune(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        let day_ago = now - time::Duration::DAY;
        let mut connection = self.pool.acquire().await?;
        let gone = store::flows::prune(&mut connection, now).await?
            + store::codes::prune(&mut connection, day_ago).await?
            + store::families::prune(&mut connection, day_ago).await?
            + store::assertions::prune(&mut connection, day_ago).await?
            + store::revocations::prune(&mut connection, now).await?
            + store::logouts::prune(&mut connection, now - time::Duration::days(30)).await?;
        tracing::debug!(rows = gone, "deleted what is over");
        Ok(())
    }
}
