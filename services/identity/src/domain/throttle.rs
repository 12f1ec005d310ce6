//! How often something may be done: the generic cell rate algorithm (a leaky bucket that needs one
//! instant), per email address and per network.

use time::{Duration, OffsetDateTime};

/// So many times in a row, and then as many again spread over each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many times; at least once.
    pub times: u32,
    /// In how long.
    pub period: Duration,
}

/// Too often: it can be done again after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften(pub Duration);

impl Limit {
    /// Does it once more, given when the bucket will be empty: when it is empty then.
    pub fn take(self, empty_at: OffsetDateTime, now: OffsetDateTime) -> Result<OffsetDateTime, TooOften> {
        let after = empty_at.max(now) + self.one();
        if after > self.full(now) { Err(TooOften(after - now - self.period)) } else { Ok(after) }
    }

    /// What one takes.
    pub fn one(self) -> Duration {
        self.period / self.times.max(1)
    }

    /// When a bucket is empty that is full now.
    pub fn full(self, now: OffsetDateTime) -> OffsetDateTime {
        // A division that does not come out even must not cost the last one of the period.
        now + self.period + Duration::MICROSECOND
    }

    /// One that was taken does not count after all: when the bucket is empty then.
    pub fn give_back(self, empty_at: OffsetDateTime) -> OffsetDateTime {
        empty_at - self.one()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn so_many_times_and_then_one_by_one() {
        let limit = Limit { times: 3, period: Duration::HOUR };
        let mut empty_at = START;
        for _ in 0..3 {
            empty_at = limit.take(empty_at, START).unwrap();
        }
        assert_eq!(limit.take(empty_at, START), Err(TooOften(Duration::minutes(20))));
        assert!(limit.take(empty_at, START + Duration::minutes(20)).is_ok());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let limit = Limit { times: 1, period: Duration::HOUR };
        let after = limit.take(START, START).unwrap();
        assert!(limit.take(after, START).is_err());
        assert_eq!(limit.take(limit.give_back(after), START), Ok(after));
    }

    proptest! {
        /// Whatever the pace, no period has more than twice the number: what was saved up and what dripped.
        #[test]
        fn never_more_than_twice_in_any_period(times in 1_u32..20, steps in prop::collection::vec(0_i64..600, 1..200)) {
            let limit = Limit { times, period: Duration::HOUR };
            let (mut now, mut empty_at, mut taken) = (START, START, Vec::new());
            for step in steps {
                now += Duration::seconds(step);
                if let Ok(after) = limit.take(empty_at, now) {
                    empty_at = after;
                    taken.push(now);
                }
            }
            for from in &taken {
                let within = taken.iter().filter(|at| *at >= from && **at - *from < limit.period).count();
                prop_assert!(within <= 2 * times as usize);
            }
        }
    }
}
