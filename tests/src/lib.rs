//! Whole-suite tests: what they need. The tests themselves are in `tests/`.

mod browser;
mod chromium;
mod company;
mod listener;
mod process;
mod provider;
mod suite;
mod tokens;

pub use browser::{Browser, Form, Page};
pub use chromium::{Chromium, Setup};
pub use company::{Company, DOMAIN, HANDLE, PASSWORD};
pub use listener::Listener;
pub use process::Process;
pub use provider::Provider;
pub use suite::{SPACE_PASSWORD, Suite};
pub use tokens::{Party, Tokens};
