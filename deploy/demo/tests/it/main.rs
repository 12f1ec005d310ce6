//! The demo's own servers, as browsers and resolvers see them.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod dns;
mod idp;

use pass_runtime::Context;
use pass_testkit::FakeClock;
use pass_types::Entropy;

/// A browser, so to say.
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A process's common ground: a clock that stands still, and randomness that repeats.
fn context() -> Context {
    Context::new(FakeClock::default().shared(), Entropy::from_seed(1))
}
