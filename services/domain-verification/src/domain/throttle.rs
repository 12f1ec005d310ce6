//! How often look-ups may be asked for: a leaky bucket that needs one instant, the time at which it will be
//! empty.

use time::{Duration, OffsetDateTime};

/// So many at once, and then as many again spread over each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many; at least one.
    pub times: u32,
    /// In how long.
    pub period: Duration,
}

/// Too often: it can be done again after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften(pub Duration);

impl Limit {
    /// Puts one more into the bucket: when it is empty then.
    pub fn take(self, empty_at: OffsetDateTime, now: OffsetDateTime) -> Result<OffsetDateTime, TooOften> {
        let after = empty_at.max(now) + self.period / self.times.max(1);
        let over = after - now - self.period;
        // A division that does not come out even must not cost the last one of the period.
        if over > Duration::MICROSECOND { Err(TooOften(over)) } else { Ok(after) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_one_by_one() {
        let (start, limit) = (OffsetDateTime::UNIX_EPOCH, Limit { times: 3, period: Duration::HOUR });
        let mut empty_at = start;
        for _ in 0..3 {
            empty_at = limit.take(empty_at, start).unwrap();
        }
        assert_eq!(limit.take(empty_at, start), Err(TooOften(Duration::minutes(20))));
        let later = start + Duration::minutes(20);
        let empty_at = limit.take(empty_at, later).unwrap();
        assert_eq!(limit.take(empty_at, later), Err(TooOften(Duration::minutes(20))));
    }

    #[test]
    fn a_number_that_does_not_divide_the_period_is_reached() {
        let (start, limit) = (OffsetDateTime::UNIX_EPOCH, Limit { times: 7, period: Duration::SECOND });
        let mut empty_at = start;
        for _ in 0..7 {
            empty_at = limit.take(empty_at, start).unwrap();
        }
        assert!(limit.take(empty_at, start).is_err());
    }
}
