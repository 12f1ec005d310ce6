//! Rules of delivering mails. Plain types.

mod delivery;

pub use delivery::{Delivery, MailKind, Settlement, Try, after};
