//! Events between services: written with the change that they tell of, told at least once, taken once.
//!
//! - [`Outbox::publish`] writes the event in the transaction of the change: neither is ever without the other.
//! - [`Relay`] carries what is in the outbox to the broker, and flags it when the broker has confirmed it.
//! - [`Consumer`] gives each event to a [`Handler`], in one transaction with the note that it was taken.
//!
//! Nothing is lost when the broker, the database or a process dies between any two steps; duplicates
//! are normal on the wire and are not seen by handlers. Events of one key arrive in order; between
//! services there is only the order of arrival. What can't be handled goes to a dead-letter queue
//! with its reason, and what nobody is bound to goes to the queue `<namespace>.unrouted`.
//!
//! [`requests`] is the inbox of calls: what a person asks for twice under one id is made once.
//!
//! A service runs [`MIGRATOR`] beside its own.

mod backlog;
mod backoff;
mod broker;
mod consumer;
mod event;
mod inbox;
mod meter;
mod outbox;
mod relay;
pub mod requests;
mod trace;

pub use broker::{BrokerConfig, BrokerError};
pub use consumer::{Consumer, Handler, HandlerError, RetryPolicy};
pub use event::{Event, Key, Lane, routing_key};
pub use inbox::is_news;
pub use outbox::Outbox;
pub use relay::Relay;

/// The tables of this crate; their history is in `_events_migrations`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
