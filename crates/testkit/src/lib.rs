//! What tests of several crates need: real databases, brokers and DNS servers, a foreign identity provider,
//! a clock to set, a mail sink, a way to wait. The development program uses the mail sink too.

mod broker;
mod certificates;
mod clock;
mod dns;
mod gateway;
mod mail;
mod postgres;
mod saml;
mod supervisor;
mod wait;

pub use broker::{AMQP_URL, OwnBroker, broker};
pub use certificates::{Certificates, certificates};
pub use clock::FakeClock;
pub use dns::DnsServer;
pub use gateway::{Gateway, neighbour};
pub use mail::{Mail, MailSink, Refusing};
pub use postgres::{POSTGRES_URL, Postgres, TestDatabase, postgres};
pub use saml::{Answer, Naming, Pysaml2, Signing, Switches};
pub use wait::{Condition, wait_for, wait_up_to};

/// Something that no other test has, on this machine.
#[expect(clippy::disallowed_methods, reason = "names must differ between runs that share a server")]
fn unique() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}
