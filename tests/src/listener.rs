//! Somebody who hears every event of the suite.

use crate::Suite;
use pass_events::{Consumer, Handler, HandlerError, MIGRATOR};
use pass_proto::events::v1::Envelope;
use pass_testkit::{TestDatabase, wait_for};
use sqlx::{Postgres, Transaction};
use std::sync::{Arc, Mutex, PoisonError};

/// All events since it began to listen, in the order in which they arrived.
pub struct Listener {
    heard: Heard,
    _inbox: TestDatabase,
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Envelope>>>);

impl Handler for Heard {
    async fn handle(&self, _: &mut Transaction<'_, Postgres>, event: &Envelope) -> Result<(), HandlerError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        Ok(())
    }
}

impl Listener {
    /// Listens to the suite's exchange from now on.
    pub async fn start(suite: &Suite) -> Self {
        let inbox = pass_testkit::postgres().await.database(&[&MIGRATOR]).await;
        let heard = Heard::default();
        let (pool, broker) = (inbox.pool.clone(), suite.config.identity.broker.clone());
        let consumer = Consumer::new(pool, broker, "listener", &["#"], heard.clone(), &suite.context);
        consumer.expect("a consumer").spawn();
        suite.ready().await;
        Self { heard, _inbox: inbox }
    }

    /// What it has heard so far.
    pub fn heard(&self) -> Vec<Envelope> {
        self.heard.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has heard an event like that.
    pub async fn wait_for(&self, like: impl Fn(&Envelope) -> bool) -> Envelope {
        wait_for(async || self.heard().into_iter().find(&like)).await
    }
}
