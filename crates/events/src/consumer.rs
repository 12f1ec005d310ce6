//! Taking events from the broker, each once.

mod delivery;
mod session;

use crate::{BrokerConfig, BrokerError, backoff::Backoff};
use pass_proto::events::v1::Envelope;
use pass_runtime::{Context, Gauge, Shutdown};
use sqlx::{PgPool, Postgres, Transaction};
use std::{error::Error, sync::Arc, time::Duration};

/// What a service does when told of an event.
pub trait Handler: Send + Sync + 'static {
    /// Does it, in the transaction that also notes the event as taken: what is written here is kept
    /// exactly once per event, what goes out of the process at least once.
    ///
    /// An event whose payload is none of those that the handler wants may arrive: it does nothing then.
    fn handle(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        event: &Envelope,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// It may work later: the event is tried again, and given up after some tries.
    #[error("it may work later")]
    Retry(#[source] Box<dyn Error + Send + Sync>),
    /// It will never work: the event is given up at once, with this reason. No names, no addresses.
    #[error("it will never work: {0}")]
    Reject(String),
}

impl HandlerError {
    /// It may work later; `source` is why not now.
    pub fn retry(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Retry(source.into())
    }
}

impl From<sqlx::Error> for HandlerError {
    fn from(error: sqlx::Error) -> Self {
        Self::retry(error)
    }
}

/// How often and how fast an event is tried again. Waiting for the database counts for nothing.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// How often it is tried in all.
    pub tries: u32,
    /// How long to wait after the first failure; doubles with each.
    pub first: Duration,
    /// How long to wait at most.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    /// Eight tries, over about a minute.
    fn default() -> Self {
        Self { tries: 8, first: Duration::from_millis(500), longest: Duration::from_secs(20) }
    }
}

/// Takes the events of a queue and gives them to a handler, those of a key in order.
pub struct Consumer<H> {
    shared: Arc<Shared<H>>,
}

/// What the lanes of a consumer share.
struct Shared<H> {
    pool: PgPool,
    broker: BrokerConfig,
    queue: &'static str,
    bindings: Vec<&'static str>,
    handler: H,
    retry: RetryPolicy,
    context: Context,
}

impl<H: Handler> Consumer<H> {
    /// For the queue `<namespace>.<queue>` (by custom "<service>.<what for>"), which gets every event whose
    /// routing key ("<source>.<payload field name>", `*` and `#` as in AMQP) is in `bindings`. `pool` is the
    /// database of the inbox and of the handler's transactions.
    pub fn new(
        pool: PgPool,
        broker: BrokerConfig,
        queue: &'static str,
        bindings: &[&'static str],
        handler: H,
        context: &Context,
    ) -> Result<Self, BrokerError> {
        broker.check()?;
        let (bindings, context) = (bindings.to_vec(), context.clone());
        let retry = RetryPolicy::default();
        Ok(Self { shared: Arc::new(Shared { pool, broker, queue, bindings, handler, retry, context }) })
    }

    /// With other patience than the default.
    ///
    /// # Panics
    /// Never: the consumer is not shared before it is started.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        Arc::get_mut(&mut self.shared).expect("it is not shared yet").retry = retry;
        self
    }

    /// Starts it. When the process stops, what is being handled is finished; what is not begun stays with the broker.
    pub fn spawn(self) {
        let (tasks, queue) = (self.shared.context.tasks.clone(), self.shared.queue);
        // From now on the process is not complete until the queue is there and bound.
        let gauge = self.shared.context.health.register_background(&format!("queue.{queue}"));
        tasks.spawn(queue, move |shutdown| async move {
            self.run(gauge, shutdown).await;
            Ok(())
        });
    }

    async fn run(self, gauge: Gauge, shutdown: Shutdown) {
        let shared = &self.shared;
        let mut backoff = Backoff::reconnecting(&shared.context.entropy);
        while let Err(error) = session::consume(shared, &shutdown, &gauge, &mut backoff).await {
            tracing::warn!(error = &error as &dyn Error, queue = shared.queue, "consuming was interrupted");
            gauge.set(Err(error.to_string()));
            if shutdown.or(tokio::time::sleep(backoff.delay())).await.is_none() {
                break;
            }
        }
    }
}
