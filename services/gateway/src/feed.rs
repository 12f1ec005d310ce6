//! What this process tells the mesh of its tokens: keys and revocations, as they are in the database, pushed
//! to every open stream and to the gateway's own [`Trust`].
//!
//! Each replica listens to the database and, every second, sends itself a tick the same way. Streams
//! beat with the ticks: as long as a stream beats, a revocation would have come through as well. When
//! they stop, followers notice and ask by call.

use crate::{
    app::{Fault, keys::Keys},
    domain::revocation::Subject,
    grpc::to_wire,
    store::{self, revocations::CHANNEL},
};
use futures::{Stream, StreamExt, stream};
use pass_mesh::Trust;
use pass_proto::gateway::v1::{Heartbeat, watch_trust_response::Message};
use pass_runtime::{Context, Gauge, Shutdown};
use pass_types::SharedClock;
use sqlx::{PgPool, postgres::PgListener};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::sync::{Notify, broadcast};

/// How often the database is asked to say something.
const TICK: Duration = Duration::from_secs(1);
/// Without a word for so long, the connection counts as dead.
const SILENCE: Duration = Duration::from_secs(3);
/// Messages that a slow stream may be behind before it is told everything again.
const BACKLOG: usize = 1024;

/// The feed. Clones share it.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    pool: PgPool,
    clock: SharedClock,
    keys: Keys,
    trust: Trust,
    sender: broadcast::Sender<Message>,
    closed: tokio::sync::watch::Sender<bool>,
    revoked: Notify,
}

/// A stream of messages for one follower.
struct Follower {
    feed: Feed,
    receiver: broadcast::Receiver<Message>,
    waiting: std::vec::IntoIter<Message>,
}

impl Feed {
    /// Says nothing until [`Feed::listen`] runs.
    pub fn new(pool: PgPool, clock: SharedClock, keys: Keys, trust: Trust) -> Self {
        let (sender, _) = broadcast::channel(BACKLOG);
        let closed = tokio::sync::watch::Sender::new(false);
        Self(Arc::new(Inner { pool, clock, keys, trust, sender, closed, revoked: Notify::new() }))
    }

    /// Starts listening and ticking. From now on the process is not ready until revocations are heard of.
    pub fn spawn(&self, context: &Context) {
        let (listening, ticking) = (self.clone(), self.clone());
        let gauge = context.health.register("revocations");
        context.tasks.spawn("revocation feed", move |shutdown| async move {
            listening.listen(gauge, shutdown).await;
            Ok(())
        });
        context.tasks.spawn("revocation heartbeat", move |shutdown| async move {
            ticking.tick(shutdown).await;
            Ok(())
        });
    }

    /// Resolves after something was revoked: clients may be due to hear of it.
    pub async fn revoked(&self) {
        self.0.revoked.notified().await;
    }

    /// The gateway's own judge of access tokens.
    pub fn trust(&self) -> &Trust {
        &self.0.trust
    }

    /// Everything in force, then a heartbeat, then what changes: bind, snapshot, follow.
    pub async fn watch(&self) -> Result<impl Stream<Item = Message> + Send + 'static, Fault> {
        let receiver = self.0.sender.subscribe();
        let waiting = self.snapshot().await?.into_iter();
        let follower = Follower { feed: self.clone(), receiver, waiting };
        let mut closed = self.0.closed.subscribe();
        let messages = stream::unfold(follower, |mut follower| async move {
            follower.next().await.map(|message| (message, follower))
        });
        Ok(messages.take_until(async move {
            // An error would mean that the feed is gone: as good as closed.
            let _ = closed.wait_for(|closed| *closed).await;
        }))
    }

    /// Whether tokens of one of these that were issued at that time are void.
    pub async fn is_revoked(&self, subjects: &[Subject], issued: OffsetDateTime) -> Result<bool, Fault> {
        Ok(store::revocations::covers(&mut *self.0.pool.acquire().await?, subjects, issued).await?)
    }

    async fn snapshot(&self) -> Result<Vec<Message>, Fault> {
        let mut connection = self.0.pool.acquire().await?;
        let revocations = store::revocations::in_force(&mut connection, self.0.clock.now()).await?;
        let mut messages = vec![Message::Jwks(self.0.keys.jwks())];
        messages.extend(revocations.iter().map(to_wire));
        messages.push(Message::Heartbeat(Heartbeat {}));
        Ok(messages)
    }

    /// Tells everybody everything that is in force: at the start, and after words may have been missed.
    pub async fn reload(&self) -> Result<(), Fault> {
        self.0.keys.load(&self.0.pool).await?;
        for message in self.snapshot().await? {
            self.push(message);
        }
        self.0.revoked.notify_one();
        Ok(())
    }

    fn push(&self, message: Message) {
        if let Err(invalid) = self.0.trust.apply(message.clone()) {
            tracing::error!(error = %invalid, "the gateway's own trust did not take its message");
        }
        // Nobody follows: nobody to tell.
        let _ = self.0.sender.send(message);
    }

    /// Listens to the database until shutdown, again and again when it goes away.
    pub async fn listen(self, gauge: Gauge, shutdown: Shutdown) {
        loop {
            match shutdown.or(self.hear(&gauge)).await {
                None => break,
                Some(Err(fault)) => {
                    let error = &fault as &dyn std::error::Error;
                    tracing::warn!(error, "listening for revocations: will be tried again");
                    gauge.set(Err("revocations are not heard of".to_owned()));
                }
                Some(Ok(())) => {}
            }
            if shutdown.or(tokio::time::sleep(TICK / 2)).await.is_none() {
                break;
            }
        }
        self.0.closed.send_replace(true);
    }

    async fn hear(&self, gauge: &Gauge) -> Result<(), Fault> {
        let mut listener = PgListener::connect_with(&self.0.pool).await?;
        listener.listen(CHANNEL).await?;
        self.reload().await?;
        gauge.set(Ok(()));
        loop {
            let Ok(heard) = tokio::time::timeout(SILENCE, listener.try_recv()).await else {
                return Err(Fault::Store(sqlx::Error::PoolTimedOut));
            };
            match heard? {
                Some(notification) => self.heard(notification.payload()).await?,
                // The connection was lost and is back: what was said meanwhile is not known.
                None => return Ok(()),
            }
        }
    }

    async fn heard(&self, payload: &str) -> Result<(), Fault> {
        match payload {
            "tick" => self.push(Message::Heartbeat(Heartbeat {})),
            "keys" => {
                self.0.keys.load(&self.0.pool).await?;
                self.push(Message::Jwks(self.0.keys.jwks()));
            }
            id => {
                let Ok(id) = id.parse() else { return Ok(()) };
                let mut connection = self.0.pool.acquire().await?;
                if let Some(revocation) = store::revocations::find(&mut connection, id).await? {
                    self.push(to_wire(&revocation));
                    self.0.revoked.notify_one();
                }
            }
        }
        Ok(())
    }

    /// Has the database say something every second, until shutdown.
    pub async fn tick(self, shutdown: Shutdown) {
        while shutdown.or(tokio::time::sleep(TICK)).await.is_some() {
            let said = async {
                let mut connection = self.0.pool.acquire().await?;
                store::revocations::notify(&mut connection, "tick").await
            };
            if let Err(error) = said.await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "no heartbeat: the database is away"
                );
            }
        }
    }
}

impl Follower {
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.waiting.next() {
                return Some(message);
            }
            match self.receiver.recv().await {
                Ok(message) => return Some(message),
                Err(broadcast::error::RecvError::Closed) => return None,
                // Too slow: told everything again.
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    self.waiting = self.feed.snapshot().await.ok()?.into_iter();
                }
            }
        }
    }
}
