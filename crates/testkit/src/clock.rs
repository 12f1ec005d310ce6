//! A clock that tests set.

use pass_types::{Clock, SharedClock};
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime, macros::datetime};

/// A clock that stands still until a test moves it. Copies show the same time.
#[derive(Debug, Clone)]
pub struct FakeClock(Arc<Mutex<OffsetDateTime>>);

impl FakeClock {
    /// One that shows `now`.
    pub fn at(now: OffsetDateTime) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves it forward, or back.
    pub fn advance(&self, by: impl TryInto<Duration>) {
        let by = by.try_into().ok().expect("a duration that a clock can move by");
        self.change(|now| *now += by);
    }

    /// Sets it.
    pub fn set(&self, to: OffsetDateTime) {
        self.change(|now| *now = to);
    }

    /// The same clock, to hand to a service.
    pub fn shared(&self) -> SharedClock {
        Arc::new(self.clone())
    }

    fn change(&self, change: impl FnOnce(&mut OffsetDateTime)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Default for FakeClock {
    /// A Monday morning in 2026.
    fn default() -> Self {
        Self::at(datetime!(2026-03-02 09:00 UTC))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
