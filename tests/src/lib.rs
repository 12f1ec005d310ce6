//! Whole-suite tests: what they need. The tests themselves are in `tests/`.

mod browser;
mod chromium;
mod listener;
mod suite;
mod tokens;

pub use browser::{Browser, Form, Page};
pub use chromium::{Chromium, Setup};
pub use listener::Listener;
pub use suite::Suite;
pub use tokens::{Party, Tokens};
