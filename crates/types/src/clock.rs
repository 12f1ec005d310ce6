//! Time as an argument.

use std::sync::Arc;
use time::OffsetDateTime;

/// Tells the time. Services take theirs from here, never from the system, so that a test can move it.
pub trait Clock: Send + Sync + 'static {
    /// The time now, in UTC, cut to microseconds (what PostgreSQL keeps).
    fn now(&self) -> OffsetDateTime;
}

/// A clock that a whole process shares.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where time enters the suite")]
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
    }
}
