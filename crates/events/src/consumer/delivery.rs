//! One delivery: taken in one transaction with what it does, tried again, or given up with a reason.

use super::{Handler, HandlerError, Shared};
use crate::{
    BrokerError,
    backoff::Backoff,
    broker::ask,
    inbox,
    meter::{self, Consumed},
    trace,
};
use lapin::{
    BasicProperties, Channel, Confirmation,
    message::Delivery,
    options::{BasicAckOptions, BasicPublishOptions},
    types::{AMQPValue, FieldTable},
};
use pass_proto::events::v1::Envelope;
use pass_runtime::Gauge;
use prost::Message;
use std::{error::Error, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

/// How long the database is waited for at most before it is asked again.
const DATABASE_PAUSE: Duration = Duration::from_secs(5);

/// A delivery, and the event in it if there is one.
pub(super) struct Incoming {
    delivery: Delivery,
    event: Option<(Uuid, Arc<Envelope>)>,
}

impl Incoming {
    pub(super) fn decode(delivery: Delivery) -> Self {
        let event = Envelope::decode(delivery.data.as_slice()).ok().and_then(|envelope| {
            let id = Uuid::try_parse(&envelope.id).ok()?;
            Some((id, Arc::new(envelope)))
        });
        Self { delivery, event }
    }

    /// What the event is about; empty when it is none.
    pub(super) fn key(&self) -> &str {
        self.event.as_ref().map_or("", |(_, envelope)| &envelope.key)
    }
}

/// How one try ended badly.
enum Failure {
    /// The database is not there: wait, it is nobody's fault.
    Database(sqlx::Error),
    Handler(HandlerError),
}

/// Handles a delivery to its end: acknowledged, or a dead letter. It stays with the broker when the session
/// is over before that.
pub(super) async fn settle<H: Handler>(
    shared: &Arc<Shared<H>>,
    dead_letters: &Channel,
    gauge: &Gauge,
    incoming: Incoming,
    over: &CancellationToken,
) -> Result<(), BrokerError> {
    let Some((id, event)) = &incoming.event else {
        return give_up(shared, dead_letters, &incoming, 0, "it is not an event").await;
    };
    let entropy = &shared.context.entropy;
    let mut backoff = Backoff::new(entropy, shared.retry.first, shared.retry.longest);
    let mut database = Backoff::new(entropy, Duration::from_millis(100), DATABASE_PAUSE);
    let (mut tries, mut waiting) = (0, false);
    loop {
        let outcome = attempt(shared, *id, event).await;
        if waiting && !matches!(outcome, Err(Failure::Database(_))) {
            gauge.set(Ok(()));
            waiting = false;
        }
        let pause = match outcome {
            Ok(what) => {
                meter::consumed(shared.queue, what);
                return acknowledge(&incoming).await;
            }
            Err(Failure::Database(error)) => {
                if !waiting {
                    tracing::warn!(
                        error = &error as &dyn Error,
                        queue = shared.queue,
                        "an event waits for the database"
                    );
                    gauge.set(Err("the database is not there".to_owned()));
                    waiting = true;
                }
                database.delay()
            }
            Err(Failure::Handler(HandlerError::Reject(reason))) => {
                return give_up(shared, dead_letters, &incoming, tries + 1, &reason).await;
            }
            Err(Failure::Handler(HandlerError::Retry(source))) => {
                tries += 1;
                let why = chain(&*source);
                tracing::warn!(queue = shared.queue, event.id = %id, tries, error = why, "an event was not handled");
                if tries >= shared.retry.tries {
                    return give_up(shared, dead_letters, &incoming, tries, &why).await;
                }
                meter::consumed(shared.queue, Consumed::Retried);
                backoff.delay()
            }
        };
        if over.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return Ok(());
        }
    }
}

/// Tries once. Runs in a task of its own: neither a handler that panics nor a session that ends leaves a
/// transaction half-way.
async fn attempt<H: Handler>(
    shared: &Arc<Shared<H>>,
    id: Uuid,
    event: &Arc<Envelope>,
) -> Result<Consumed, Failure> {
    let span = tracing::info_span!(
        "consume",
        otel.kind = "consumer",
        messaging.destination.name = shared.queue,
        event.id = %id,
        event.source = event.source,
        event.sequence = event.sequence,
    );
    trace::link(&span, &event.trace_parent);
    let (shared, event) = (shared.clone(), event.clone());
    let work = async move {
        let mut transaction = shared.pool.begin().await?;
        let now = shared.context.clock.now();
        if !inbox::take(&mut transaction, shared.queue, id, now).await? {
            return Ok(Consumed::Duplicate);
        }
        shared.handler.handle(&mut transaction, &event).await.map_err(Failure::from)?;
        transaction.commit().await?;
        Ok(Consumed::Handled)
    };
    match tokio::spawn(work.instrument(span)).await {
        Ok(result) => result,
        Err(_) => Err(Failure::Handler(HandlerError::retry("the handler panicked"))),
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) { Self::Database(error) } else { Self::Handler(error.into()) }
    }
}

impl From<HandlerError> for Failure {
    fn from(error: HandlerError) -> Self {
        match error {
            HandlerError::Retry(source) => match source.downcast::<sqlx::Error>() {
                Ok(error) => (*error).into(),
                Err(source) => Self::Handler(HandlerError::Retry(source)),
            },
            reject @ HandlerError::Reject(_) => Self::Handler(reject),
        }
    }
}

/// Whether the database was not there, as opposed to refusing what was asked.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection exceptions, insufficient resources, operator intervention (a statement that took too long
        // excepted: it is the event's own), wrong state of the database (SQLSTATE classes).
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code != "57014" && ["08", "53", "57", "55000"].iter().any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

async fn acknowledge(incoming: &Incoming) -> Result<(), BrokerError> {
    ask("acknowledge an event", incoming.delivery.ack(BasicAckOptions::default())).await.map(drop)
}

/// Moves the delivery to the dead letters, with the reason; acknowledges it when they have it.
async fn give_up<H: Handler>(
    shared: &Shared<H>,
    dead_letters: &Channel,
    incoming: &Incoming,
    tries: u32,
    reason: &str,
) -> Result<(), BrokerError> {
    let delivery = &incoming.delivery;
    let mut headers = FieldTable::default();
    headers.insert("reason".into(), AMQPValue::LongString(reason.into()));
    headers.insert("attempts".into(), AMQPValue::LongInt(i32::try_from(tries).unwrap_or(i32::MAX)));
    headers.insert("routing-key".into(), AMQPValue::LongString(delivery.routing_key.as_str().into()));
    let properties = BasicProperties::default()
        .with_message_id(incoming.event.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default().into())
        .with_content_type("application/protobuf".into())
        .with_delivery_mode(2)
        .with_headers(headers);
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let (exchange, queue) = (shared.broker.name("dead"), shared.queue.into());
    let publish = async {
        dead_letters.basic_publish(exchange, queue, options, &delivery.data, properties).await?.await
    };
    if ask("give an event up", publish).await? != Confirmation::Ack(None) {
        return Err(BrokerError::Unconfirmed);
    }
    tracing::error!(
        queue = shared.queue,
        event.id = incoming.event.as_ref().map(|(id, _)| id.to_string()),
        tries,
        reason,
        "an event was given up"
    );
    meter::consumed(shared.queue, Consumed::DeadLettered);
    acknowledge(incoming).await
}

/// What an error and its sources say.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
