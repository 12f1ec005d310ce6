//! Events on real PostgreSQL and RabbitMQ, with each of them stopped, killed and cut at the wrong moment.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod backlog;
mod broker_faults;
mod consuming;
mod database_faults;
mod publishing;
mod relaying;
mod requests;
mod support;
mod tls;
mod tracing_over;
