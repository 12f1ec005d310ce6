//! The broker: where it is, how it is reached, and what is declared on it.
//!
//! | what | name |
//! |---|---|
//! | topic exchange of all events | `<namespace>.events` |
//! | where it puts what nobody is bound to: a fanout exchange and its queue | `<namespace>.unrouted` |
//! | a consumer's queue | `<namespace>.<queue>` |
//! | exchange of dead letters | `<namespace>.dead` |
//! | a consumer's dead letters | `<namespace>.<queue>.dead` |

use lapin::{
    Channel, Connection, ConnectionProperties, ExchangeKind,
    options::{ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    tcp::OwnedTLSConfig,
    types::{AMQPValue, FieldTable, ShortString},
    uri::AMQPUri,
};
use pass_runtime::config::SecretText;
use std::{path::PathBuf, str::FromStr, time::Duration};

/// How long the broker may take to answer before it counts as gone. (A dead one is noticed by its
/// heartbeat; one that was killed and is back resends to its quorum queues after 10 s.)
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Seconds after which a silent connection counts as lost (AMQP's heartbeat).
const HEARTBEAT: u16 = 10;
/// Bytes of a frame. The client keeps 32 of them each way for every connection, used or not: with the 128 KiB that
/// RabbitMQ offers, the connections of `pass all` took 100 MB. Events are far smaller; a larger one takes more frames.
const FRAME: u32 = 16 * 1024;
/// How often a delivery may come back because its consumer died over it. (RabbitMQ before 4 has no limit of its own.)
const DELIVERY_LIMIT: i64 = 20;
/// How long an event that nobody is bound to is kept: two weeks.
const UNROUTED_KEPT_MILLIS: i64 = 14 * 24 * 60 * 60 * 1_000;

/// Where the broker is.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrokerConfig {
    /// `amqp://user:password@host:port/vhost` (the virtual host "/" is written `%2f`), or `amqps://…`.
    pub url: SecretText,
    /// The authorities (PEM) that sign the broker's certificate, for `amqps://`; none: those that the system
    /// trusts.
    pub ca_file: Option<PathBuf>,
    /// What the names of exchanges and queues begin with; whoever shares it shares events.
    pub namespace: String,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self { url: SecretText::default(), ca_file: None, namespace: "pass".to_owned() }
    }
}

/// Why the broker can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The URL is malformed. (The source is not kept: it may show the password.)
    #[error("the setting broker.url is missing or is not an amqp:// URL")]
    Url,
    /// The file of authorities can't be read.
    #[error("reading the file that the setting broker.ca_file names, {}", path.display())]
    CaFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file of authorities has something else in it.
    #[error("the file that the setting broker.ca_file names has no certificate in it (PEM)")]
    NoAuthority,
    /// It does not answer, or refuses.
    #[error("can't {attempt}")]
    Refused {
        /// What was attempted.
        attempt: &'static str,
        /// Why not.
        source: lapin::Error,
    },
    /// It did not answer in time.
    #[error("the broker took too long to {0}")]
    Late(&'static str),
    /// It did not take responsibility for an event.
    #[error("the broker did not confirm an event")]
    Unconfirmed,
    /// It stopped delivering.
    #[error("the broker ended the delivery")]
    Ended,
}

/// Waits for the broker's answer to `attempt`, with patience.
pub(crate) async fn ask<T>(
    attempt: &'static str,
    answer: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerError> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(source)) => Err(BrokerError::Refused { attempt, source }),
        Err(_) => Err(BrokerError::Late(attempt)),
    }
}

impl BrokerConfig {
    /// Whether the settings can be right.
    pub(crate) fn check(&self) -> Result<AMQPUri, BrokerError> {
        self.authorities()?;
        AMQPUri::from_str(self.url.expose()).map_err(|_| BrokerError::Url)
    }

    /// Whom to trust, as the file says now.
    fn authorities(&self) -> Result<OwnedTLSConfig, BrokerError> {
        let Some(path) = &self.ca_file else { return Ok(OwnedTLSConfig::default()) };
        let text = std::fs::read_to_string(path)
            .map_err(|source| BrokerError::CaFile { path: path.clone(), source })?;
        if !text.contains("-----BEGIN CERTIFICATE-----") {
            return Err(BrokerError::NoAuthority);
        }
        Ok(OwnedTLSConfig { cert_chain: Some(text), ..OwnedTLSConfig::default() })
    }

    /// Whether the broker takes connections with these settings.
    pub async fn reachable(&self) -> Result<(), BrokerError> {
        let connection = self.connect("doctor").await?;
        ask("close the connection", connection.close(200, "".into())).await
    }

    /// Opens a connection that the broker shows as `name`.
    pub(crate) async fn connect(&self, name: &str) -> Result<Connection, BrokerError> {
        let mut uri = self.check()?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        uri.query.frame_max.get_or_insert(FRAME);
        let patience = u64::try_from(CONNECT_PATIENCE.as_millis()).unwrap_or(u64::MAX);
        uri.query.connection_timeout.get_or_insert(patience);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let authorities = self.authorities()?;
        let connect = async {
            let runtime = lapin::runtime::default_runtime()?;
            Connection::connect_uri_with_config(uri, properties, authorities, runtime).await
        };
        ask("connect to the broker", connect).await
    }

    pub(crate) fn name(&self, suffix: &str) -> ShortString {
        format!("{}.{suffix}", self.namespace).into()
    }

    /// Declares the exchange of events, and what catches what nobody is bound to.
    pub(crate) async fn declare_exchange(&self, channel: &Channel) -> Result<(), BrokerError> {
        let unrouted = self.name("unrouted");
        exchange(channel, unrouted.clone(), ExchangeKind::Fanout, FieldTable::default()).await?;
        // Nobody wants them now; who comes later finds those of a while, not all since the beginning.
        let mut kept = FieldTable::default();
        kept.insert("x-message-ttl".into(), AMQPValue::LongLongInt(UNROUTED_KEPT_MILLIS));
        queue(channel, unrouted.clone(), kept).await?;
        bind(channel, unrouted.clone(), unrouted.clone(), "").await?;
        let mut arguments = FieldTable::default();
        arguments.insert("alternate-exchange".into(), AMQPValue::LongString(unrouted.as_str().into()));
        exchange(channel, self.name("events"), ExchangeKind::Topic, arguments).await
    }

    /// Declares a consumer's queue and its dead letters, and binds it to the routing keys.
    pub(crate) async fn declare_queue(
        &self,
        channel: &Channel,
        name: &str,
        bindings: &[&str],
    ) -> Result<(), BrokerError> {
        self.declare_exchange(channel).await?;
        let (dead, dead_queue) = (self.name("dead"), self.name(&format!("{name}.dead")));
        exchange(channel, dead.clone(), ExchangeKind::Direct, FieldTable::default()).await?;
        queue(channel, dead_queue.clone(), FieldTable::default()).await?;
        bind(channel, dead_queue, dead.clone(), name).await?;

        let mut arguments = FieldTable::default();
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
        arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString(dead.as_str().into()));
        arguments.insert("x-dead-letter-routing-key".into(), AMQPValue::LongString(name.into()));
        // Also a dead letter leaves its queue only when the next one has it; that asks for this overflow.
        arguments.insert("x-dead-letter-strategy".into(), AMQPValue::LongString("at-least-once".into()));
        arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
        // Of several replicas one consumes at a time: a key's events stay in order.
        arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
        queue(channel, self.name(name), arguments).await?;
        for routing_key in bindings {
            bind(channel, self.name(name), self.name("events"), routing_key).await?;
        }
        Ok(())
    }
}

/// Opens a channel on which the broker confirms what it takes.
pub(crate) async fn confirming_channel(connection: &Connection) -> Result<Channel, BrokerError> {
    let channel = ask("open a channel", connection.create_channel()).await?;
    ask("ask for confirms", channel.confirm_select(ConfirmSelectOptions::default())).await?;
    Ok(channel)
}

async fn exchange(
    channel: &Channel,
    name: ShortString,
    kind: ExchangeKind,
    arguments: FieldTable,
) -> Result<(), BrokerError> {
    let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
    ask("declare an exchange", channel.exchange_declare(name, kind, options, arguments)).await
}

async fn queue(channel: &Channel, name: ShortString, mut arguments: FieldTable) -> Result<(), BrokerError> {
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    ask("declare a queue", channel.queue_declare(name, options, arguments)).await.map(drop)
}

async fn bind(
    channel: &Channel,
    queue: ShortString,
    exchange: ShortString,
    routing_key: &str,
) -> Result<(), BrokerError> {
    let options = QueueBindOptions::default();
    ask(
        "bind a queue",
        channel.queue_bind(queue, exchange, routing_key.into(), options, FieldTable::default()),
    )
    .await
}
