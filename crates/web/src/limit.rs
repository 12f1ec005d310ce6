//! Slowing down who is too fast (GCRA, by the governor crate), on the suite's own clock.

use crate::Refusal;
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, Reference},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::keyed::DashMapStateStore,
};
use pass_types::SharedClock;
use std::{hash::Hash, num::NonZeroU32, time::Duration};

/// So many per period for each key, for instance for each network address. Kept in memory: a limit
/// counts per replica.
pub struct Limiter<K: Hash + Eq + Clone> {
    state: RateLimiter<K, DashMapStateStore<K>, Ticks, NoOpMiddleware<Tick>>,
}

/// Too many, too fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; come back in {} s", retry_after.as_secs())]
pub struct TooMany {
    /// When to come back.
    pub retry_after: Duration,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// `burst` at once, and as many again evenly over each `period`.
    ///
    /// # Panics
    /// When the period is zero.
    pub fn new(burst: NonZeroU32, period: Duration, clock: SharedClock) -> Self {
        let quota =
            Quota::with_period(period / burst.get()).expect("the period is not zero").allow_burst(burst);
        Self { state: RateLimiter::dashmap_with_clock(quota, Ticks(clock)) }
    }

    /// Counts one.
    pub fn check(&self, key: &K) -> Result<(), TooMany> {
        self.state.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.state.clock().now());
            TooMany { retry_after: Duration::from_secs(wait.as_secs() + 1) }
        })
    }

    /// Forgets the keys that are within their limit again: call it now and then.
    pub fn prune(&self) {
        self.state.retain_recent();
    }
}

impl<K: Hash + Eq + Clone> std::fmt::Debug for Limiter<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limiter(…)")
    }
}

impl From<TooMany> for Refusal {
    fn from(TooMany { retry_after }: TooMany) -> Self {
        Self { retry_after: Some(retry_after), ..Self::rate_limited() }
    }
}

/// The suite's clock, as governor reads one.
#[derive(Clone)]
struct Ticks(SharedClock);

impl governor::clock::Clock for Ticks {
    type Instant = Tick;
    fn now(&self) -> Tick {
        let nanos = self.0.now().unix_timestamp_nanos();
        Tick(Nanos::new(u64::try_from(nanos).unwrap_or(0)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Tick(Nanos);

impl std::ops::Add<Nanos> for Tick {
    type Output = Self;
    fn add(self, more: Nanos) -> Self {
        Self(self.0 + more)
    }
}

impl Reference for Tick {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.duration_since(earlier.0)
    }
    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Clock;
    use std::sync::{Arc, Mutex};
    use time::{OffsetDateTime, macros::datetime};

    struct Hand(Mutex<OffsetDateTime>);
    impl Clock for Hand {
        fn now(&self) -> OffsetDateTime {
            *self.0.lock().unwrap()
        }
    }

    #[test]
    fn a_burst_passes_and_the_rest_is_told_when_to_come_back() {
        let clock = Arc::new(Hand(Mutex::new(datetime!(2026-01-01 0:00 UTC))));
        let limiter = Limiter::new(NonZeroU32::new(3).unwrap(), Duration::from_secs(30), clock.clone());
        for _ in 0..3 {
            limiter.check(&"one").unwrap();
        }
        let refused = limiter.check(&"one").unwrap_err();
        assert!(refused.retry_after <= Duration::from_secs(11), "{refused}");
        limiter.check(&"another").unwrap();
        *clock.0.lock().unwrap() += refused.retry_after;
        limiter.check(&"one").unwrap();
    }
}
