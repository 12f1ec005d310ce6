//! The only SQL of the service: functions on a connection, that neither begin nor commit.

pub mod access;
pub mod deletions;
pub mod directory;
pub mod handles;
pub mod invitations;
pub mod managed;
pub mod members;
pub mod organizations;
pub mod quotas;
pub mod spaces;
pub mod teams;

use pass_types::{Invalid, Privilege, Privileges};
use std::str::FromStr;

/// A value that was valid when it was stored.
fn stored<T: FromStr<Err = Invalid>>(text: &str) -> Result<T, sqlx::Error> {
    text.parse().map_err(|invalid: Invalid| sqlx::Error::Decode(Box::new(invalid)))
}

/// Privileges as they are stored.
fn stored_privileges(words: &[String]) -> Result<Privileges, sqlx::Error> {
    words.iter().map(|word| stored::<Privilege>(word)).collect()
}

/// Privileges as they are to be stored.
fn privilege_words(privileges: &Privileges) -> Vec<String> {
    privileges.iter().map(|privilege| privilege.as_str().to_owned()).collect()
}
