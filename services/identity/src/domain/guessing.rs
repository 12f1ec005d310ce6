//! How many passwords may be tried (ACC-14). Each try takes one from the allowance before it is known whether the
//! password is right, so that however many come at once are counted; a right one puts it back. The wrong one that
//! empties the allowance locks it for a whole period. Who guesses so slowly that this never happens is stopped by the
//! number in a row.

use super::throttle::{Limit, TooOften};
use time::{Duration, OffsetDateTime};

/// So many wrong passwords in a row, and then a lock of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance(pub Limit);

impl Allowance {
    /// Takes one try, given when the bucket will be empty: when it is empty then.
    pub fn take(self, empty_at: OffsetDateTime, now: OffsetDateTime) -> Result<OffsetDateTime, TooOften> {
        self.0.take(empty_at, now)
    }

    /// After a wrong password: when the bucket is empty if this locks it; `None` when it has room left, or is
    /// locked already.
    pub fn lock(self, empty_at: OffsetDateTime, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let TooOften(wait) = self.take(empty_at, now).err()?;
        // The next try is let through a period from now: that is what `take` will find then.
        let locked = now + self.0.period + self.0.period - self.0.one();
        // A bucket that is only just full is one try away from having room again.
        (wait <= self.0.one()).then_some(locked)
    }
}

/// How many wrong passwords there may be in a row, at whatever pace; after that it is one a day, until a right one
/// (NIST SP 800-63B-4, 3.2.2, wants no more than 100).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InARow(pub Limit);

impl InARow {
    /// The most that may be set.
    pub const MOST: u32 = 100;

    /// This many, at least one.
    pub fn most(times: u32) -> Self {
        Self(Limit { times, period: Duration::DAY * times })
    }

    /// Takes one, given when the bucket will be empty: when it is empty then.
    pub fn take(self, empty_at: OffsetDateTime, now: OffsetDateTime) -> Result<OffsetDateTime, TooOften> {
        self.0.take(empty_at, now)
    }

    /// Whether none is left.
    pub fn is_used_up(self, empty_at: OffsetDateTime, now: OffsetDateTime) -> bool {
        self.take(empty_at, now).is_err()
    }
}

/// What was refused to somebody who did not prove who they are (AUD-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attempted {
    /// Signing in.
    SignIn,
    /// Asking for an account.
    SignUp,
    /// Asking for another password.
    PasswordReset,
    /// Using the link of a mail.
    Link,
}

impl Attempted {
    const ALL: [Self; 4] = [Self::SignIn, Self::SignUp, Self::PasswordReset, Self::Link];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignUp => "sign_up",
            Self::PasswordReset => "password_reset",
            Self::Link => "link",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attempted| attempted.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const ALLOWANCE: Allowance = Allowance(Limit { times: 10, period: Duration::minutes(15) });

    /// One wrong password; whether it was looked at, and whether it began a lock.
    fn wrong(empty_at: &mut OffsetDateTime, now: OffsetDateTime) -> (bool, bool) {
        let Ok(after) = ALLOWANCE.take(*empty_at, now) else { return (false, false) };
        *empty_at = after;
        match ALLOWANCE.lock(*empty_at, now) {
            Some(locked) => {
                *empty_at = locked;
                (true, true)
            }
            None => (true, false),
        }
    }

    /// proves ACC-14: after ten wrong passwords nobody may try for 15 minutes; each one after that locks anew
    #[test]
    fn ten_wrong_ones_lock_for_a_period() {
        let mut empty_at = START;
        for tried in 1..=10 {
            assert_eq!(wrong(&mut empty_at, START), (true, tried == 10), "{tried}");
        }
        let end = START + Duration::minutes(15);
        assert_eq!(ALLOWANCE.take(empty_at, START), Err(TooOften(Duration::minutes(15))));
        assert_eq!(wrong(&mut empty_at, end - Duration::MILLISECOND), (false, false));
        assert_eq!(wrong(&mut empty_at, end), (true, true));
        assert_eq!(wrong(&mut empty_at, end + Duration::minutes(14)), (false, false));
    }

    /// proves ACC-14: those that were taken at once are all counted, and lock once
    #[test]
    fn a_burst_locks_once() {
        let mut empty_at = START;
        let taken = (0..50).filter(|_| {
            ALLOWANCE.take(empty_at, START).is_ok_and(|after| {
                empty_at = after;
                true
            })
        });
        assert_eq!(taken.count(), 10);
        let locks = (0..10).filter(|_| {
            ALLOWANCE.lock(empty_at, START).is_some_and(|locked| {
                empty_at = locked;
                true
            })
        });
        assert_eq!(locks.count(), 1);
    }

    /// proves ACC-14: who guesses at a pace that locks nothing has a hundred tries, and then one a day
    #[test]
    fn a_hundred_in_a_row_and_then_one_a_day() {
        let in_a_row = InARow::most(100);
        let (mut now, mut empty_at, mut tried) = (START, START, 0);
        while now < START + Duration::days(30) {
            if let Ok(after) = in_a_row.take(empty_at, now) {
                (empty_at, tried) = (after, tried + 1);
            }
            now += Duration::minutes(2);
        }
        assert!((100..=130).contains(&tried), "{tried}");
        assert!(in_a_row.is_used_up(empty_at, now - Duration::minutes(2)));
        assert!(!in_a_row.is_used_up(in_a_row.0.give_back(empty_at), now));
        let TooOften(wait) = in_a_row.take(empty_at, now - Duration::minutes(2)).unwrap_err();
        assert!(wait <= Duration::DAY, "{wait}");
    }

    proptest! {
        /// proves ACC-14: whatever the pace, there are no more than a hundred wrong passwords in a row, and one for each
        /// day that has passed
        #[test]
        fn few_in_a_row_at_any_pace(steps in prop::collection::vec(0_i64..100_000, 1..600)) {
            let in_a_row = InARow::most(100);
            let (mut now, mut empty_at, mut tried) = (START, START, 0);
            for step in steps {
                now += Duration::seconds(step);
                if let Ok(after) = in_a_row.take(empty_at, now) {
                    (empty_at, tried) = (after, tried + 1);
                }
                prop_assert!(tried <= 100 + (now - START).whole_days(), "{tried} after {}", now - START);
            }
        }

        /// proves ACC-14: whatever the pace, few wrong passwords are looked at in an hour
        #[test]
        fn an_hour_has_few_tries(steps in prop::collection::vec(0_i64..600, 1..400)) {
            let (mut now, mut empty_at, mut tried) = (START, START, Vec::new());
            for step in steps {
                now += Duration::seconds(step);
                if wrong(&mut empty_at, now).0 {
                    tried.push(now);
                }
            }
            for from in &tried {
                let within = tried.iter().filter(|at| *at >= from && **at - *from < Duration::HOUR).count();
                prop_assert!(within <= 10 + 4 * 10, "{within}");
            }
        }
    }
}
