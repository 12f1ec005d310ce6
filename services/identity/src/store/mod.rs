//! The only SQL of this service: functions on a connection, grouped by table. What a transaction
//! covers is for `app` to say.

pub mod accounts;
pub mod deletions;
pub mod email_changes;
pub mod farewells;
pub mod images;
pub mod known_devices;
pub mod login_alerts;
pub mod login_history;
pub mod managed_accounts;
pub mod operators;
pub mod password_resets;
pub mod refused_tries;
pub mod saml;
pub mod second_factors;
pub mod security_events;
pub mod sessions;
pub mod sign_ups;
pub mod space_links;
pub mod space_tries;
pub mod throttles;

use pass_types::Invalid;
use std::str::FromStr;

/// A value that was valid when it was stored.
fn stored<T: FromStr<Err = Invalid>>(text: &str) -> Result<T, sqlx::Error> {
    text.parse().map_err(|problem: Invalid| sqlx::Error::Decode(problem.into()))
}

/// Whether the database refused because of this constraint or unique index.
fn violates(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().and_then(|error| error.constraint()) == Some(constraint)
}
