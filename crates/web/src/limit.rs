//! Slowing down who is too fast (GCRA, by the governor crate), on the suite's own clock.

use crate::Refusal;
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, Reference},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{
        InMemoryState, StateStore,
        direct::NotKeyed,
        keyed::{DashMapStateStore, ShrinkableKeyedStateStore},
    },
};
use pass_types::SharedClock;
use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

/// Keys that are kept at once.
const MOST_KEYS: usize = 100_000;

/// So many per period for each key, for instance for each network (`pass_types::network`). Kept in memory:
/// a limit counts per replica. It remembers 100,000 keys; while so many are busy, all others share one limit.
pub struct Limiter<K: Hash + Eq + Clone> {
    state: RateLimiter<K, Bounded<K>, Ticks, NoOpMiddleware<Tick>>,
    /// The second of the last pruning that lack of room asked for.
    pruned: AtomicI64,
    most: usize,
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
        Self::with_room(MOST_KEYS, burst, period, clock)
    }

    fn with_room(most: usize, burst: NonZeroU32, period: Duration, clock: SharedClock) -> Self {
        let quota =
            Quota::with_period(period / burst.get()).expect("the period is not zero").allow_burst(burst);
        let store = Bounded { keys: DashMapStateStore::default(), others: InMemoryState::default(), most };
        Self { state: RateLimiter::new(quota, store, Ticks(clock)), pruned: AtomicI64::new(0), most }
    }

    /// Counts one.
    pub fn check(&self, key: &K) -> Result<(), TooMany> {
        let second = self.state.clock().0.now().unix_timestamp();
        // Looking at all keys takes a while: once a second at most.
        if self.state.len() >= self.most && self.pruned.swap(second, Ordering::Relaxed) != second {
            self.prune();
        }
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

/// The states of so many keys, and one for all others.
struct Bounded<K: Hash + Eq + Clone> {
    keys: DashMapStateStore<K>,
    others: InMemoryState,
    most: usize,
}

impl<K: Hash + Eq + Clone> StateStore for Bounded<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        if self.keys.len() < self.most || self.keys.contains_key(key) {
            self.keys.measure_and_replace(key, measure)
        } else {
            self.others.measure_and_replace(&NotKeyed::NonKey, measure)
        }
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Bounded<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.keys.retain_recent(drop_below);
    }
    fn len(&self) -> usize {
        self.keys.len()
    }
    fn is_empty(&self) -> bool {
        self.keys.is_empty()
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
    /// Whoever comes from ever new addresses fills neither memory nor passes.
    #[test]
    fn the_keys_are_bounded_and_those_beyond_share_a_limit() {
        let clock = Arc::new(Hand(Mutex::new(datetime!(2026-01-01 0:00 UTC))));
        let three = NonZeroU32::new(3).unwrap();
        let limiter = Limiter::with_room(10, three, Duration::from_secs(30), clock.clone());
        let passed = (0..1_000).filter(|key| limiter.check(key).is_ok()).count();
        assert_eq!(passed, 10 + 3);
        assert_eq!(limiter.state.len(), 10);
        limiter.check(&0).unwrap();
        // When the first ones are within their limit again, there is room.
        *clock.0.lock().unwrap() += Duration::from_mins(1);
        for key in 2_000..2_010 {
            for _ in 0..3 {
                limiter.check(&key).unwrap();
            }
        }
        assert_eq!(limiter.state.len(), 10);
    }
}
