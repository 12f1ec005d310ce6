//! Taking and freeing an account's seat, by attempts (MAN-7).
//!
//! Identity numbers the changes of an account, and calls may come late, twice and in any order. What
//! holds is the newest attempt that was seen; of one attempt, its undoing. So a call that was on its
//! way for too long takes or frees nothing.

use pass_types::Invalid;

/// A change's number among those of its account: 1 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(i32);

impl Attempt {
    /// The number.
    pub fn number(self) -> i32 {
        self.0
    }
}

impl TryFrom<i32> for Attempt {
    type Error = Invalid;

    fn try_from(number: i32) -> Result<Self, Invalid> {
        if number >= 1 { Ok(Self(number)) } else { Err(Invalid("must be 1 or more")) }
    }
}

/// Where an account stands: the newest attempt that was seen, and what it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// Nothing was seen yet.
    Unseen,
    /// It has a seat.
    Taken(Attempt),
    /// It has none; the attempt's take, should it still come, is too late.
    Freed(Attempt),
}

/// What a call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It was done before.
    Done,
    /// Its attempt is to be remembered; no seat changes hands.
    Remember(Seat),
    /// A seat changes hands.
    Change(Seat),
}

/// A newer change, or the undoing of this one, came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a newer change of this account's seat, or its undoing, came first")]
pub struct Superseded;

impl Seat {
    /// What taking a seat in `attempt` comes to.
    pub fn take(self, attempt: Attempt) -> Result<Step, Superseded> {
        match self {
            Self::Unseen => Ok(Step::Change(Self::Taken(attempt))),
            Self::Taken(seen) if seen == attempt => Ok(Step::Done),
            // It has a seat: it needs no second one.
            Self::Taken(seen) if seen < attempt => Ok(Step::Remember(Self::Taken(attempt))),
            Self::Freed(seen) if seen < attempt => Ok(Step::Change(Self::Taken(attempt))),
            Self::Taken(_) | Self::Freed(_) => Err(Superseded),
        }
    }

    /// What freeing the seat comes to: that of `attempt` itself, which is undone, or any older one.
    pub fn free(self, attempt: Attempt) -> Result<Step, Superseded> {
        match self {
            Self::Unseen => Ok(Step::Remember(Self::Freed(attempt))),
            Self::Taken(seen) if seen <= attempt => Ok(Step::Change(Self::Freed(attempt))),
            Self::Freed(seen) if seen == attempt => Ok(Step::Done),
            Self::Freed(seen) if seen < attempt => Ok(Step::Remember(Self::Freed(attempt))),
            Self::Taken(_) | Self::Freed(_) => Err(Superseded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attempt(number: i32) -> Attempt {
        Attempt::try_from(number).unwrap()
    }

    /// proves MAN-7: what is too late takes and frees nothing
    #[test]
    fn late_calls_are_refused() {
        let (one, two, three) = (attempt(1), attempt(2), attempt(3));
        assert_eq!(Seat::Unseen.take(one), Ok(Step::Change(Seat::Taken(one))));
        assert_eq!(Seat::Taken(one).take(one), Ok(Step::Done));
        assert_eq!(Seat::Taken(one).free(one), Ok(Step::Change(Seat::Freed(one))));
        assert_eq!(Seat::Freed(one).free(one), Ok(Step::Done));
        assert_eq!(Seat::Freed(one).take(one), Err(Superseded), "it was undone");
        assert_eq!(Seat::Unseen.free(two), Ok(Step::Remember(Seat::Freed(two))), "a tombstone");
        assert_eq!(Seat::Freed(two).take(one), Err(Superseded));
        assert_eq!(Seat::Freed(two).take(three), Ok(Step::Change(Seat::Taken(three))));
        assert_eq!(Seat::Taken(three).take(two), Err(Superseded));
        assert_eq!(Seat::Taken(three).free(two), Err(Superseded));
        assert_eq!(
            Seat::Taken(two).take(three),
            Ok(Step::Remember(Seat::Taken(three))),
            "one seat is enough"
        );
    }

    #[test]
    fn attempts_begin_at_one() {
        for wrong in [0, -1, i32::MIN] {
            assert!(Attempt::try_from(wrong).is_err());
        }
        assert_eq!(attempt(i32::MAX).number(), i32::MAX);
    }

    /// A call: take or free, and which attempt.
    type Call = (bool, i32);

    /// What the contract says, from everything that was accepted so far and not from a state.
    fn expected(accepted: &[Call], (take, number): Call) -> bool {
        let newest = accepted.iter().map(|(_, it)| *it).max().unwrap_or(0);
        let undone = accepted.contains(&(false, number));
        number > newest || (number == newest && (!take || !undone))
    }

    /// Whether the account has a seat after that: its newest attempt took one and was not undone.
    fn seated(accepted: &[Call]) -> bool {
        let newest = accepted.iter().map(|(_, it)| *it).max().unwrap_or(0);
        accepted.contains(&(true, newest)) && !accepted.contains(&(false, newest))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

        /// proves MAN-7: in whatever order and however often takes and frees come, they are answered as the
        /// contract says, a seat changes hands exactly when the account gains or loses it, and a repeated
        /// call is answered as it was the first time unless something newer came between
        #[test]
        fn any_order_of_calls(calls in prop::collection::vec((any::<bool>(), 1..6_i32), 0..30)) {
            let mut seat = Seat::Unseen;
            let mut accepted: Vec<Call> = Vec::new();
            for call in calls {
                let (take, number) = call;
                let act = |seat: Seat| if take { seat.take(attempt(number)) } else { seat.free(attempt(number)) };
                let answer = act(seat);
                prop_assert_eq!(answer.is_ok(), expected(&accepted, call), "{:?} after {:?}", call, accepted);
                let Ok(step) = answer else { continue };
                let before = seated(&accepted);
                accepted.push(call);
                let changed = before != seated(&accepted);
                match step {
                    Step::Done => prop_assert!(!changed),
                    Step::Remember(next) => { prop_assert!(!changed); seat = next; }
                    Step::Change(next) => { prop_assert!(changed); seat = next; }
                }
                prop_assert_eq!(matches!(seat, Seat::Taken(_)), seated(&accepted));
                prop_assert_eq!(act(seat), Ok(Step::Done), "said again at once");
            }
        }
    }
}
