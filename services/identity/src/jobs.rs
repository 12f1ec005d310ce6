//! What this service does by the clock: [`Identity::keep_house`], [`Identity::finish_abandoned`] and
//! [`Identity::finish_deletions`], again and again. Every replica does; rows that another one holds are skipped.

use crate::app::Identity;
use pass_runtime::Context;
use std::{error::Error, sync::Arc, time::Duration};

/// Starts the jobs.
pub fn spawn(identity: Arc<Identity>, every: Duration, context: &Context) {
    let changes = identity.clone();
    // Apart from the housekeeping, which must not wait for other services.
    context.tasks.spawn("identity managed accounts", move |shutdown| async move {
        while !shutdown.is_requested() {
            if let Err(error) = changes.finish_abandoned().await {
                let error = &error as &dyn Error;
                tracing::error!(error, "can't look for abandoned changes; it goes on later");
            }
            if let Err(error) = changes.finish_deletions().await {
                let error = &error as &dyn Error;
                tracing::error!(error, "can't look for deletions that were left; it goes on later");
            }
            shutdown.or(tokio::time::sleep(every)).await;
        }
        Ok(())
    });
    context.tasks.spawn("identity housekeeping", move |shutdown| async move {
        while !shutdown.is_requested() {
            if let Err(error) = Box::pin(identity.keep_house()).await {
                tracing::error!(error = &error as &dyn Error, "housekeeping failed; it goes on later");
            }
            shutdown.or(tokio::time::sleep(every)).await;
        }
        Ok(())
    });
}
