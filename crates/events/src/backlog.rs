//! What lies in queues that nobody reads: events that nobody is bound to, and dead letters. It is measured, and
//! warned of.

use crate::{BrokerError, broker::ask};
use lapin::{Connection, options::QueueDeclareOptions, types::FieldTable, types::ShortString};
use pass_types::SharedClock;
use std::{convert::Infallible, error::Error, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(10);
/// How often it is warned of what stays.
const WARN: time::Duration = time::Duration::hours(1);

/// A queue that should be empty.
pub(crate) struct Backlog {
    /// Its whole name.
    pub(crate) queue: ShortString,
    /// What messages in it mean, for the log.
    pub(crate) meaning: &'static str,
    pub(crate) clock: SharedClock,
}

impl Backlog {
    /// Looks, at once and then every ten seconds until dropped, and tells `report` how many messages there are.
    /// The queue must be declared. A look that fails is said in the log and stops nothing else.
    pub(crate) async fn watch(self, connection: &Connection, report: impl Fn(u32)) -> Infallible {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut warned = None;
        loop {
            looks.tick().await;
            let messages = match self.count(connection).await {
                Ok(messages) => messages,
                Err(error) => {
                    let (queue, error) = (self.queue.as_str(), &error as &dyn Error);
                    tracing::warn!(error, queue, "a queue was not measured");
                    continue;
                }
            };
            report(messages);
            let now = self.clock.now();
            if messages == 0 {
                warned = None;
            } else if warned.is_none_or(|warned| now - warned >= WARN) {
                tracing::warn!(queue = self.queue.as_str(), messages, "{}", self.meaning);
                warned = Some(now);
            }
        }
    }

    /// On a channel of its own: a queue that somebody has deleted ends the channel.
    async fn count(&self, connection: &Connection) -> Result<u32, BrokerError> {
        let channel = ask("open a channel", connection.create_channel()).await?;
        let options = QueueDeclareOptions { passive: true, ..Default::default() };
        let declare = channel.queue_declare(self.queue.clone(), options, FieldTable::default());
        let queue = ask("measure a queue", declare).await?;
        ask("close a channel", channel.close(200, "".into())).await?;
        Ok(queue.message_count())
    }
}
