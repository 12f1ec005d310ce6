//! One connection's time: deliveries are spread over lanes by their key, until something breaks or the
//! end is asked for.

use super::{
    Handler, Shared,
    delivery::{Incoming, settle},
};
use crate::{
    BrokerError,
    backlog::Backlog,
    backoff::Backoff,
    broker::{ask, confirming_channel},
    inbox, meter,
};
use futures::StreamExt;
use lapin::{
    Channel, Connection,
    message::Delivery,
    options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use pass_runtime::{Gauge, Shutdown};
use std::{
    convert::Infallible,
    hash::{DefaultHasher, Hash, Hasher},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// Keys are spread over this many lanes; within a lane one event is handled after the other.
const LANES: usize = 8;
/// Deliveries that a consumer has at once. The broker bounds the lanes by it.
const PREFETCH: u16 = 256;
/// The inbox is pruned this often.
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// Consumes until the end is asked for, or until an error.
pub(super) async fn consume<H: Handler>(
    shared: &Arc<Shared<H>>,
    shutdown: &Shutdown,
    gauge: &Gauge,
    backoff: &mut Backoff,
) -> Result<(), BrokerError> {
    let connection = shared.broker.connect(shared.queue).await?;
    let channel = ask("open a channel", connection.create_channel()).await?;
    shared.broker.declare_queue(&channel, shared.queue, &shared.bindings).await?;
    ask("set the prefetch", channel.basic_qos(PREFETCH, BasicQosOptions::default())).await?;
    let (queue, options) = (shared.broker.name(shared.queue), BasicConsumeOptions::default());
    let consuming = channel.basic_consume(queue, "".into(), options, FieldTable::default());
    let mut deliveries = ask("consume a queue", consuming).await?;
    let mut lanes = Lanes::start(shared, &connection, gauge).await?;
    gauge.set(Ok(()));
    backoff.reset();

    let mut dead = pin!(watch_dead_letters(shared, &connection));
    let mut prune = interval(PRUNE_EVERY);
    prune.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let result = loop {
        tokio::select! {
            biased;
            () = shutdown.requested() => break Ok(()),
            Some(ended) = lanes.tasks.join_next() => break ended.unwrap_or(Err(BrokerError::Ended)),
            delivery = deliveries.next() => match delivery {
                Some(Ok(delivery)) => lanes.dispatch(delivery),
                Some(Err(source)) => break Err(BrokerError::Refused { attempt: "take a delivery", source }),
                None => break Err(BrokerError::Ended),
            },
            _ = prune.tick() => forget(shared),
            never = &mut dead => match never {},
        }
    };
    lanes.over.cancel();
    if result.is_ok() {
        gauge.set(Err("stopping".to_owned()));
        // Whatever was delivered and not begun goes back when the connection closes.
        let stop = channel.basic_cancel(deliveries.tag(), BasicCancelOptions::default());
        let _ = ask("stop consuming", stop).await;
    }
    lanes.finish().await;
    let _ = ask("close the connection", connection.close(200, "".into())).await;
    result
}

/// Measures the dead letters, for as long as the connection lasts.
async fn watch_dead_letters<H: Handler>(shared: &Shared<H>, connection: &Connection) -> Infallible {
    let backlog = Backlog {
        queue: shared.broker.name(&format!("{}.dead", shared.queue)),
        meaning: "there are dead letters",
        clock: shared.context.clock.clone(),
    };
    backlog.watch(connection, |messages| meter::dead_letters(shared.queue, messages)).await
}

/// Prunes the inbox, beside.
fn forget<H: Handler>(shared: &Arc<Shared<H>>) {
    let shared = shared.clone();
    tokio::spawn(async move {
        let prune = async {
            let mut connection = shared.pool.acquire().await?;
            inbox::prune(&mut connection, shared.queue, shared.context.clock.now()).await
        };
        if let Err(error) = prune.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the inbox was not pruned");
        }
    });
}

/// The lanes of a session.
struct Lanes {
    senders: Vec<UnboundedSender<Incoming>>,
    tasks: JoinSet<Result<(), BrokerError>>,
    over: CancellationToken,
}

impl Lanes {
    async fn start<H: Handler>(
        shared: &Arc<Shared<H>>,
        connection: &Connection,
        gauge: &Gauge,
    ) -> Result<Self, BrokerError> {
        let dead_letters = confirming_channel(connection).await?;
        let mut lanes = Self { senders: Vec::new(), tasks: JoinSet::new(), over: CancellationToken::new() };
        for _ in 0..LANES {
            lanes.add(shared.clone(), dead_letters.clone(), gauge.clone());
        }
        Ok(lanes)
    }

    fn add<H: Handler>(&mut self, shared: Arc<Shared<H>>, dead_letters: Channel, gauge: Gauge) {
        let (sender, mut incoming) = unbounded_channel();
        let over = self.over.clone();
        self.senders.push(sender);
        self.tasks.spawn(async move {
            while let Some(Some(next)) = over.run_until_cancelled(incoming.recv()).await {
                settle(&shared, &dead_letters, &gauge, next, &over).await?;
                if over.is_cancelled() {
                    break;
                }
            }
            Ok(())
        });
    }

    /// Queues the delivery behind the others of its key.
    fn dispatch(&self, delivery: Delivery) {
        let incoming = Incoming::decode(delivery);
        let mut hasher = DefaultHasher::new();
        incoming.key().hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        // A lane that has ended ends the session: the broker delivers again.
        let _ = self.senders[lane].send(incoming);
    }

    /// Waits until each lane has finished what it has begun.
    async fn finish(mut self) {
        drop(self.senders);
        while self.tasks.join_next().await.is_some() {}
    }
}
