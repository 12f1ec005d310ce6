//! Carrying the outbox to the broker: one relay per service and lane is active, the others stand by.

use crate::{
    BrokerConfig, BrokerError, Lane,
    backlog::Backlog,
    backoff::Backoff,
    broker::{self, ask, confirming_channel},
    meter,
    outbox::CHANNEL,
};
use futures::{FutureExt, future::join_all};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, PublisherConfirm,
    options::BasicPublishOptions,
    types::{AMQPValue, FieldTable},
};
use pass_runtime::{Context, Gauge, Shutdown};
use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use std::{convert::Infallible, error::Error, pin::pin, time::Duration};
use time::OffsetDateTime;
use tokio::time::{Instant, MissedTickBehavior, timeout};

/// Rows that are on the way to the broker at once.
const BATCH: i64 = 500;
/// How often the outbox is looked at, whatever the database notifies.
const POLL: Duration = Duration::from_secs(1);
/// How often ordinary events are carried at most: under load several go at once, and an event waits no longer than this.
const PACE: Duration = Duration::from_millis(25);
/// How often it is measured.
const MEASURE: Duration = Duration::from_secs(5);
/// How long what is left may take when the process stops. It is not lost after that: it waits in the database.
const FLUSH: Duration = Duration::from_secs(5);
/// How long the database may take to answer before its connection counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long published rows are kept, for whoever looks into what happened.
const KEPT: time::Duration = time::Duration::days(7);
/// How long a key that ends is remembered after its last event.
const KEY_KEPT: time::Duration = time::Duration::days(30);
const PRUNE_EVERY: time::Duration = time::Duration::hours(1);
/// Rows that one statement of the pruning deletes.
const CHUNK: i64 = 5_000;

/// First half of the advisory lock of a lane's active relay; the second is the lane.
const LOCK: i32 = 0x7061_7373;

/// When the tables are pruned next, and whether a pruning is under way. It outlives a connection: what made
/// a pruning fail is not tried again at once.
struct Pruning {
    due: OffsetDateTime,
    more: bool,
}

/// Carries what a service's outbox holds to the broker.
#[derive(Clone)]
pub struct Relay {
    pool: PgPool,
    broker: BrokerConfig,
    source: &'static str,
    context: Context,
}

/// Why carrying stopped, for now.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the database took too long")]
    Late(#[from] tokio::time::error::Elapsed),
    #[error("the connection that holds the lock was lost")]
    Deposed,
    #[error("the broker failed")]
    Broker(#[from] BrokerError),
}

/// An outbox row on its way.
struct Row {
    position: i64,
    event_id: uuid::Uuid,
    routing_key: String,
    envelope: Vec<u8>,
    created_at: OffsetDateTime,
}

impl Relay {
    /// For the outbox of the service `source`. Of `pool` only the address is used: a relay has
    /// connections of its own.
    pub fn new(
        pool: PgPool,
        broker: BrokerConfig,
        source: &'static str,
        context: &Context,
    ) -> Result<Self, BrokerError> {
        broker.check()?;
        Ok(Self { pool, broker, source, context: context.clone() })
    }

    /// Starts it, a task per lane. They stop after everything that takes work in, when what is left
    /// has been carried (within 5 s).
    pub fn spawn(self) {
        for lane in Lane::ALL {
            let relay = self.clone();
            // From now on the process is not complete until the relay is.
            let gauge = self.context.health.register_background(&format!("relay.{}", lane.name()));
            self.context.tasks.spawn_outlet("relay", move |shutdown| async move {
                relay.run(lane, gauge, shutdown).await;
                Ok(())
            });
        }
    }

    async fn run(self, lane: Lane, gauge: Gauge, shutdown: Shutdown) {
        let mut backoff = Backoff::reconnecting(&self.context.entropy);
        let mut pruning = Pruning { due: self.context.clock.now(), more: false };
        let carry = async {
            while let Err(error) = self.carry(lane, &shutdown, &gauge, &mut backoff, &mut pruning).await {
                tracing::warn!(error = &error as &dyn Error, lane = lane.name(), "the relay was interrupted");
                gauge.set(Err(error.to_string()));
                if shutdown.or(tokio::time::sleep(backoff.delay())).await.is_none() {
                    break;
                }
            }
        };
        let overdue = async {
            shutdown.requested().await;
            tokio::time::sleep(FLUSH).await;
        };
        tokio::select! {
            () = carry => {}
            () = overdue => tracing::warn!(lane = lane.name(), "the outbox was not emptied before the stop"),
        }
    }

    /// Waits to be the active one, then carries until the end is asked for and nothing is left.
    async fn carry(
        &self,
        lane: Lane,
        shutdown: &Shutdown,
        gauge: &Gauge,
        backoff: &mut Backoff,
        pruning: &mut Pruning,
    ) -> Result<(), RelayError> {
        let mut database = self.listen(lane).await?;
        while !timeout(PATIENCE, lock(&mut database, lane)).await?? {
            gauge.set(Ok(()));
            if shutdown.or(tokio::time::sleep(POLL)).await.is_none() {
                return Ok(());
            }
        }
        let name = format!("{}-relay-{}", self.source, lane.name());
        let connection = self.broker.connect(&name).await?;
        let channel = confirming_channel(&connection).await?;
        self.broker.declare_exchange(&channel).await?;
        gauge.set(Ok(()));
        tracing::info!(lane = lane.name(), "the relay is active");

        let mut unrouted = pin!(self.watch_unrouted(lane, &connection));
        let mut measure = tokio::time::interval(MEASURE);
        measure.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Asked before looking: what was committed until then is carried.
            let stopping = shutdown.is_requested();
            let begun = Instant::now();
            while let Some(told) = database.try_recv().now_or_never() {
                told?.ok_or(RelayError::Deposed)?;
            }
            let carried = self.batch(lane, &mut database, &connection, &channel).await?;
            if carried > 0 {
                backoff.reset();
            }
            if carried == usize::try_from(BATCH).unwrap_or(usize::MAX) {
                continue;
            }
            if stopping {
                let _ = connection.close(200, "".into()).await;
                return Ok(());
            }
            if lane == Lane::Normal {
                self.prune(pruning, &mut database).await?;
            }
            let pace = if lane == Lane::Normal && carried > 0 { PACE } else { Duration::ZERO };
            let rest = if pruning.more { Duration::ZERO } else { POLL };
            let _ = shutdown.or(tokio::time::sleep_until(begun + pace)).await;
            tokio::select! {
                () = shutdown.requested() => {}
                // Nothing: the connection was lost, and with it the lock.
                notified = database.try_recv() => { notified?.ok_or(RelayError::Deposed)?; }
                () = tokio::time::sleep(rest) => {}
                _ = measure.tick() => self.measure(lane, &mut database).await?,
                never = &mut unrouted => match never {},
            }
        }
    }

    /// A connection of the relay's own, which is told of new rows and will hold the lock.
    async fn listen(&self, lane: Lane) -> Result<PgListener, RelayError> {
        let name = format!("{}-relay-{}", self.source, lane.name());
        // What a crash of the database makes it forget is that rows were published: they are once more.
        let options = [("synchronous_commit", "off")];
        let options = (*self.pool.connect_options()).clone().application_name(&name).options(options);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await?;
        let mut database = PgListener::connect_with(&pool).await?;
        // A new connection would not have the lock.
        database.eager_reconnect(false);
        database.ignore_pool_close_event(true);
        timeout(PATIENCE, database.listen(CHANNEL)).await??;
        Ok(database)
    }

    /// Publishes the next rows and flags those that the broker confirmed; says how many.
    async fn batch(
        &self,
        lane: Lane,
        database: &mut PgListener,
        connection: &Connection,
        channel: &Channel,
    ) -> Result<usize, RelayError> {
        let due = sqlx::query_as!(
            Row,
            "SELECT position, event_id, routing_key, envelope, created_at FROM outbox
             WHERE lane = $1 AND published_at IS NULL ORDER BY position LIMIT $2",
            lane.number(),
            BATCH,
        )
        .fetch_all(&mut *database);
        let rows = timeout(PATIENCE, due).await??;
        if !connection.status().connected() {
            return Err(BrokerError::Ended.into());
        }
        if rows.is_empty() {
            return Ok(0);
        }
        let (confirmed, problem) = self.publish(channel, rows).await;
        if !confirmed.is_empty() {
            let flag = sqlx::query!(
                "UPDATE outbox SET published_at = $1 WHERE position = ANY($2)",
                self.context.clock.now(),
                &confirmed,
            )
            .execute(database);
            timeout(PATIENCE, flag).await??;
            meter::published(self.source, lane, confirmed.len());
        }
        problem.map_or(Ok(confirmed.len()), |problem| Err(problem.into()))
    }

    /// Sends all rows, then waits for the confirms. Gives the positions that were confirmed, and why the
    /// others were not.
    async fn publish(&self, channel: &Channel, rows: Vec<Row>) -> (Vec<i64>, Option<BrokerError>) {
        let mut problem = None;
        let mut sent = Vec::with_capacity(rows.len());
        for row in rows {
            let position = row.position;
            match ask("publish an event", self.send(channel, row)).await {
                Ok(confirm) => sent.push((position, confirm)),
                Err(error) => {
                    problem = Some(error);
                    break;
                }
            }
        }
        let deadline = Instant::now() + broker::PATIENCE;
        let confirms = sent.into_iter().map(async |(position, confirm)| {
            let answer = tokio::time::timeout_at(deadline, confirm).await;
            (position, answer)
        });
        let mut confirmed = Vec::new();
        for (position, answer) in join_all(confirms).await {
            match answer {
                // A message that comes back with its confirm has not even reached the queue of the unrouted.
                Ok(Ok(Confirmation::Ack(None))) => confirmed.push(position),
                Ok(Ok(_)) => problem = problem.or(Some(BrokerError::Unconfirmed)),
                Ok(Err(source)) => {
                    problem = problem.or(Some(BrokerError::Refused { attempt: "publish an event", source }));
                }
                Err(_) => problem = problem.or(Some(BrokerError::Late("confirm an event"))),
            }
        }
        (confirmed, problem)
    }

    async fn send(&self, channel: &Channel, row: Row) -> lapin::Result<PublisherConfirm> {
        let mut headers = FieldTable::default();
        headers.insert("source".into(), AMQPValue::LongString(self.source.into()));
        let properties = BasicProperties::default()
            .with_message_id(row.event_id.to_string().into())
            .with_type(row.routing_key.as_str().into())
            .with_content_type("application/protobuf".into())
            .with_timestamp(u64::try_from(row.created_at.unix_timestamp()).unwrap_or(0))
            .with_delivery_mode(2)
            .with_headers(headers);
        let options = BasicPublishOptions { mandatory: true, immediate: false };
        let (exchange, routing_key) = (self.broker.name("events"), row.routing_key.as_str().into());
        channel.basic_publish(exchange, routing_key, options, &row.envelope, properties).await
    }

    /// Measures what nobody is bound to; one lane is enough for it.
    async fn watch_unrouted(&self, lane: Lane, connection: &Connection) -> Infallible {
        if lane != Lane::Normal {
            return std::future::pending().await;
        }
        let backlog = Backlog {
            queue: self.broker.name("unrouted"),
            meaning: "there are events that nobody is bound to",
            clock: self.context.clock.clone(),
        };
        backlog.watch(connection, |messages| meter::unrouted(self.source, messages)).await
    }

    /// Deletes a chunk of what is old, when it is time: no event waits for more than that.
    async fn prune(&self, pruning: &mut Pruning, database: &mut PgListener) -> Result<(), RelayError> {
        let now = self.context.clock.now();
        if now >= pruning.due {
            *pruning = Pruning { due: now + PRUNE_EVERY, more: true };
        }
        if std::mem::take(&mut pruning.more) {
            pruning.more = timeout(PATIENCE, prune(database, now)).await??;
        }
        Ok(())
    }

    async fn measure(&self, lane: Lane, database: &mut PgListener) -> Result<(), RelayError> {
        let waiting = sqlx::query!(
            r#"SELECT count(*) AS "depth!", min(created_at) AS oldest FROM outbox
               WHERE lane = $1 AND published_at IS NULL"#,
            lane.number(),
        )
        .fetch_one(database);
        let waiting = timeout(PATIENCE, waiting).await??;
        let now = self.context.clock.now();
        meter::outbox(self.source, lane, waiting.depth, now - waiting.oldest.unwrap_or(now));
        Ok(())
    }
}

/// Takes the lock of the lane's active relay, which lasts as long as the connection; `false`: another has it.
async fn lock(database: &mut PgListener, lane: Lane) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock($1, $2) AS "locked!""#,
        LOCK,
        i32::from(lane.number()),
    )
    .fetch_one(database)
    .await
}

/// Deletes a chunk of what was published long ago or, when there is none of that, of keys that have ended;
/// `true`: there may be more.
async fn prune(database: &mut PgListener, now: OffsetDateTime) -> Result<bool, sqlx::Error> {
    Ok(prune_rows(database, now - KEPT).await? || prune_keys(database, now - KEY_KEPT).await?)
}

/// Deletes rows that were published before `before`.
async fn prune_rows(database: &mut PgListener, before: OffsetDateTime) -> Result<bool, sqlx::Error> {
    let pruned = sqlx::query!(
        "DELETE FROM outbox WHERE position IN (
             SELECT position FROM outbox WHERE published_at < $1 LIMIT $2)",
        before,
        CHUNK,
    )
    .execute(database)
    .await?;
    Ok(pruned.rows_affected() == CHUNK.unsigned_abs())
}

/// Deletes keys that end, were not used since `before`, and of which nothing is in the outbox.
async fn prune_keys(database: &mut PgListener, before: OffsetDateTime) -> Result<bool, sqlx::Error> {
    // One that is locked is about to be used.
    let pruned = sqlx::query!(
        "DELETE FROM outbox_keys WHERE key IN (
             SELECT key FROM outbox_keys WHERE used_at < $1
             AND NOT EXISTS (SELECT FROM outbox WHERE outbox.key = outbox_keys.key)
             LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        CHUNK,
    )
    .execute(database)
    .await?;
    Ok(pruned.rows_affected() == CHUNK.unsigned_abs())
}
