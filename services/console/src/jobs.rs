//! What the console does by the clock: forgetting what is over.

use crate::{app::Sessions, http::Console, store};
use pass_runtime::{Gauge, Shutdown};
use sqlx::PgPool;
use std::time::Duration;

const PAUSE: Duration = Duration::from_mins(5);

/// Prunes every five minutes, until the end.
pub async fn tidy(console: Console, shutdown: Shutdown) {
    while shutdown.or(tokio::time::sleep(PAUSE)).await.is_some() {
        console.strangers.prune();
        console.posts.prune();
        if let Err(error) = prune(&console.sessions).await {
            tracing::error!(error = &error as &dyn std::error::Error, "pruning the console's database");
        }
    }
}

/// Forgets sessions, sign-ins and logout tokens that are over. Returns how many.
pub async fn prune(sessions: &Sessions) -> sqlx::Result<u64> {
    let now = sessions.clock.now();
    let mut db = sessions.pool.acquire().await?;
    let pruned = store::sessions::prune(&mut db, now).await?
        + store::sign_ins::prune(&mut db, now).await?
        + store::logouts::prune(&mut db, now).await?;
    Ok(pruned)
}

/// Says every second whether the database answers, until the end.
pub async fn watch(pool: PgPool, gauge: Gauge, shutdown: Shutdown) {
    loop {
        let answer = sqlx::query("SELECT 1").execute(&pool).await;
        gauge.set(answer.map(drop).map_err(|_| "the database does not answer".to_owned()));
        if shutdown.or(tokio::time::sleep(Duration::from_secs(1))).await.is_none() {
            return;
        }
    }
}
