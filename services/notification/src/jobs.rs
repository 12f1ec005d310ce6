//! What the service does by itself: workers that deliver, and the pruning of old deliveries.

use crate::app::{Notification, deliver_next, prune};
use pass_runtime::Shutdown;
use sqlx::postgres::PgListener;
use std::{error::Error, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// How often a worker looks by itself, should a notification be lost.
const POLL: Duration = Duration::from_secs(1);
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// Delivers whatever is due until the end is asked for.
pub async fn work(app: Notification, due: Arc<Notify>, shutdown: Shutdown) {
    while !shutdown.is_requested() {
        match deliver_next(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = &error as &dyn Error, "deliveries wait"),
        }
        let _ = shutdown.or(tokio::time::timeout(POLL, due.notified())).await;
    }
}

/// Wakes the workers when a replica has noted a mail.
pub async fn listen(app: Notification, due: Arc<Notify>, shutdown: Shutdown) {
    while !shutdown.is_requested() {
        let listened = async {
            let mut listener = PgListener::connect_with(&app.pool).await?;
            listener.listen("deliveries").await?;
            loop {
                listener.recv().await?;
                due.notify_one();
            }
        };
        let ended: Option<Result<(), sqlx::Error>> = shutdown.or(listened).await;
        if let Some(Err(error)) = ended {
            tracing::warn!(error = &error as &dyn Error, "mails wait for the next look: no notifications");
            let _ = shutdown.or(tokio::time::sleep(POLL)).await;
        }
    }
}

/// Forgets old deliveries, every hour.
pub async fn tidy(app: Notification, shutdown: Shutdown) {
    while shutdown.or(tokio::time::sleep(PRUNE_EVERY)).await.is_some() {
        if let Err(error) = prune(&app).await {
            tracing::warn!(error = &error as &dyn Error, "old deliveries stay for now");
        }
    }
}
