//! Rules of delivering mails. Plain types.

mod delivery;

pub use delivery::{Delivery, MOST_TRIES, MailKind, Settlement, Try, after};
