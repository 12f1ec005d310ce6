//! The only SQL: functions on a connection, whose caller decides about the transaction.

pub mod assertions;
pub mod clients;
pub mod codes;
pub mod families;
pub mod flows;
pub mod keys;
pub mod logouts;
pub mod revocations;

use pass_types::Invalid;

/// A row that breaks a rule which the schema should have kept.
fn broken(invalid: Invalid) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(invalid))
}
