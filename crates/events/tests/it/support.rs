//! A world of one database and one namespace, in which tests start processes.

use lapin::{BasicProperties, Channel, message::BasicGetMessage, options};
use pass_events::{
    BrokerConfig, Consumer, Event, Handler, HandlerError, Key, MIGRATOR, Outbox, Relay, RetryPolicy,
};
use pass_proto::events::v1::{Envelope, SessionEnded, SignedIn, envelope::Payload};
use pass_runtime::Context;
use pass_testkit::{FakeClock, TestDatabase, wait_for, wait_up_to};
use pass_types::{AccountId, Entropy, EventId, SessionId};
use sqlx::{Postgres, Row, Transaction};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

pub const QUEUE: &str = "reader.everything";
pub const SECOND: Duration = Duration::from_secs(1);

pub struct World {
    pub database: TestDatabase,
    pub broker: BrokerConfig,
    pub clock: FakeClock,
    pub outbox: Outbox,
}

impl World {
    pub async fn new() -> Self {
        Self::on(pass_testkit::broker().await).await
    }

    pub async fn on(broker: BrokerConfig) -> Self {
        // Shown with RUST_LOG, when a test fails.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let database = pass_testkit::postgres().await.database(&[&MIGRATOR]).await;
        let table =
            "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, key text, sequence bigint)";
        sqlx::query(table).execute(&database.pool).await.unwrap();
        let clock = FakeClock::default();
        let outbox = Outbox::new("identity", &process(&clock));
        Self { database, broker, clock, outbox }
    }

    /// What a process of its own would have.
    pub fn process(&self) -> Context {
        process(&self.clock)
    }

    /// Starts a relay in a process of its own.
    pub fn relay(&self) -> Context {
        let context = self.process();
        let pool = self.database.pool.clone();
        Relay::new(pool, self.broker.clone(), "identity", &context).unwrap().spawn();
        context
    }

    /// Starts a consumer of everything in a process of its own.
    pub async fn consumer<H: Handler>(&self, handler: H) -> Context {
        self.consumer_of(QUEUE, &["identity.#"], handler, RetryPolicy::default()).await
    }

    /// Starts a consumer; its queue is bound when this returns.
    pub async fn consumer_of<H: Handler>(
        &self,
        queue: &'static str,
        bindings: &[&'static str],
        handler: H,
        retry: RetryPolicy,
    ) -> Context {
        let context = self.process();
        let pool = self.database.pool.clone();
        let consumer = Consumer::new(pool, self.broker.clone(), queue, bindings, handler, &context).unwrap();
        consumer.retry(retry).spawn();
        ready(&context).await;
        context
    }

    /// Publishes in a transaction of its own.
    pub async fn publish(&self, event: Event) -> EventId {
        let mut transaction = self.database.pool.begin().await.unwrap();
        let id = self.outbox.publish(&mut transaction, event).await.unwrap();
        transaction.commit().await.unwrap();
        id
    }

    /// The keys and sequences that [`Record`] noted, in order.
    pub async fn effects(&self) -> Vec<(String, i64)> {
        let rows = sqlx::query("SELECT key, sequence FROM effects ORDER BY place")
            .fetch_all(&self.database.pool)
            .await;
        // The test may have cut the database.
        rows.unwrap_or_default().iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Waits for as many effects, and for the outbox to be empty.
    pub async fn settled(&self, effects: usize) -> Vec<(String, i64)> {
        // A broker that was killed takes 5 to 20 s, and its queues 10 more.
        wait_up_to(60 * SECOND, async || {
            let found = self.effects().await;
            (found.len() >= effects && self.waiting().await == Some(0)).then_some(found)
        })
        .await
    }

    /// How many rows of the outbox are not flagged.
    pub async fn waiting(&self) -> Option<i64> {
        self.number("SELECT count(*) FROM outbox WHERE published_at IS NULL").await
    }

    pub async fn number(&self, query: &'static str) -> Option<i64> {
        sqlx::query_scalar(query).fetch_one(&self.database.pool).await.ok()
    }

    pub async fn channel(&self) -> Channel {
        let properties = lapin::ConnectionProperties::default();
        let connection = lapin::Connection::connect(self.broker.url.expose(), properties).await.unwrap();
        connection.create_channel().await.unwrap()
    }

    /// The next message of the queue, as soon as there is one.
    pub async fn message(&self, queue: &str) -> BasicGetMessage {
        let queue = format!("{}.{queue}", self.broker.namespace);
        let options = options::BasicGetOptions { no_ack: true };
        // The queue may not be there yet, which ends a channel.
        wait_for(async || self.channel().await.basic_get(queue.as_str().into(), options).await.ok().flatten())
            .await
    }

    /// Waits until so many messages are in the queue.
    pub async fn message_count(&self, queue: &str, messages: u32) {
        let queue = format!("{}.{queue}", self.broker.namespace);
        let options = options::QueueDeclareOptions { passive: true, ..Default::default() };
        wait_for(async || {
            let channel = self.channel().await;
            let declared = channel
                .queue_declare(queue.as_str().into(), options, lapin::types::FieldTable::default())
                .await;
            declared.is_ok_and(|queue| queue.message_count() == messages)
        })
        .await;
    }

    /// Puts bytes into the exchange of events, past any outbox.
    pub async fn inject(&self, routing_key: &str, bytes: &[u8]) {
        let (channel, exchange) = (self.channel().await, format!("{}.events", self.broker.namespace));
        let options = options::BasicPublishOptions::default();
        let properties = BasicProperties::default();
        let sent =
            channel.basic_publish(exchange.into(), routing_key.into(), options, bytes, properties).await;
        sent.unwrap().await.unwrap();
    }
}

fn process(clock: &FakeClock) -> Context {
    static SEED: AtomicU64 = AtomicU64::new(1);
    Context::new(clock.shared(), Entropy::from_seed(SEED.fetch_add(1, Ordering::Relaxed)))
}

pub async fn ready(process: &Context) {
    wait_up_to(60 * SECOND, async || process.health.is_complete()).await;
}

/// Stops a process in order.
pub async fn stop(process: Context) {
    process.tasks.stop(10 * SECOND).await.unwrap();
}

/// An account, the same for the same number.
pub fn account(number: u64) -> AccountId {
    AccountId::generate(&Entropy::from_seed(number), time::OffsetDateTime::UNIX_EPOCH)
}

pub fn signed_in(number: u64) -> Event {
    signed_in_by(number, "pwd")
}

/// The same, by this method.
pub fn signed_in_by(number: u64, method: &str) -> Event {
    let account_id = account(number).to_string();
    let payload = SignedIn { account_id, methods: vec![method.to_owned()], ..SignedIn::default() };
    Event::new(Key::account(account(number)), Payload::SignedIn(payload))
}

pub fn session_ended(number: u64) -> Event {
    let account_id = account(number).to_string();
    let payload = SessionEnded { account_id, ..SessionEnded::default() };
    Event::new(Key::account(account(number)), Payload::SessionEnded(payload))
}

/// The end of a session, under the session's own key.
pub fn session_of(number: u64) -> Event {
    let session = SessionId::from(account(number).uuid());
    let payload = SessionEnded { session_id: session.to_string(), ..SessionEnded::default() };
    Event::new(Key::session(session), Payload::SessionEnded(payload))
}

/// Notes each event in `effects`.
pub struct Record;

impl Handler for Record {
    async fn handle(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        sqlx::query("INSERT INTO effects (key, sequence) VALUES ($1, $2)")
            .bind(&event.key)
            .bind(event.sequence)
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }
}

/// Notes each event in `effects`, then asks what to do about it.
pub struct RecordThen<F>(pub F);

impl<F: AsyncOutcome> Handler for RecordThen<F> {
    async fn handle(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        Record.handle(transaction, event).await?;
        self.0.outcome(event).await
    }
}

/// A closure that decides over an event.
pub trait AsyncOutcome: Send + Sync + 'static {
    fn outcome(&self, event: &Envelope) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

impl<F, O> AsyncOutcome for F
where
    F: Fn(i64) -> O + Send + Sync + 'static,
    O: Future<Output = Result<(), HandlerError>> + Send,
{
    fn outcome(&self, event: &Envelope) -> impl Future<Output = Result<(), HandlerError>> + Send {
        self(event.sequence)
    }
}

/// Tries again at once, almost.
pub fn impatient(tries: u32) -> RetryPolicy {
    RetryPolicy { tries, first: Duration::from_millis(10), longest: Duration::from_millis(20) }
}

/// The sequences of `effects`, per key, each 1, 2, 3, … up to `each`; nothing lost, nothing twice, nothing out of order.
pub fn assert_complete(effects: &[(String, i64)], keys: usize, each: i64) {
    let mut by_key = std::collections::BTreeMap::<&str, Vec<i64>>::new();
    for (key, sequence) in effects {
        by_key.entry(key).or_default().push(*sequence);
    }
    assert_eq!(by_key.len(), keys);
    for (key, sequences) in by_key {
        assert_eq!(sequences, (1..=each).collect::<Vec<_>>(), "of {key}");
    }
}
