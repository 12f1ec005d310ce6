//! What this service does by the clock: [`Identity::keep_house`], again and again. Every replica does;
//! rows that another one holds are skipped.

use crate::app::Identity;
use pass_runtime::{Context, Gauge};
use std::{error::Error, sync::Arc, time::Duration};

/// Starts the job. It also tells whether the database is there.
pub fn spawn(identity: Arc<Identity>, every: Duration, database: Gauge, context: &Context) {
    context.tasks.spawn("identity housekeeping", move |shutdown| async move {
        while !shutdown.is_requested() {
            let done = identity.keep_house().await;
            if let Err(error) = &done {
                tracing::error!(error = error as &dyn Error, "housekeeping failed; it goes on later");
            }
            database.set(done.map_err(|_| "the last housekeeping failed".to_owned()));
            shutdown.or(tokio::time::sleep(every)).await;
        }
        Ok(())
    });
}
