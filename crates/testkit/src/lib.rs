//! What tests of several crates need: real databases and brokers, a clock to set, a mail sink, a way
//! to wait. The development program uses the mail sink too.

mod broker;
mod certificates;
mod clock;
mod mail;
mod postgres;
mod supervisor;
mod wait;

pub use broker::{AMQP_URL, OwnBroker, broker};
pub use certificates::{Certificates, certificates};
pub use clock::FakeClock;
pub use mail::{Mail, MailSink, Refusing};
pub use postgres::{POSTGRES_URL, Postgres, TestDatabase, postgres};
pub use wait::{Condition, wait_for, wait_up_to};

/// Something that no other test has, on this machine.
#[expect(clippy::disallowed_methods, reason = "names must differ between runs that share a server")]
fn unique() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}
