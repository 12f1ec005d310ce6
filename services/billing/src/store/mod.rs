//! The only SQL of the service: functions on a connection, that neither begin nor commit.

pub mod applications;
pub mod people;
pub mod seats;
pub mod subscriptions;

use pass_types::Invalid;
use std::str::FromStr;

/// A value that was valid when it was stored.
fn stored<T: FromStr<Err = Invalid>>(text: &str) -> Result<T, sqlx::Error> {
    text.parse().map_err(|invalid: Invalid| sqlx::Error::Decode(Box::new(invalid)))
}
