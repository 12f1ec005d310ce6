//! What is counted. Labels are the names of services, queues, lanes and event types: bounded.

use crate::Lane;
use metrics::{counter, gauge};
use time::Duration;

/// How much waits in a lane of the outbox, and how long the first of it has.
pub(crate) fn outbox(source: &str, lane: Lane, depth: i64, age: Duration) {
    let labels = [("source", source.to_owned()), ("lane", lane.name().to_owned())];
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    gauge!("pass_outbox_depth", &labels).set(depth as f64);
    gauge!("pass_outbox_oldest_seconds", &labels).set(age.as_seconds_f64());
}

/// How many events are in the queue of what nobody is bound to. Every service's relay says it of the same queue.
pub(crate) fn unrouted(source: &str, messages: u32) {
    gauge!("pass_events_unrouted_messages", "source" => source.to_owned()).set(f64::from(messages));
}

/// How many dead letters a consumer's queue has.
pub(crate) fn dead_letters(queue: &'static str, messages: u32) {
    gauge!("pass_events_dead_letter_messages", "queue" => queue).set(f64::from(messages));
}

/// Events that the broker confirmed.
pub(crate) fn published(source: &str, lane: Lane, count: usize) {
    counter!("pass_events_published_total", "source" => source.to_owned(), "lane" => lane.name())
        .increment(count as u64);
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consumed {
    Handled,
    Duplicate,
    Retried,
    DeadLettered,
}

pub(crate) fn consumed(queue: &'static str, what: Consumed) {
    let name = match what {
        Consumed::Handled => "pass_events_consumed_total",
        Consumed::Duplicate => "pass_events_duplicate_total",
        Consumed::Retried => "pass_events_retried_total",
        Consumed::DeadLettered => "pass_events_dead_lettered_total",
    };
    counter!(name, "queue" => queue).increment(1);
}
