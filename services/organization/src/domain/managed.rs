//! Members that are Managed Accounts: identity's changes of one, told apart by their attempts.
//!
//! Identity numbers the changes of an account; under one number it gives something (adds, resumes) or takes
//! it away (suspends, removes), and undoes what it gave by taking it away under the same number. Calls may
//! come late, twice, or in another order than they were sent. So the newest number counts, and under one
//! number what takes away counts for good:
//!
//! ```text
//! one number:  Added ┐
//!                    ├──→ Suspended ──→ Removed        never back
//!            Resumed ┘
//! ```

use std::num::NonZeroU32;

/// The number that identity gives to a change of one account: each change has a greater one than the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(NonZeroU32);

impl Attempt {
    /// From a message or the database, which know 1 to `i32::MAX`.
    pub fn new(number: i32) -> Option<Self> {
        u32::try_from(number).ok().and_then(NonZeroU32::new).map(Self)
    }

    /// As messages and the database have it.
    pub fn number(self) -> i32 {
        i32::try_from(self.0.get()).unwrap_or(i32::MAX)
    }
}

/// What a change does to the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Makes it one.
    Added,
    /// Gives it back what suspension took.
    Resumed,
    /// Takes everything from it but its place (MAN-5).
    Suspended,
    /// Ends it; also undoes adding it.
    Removed,
}

/// The newest change of an account that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub attempt: Attempt,
    /// What it did.
    pub change: Change,
}

/// Whether a change that comes in counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the newest: do it, and remember it.
    Do,
    /// It was done before: nothing is left to do.
    Done,
}

/// A newer change of the account, or this one's undoing, came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a newer change of this member came first")]
pub struct Superseded;

impl Change {
    /// Under one number only what is further right counts.
    fn rank(self) -> u8 {
        match self {
            Self::Added | Self::Resumed => 0,
            Self::Suspended => 1,
            Self::Removed => 2,
        }
    }
}

/// Judges a change by the newest that was seen of the same account.
pub fn judge(seen: Option<Seen>, attempt: Attempt, change: Change) -> Result<Verdict, Superseded> {
    let Some(seen) = seen else { return Ok(Verdict::Do) };
    if attempt > seen.attempt {
        Ok(Verdict::Do)
    } else if (attempt, change) == (seen.attempt, seen.change) {
        Ok(Verdict::Done)
    } else if attempt == seen.attempt && change.rank() > seen.change.rank() {
        Ok(Verdict::Do)
    } else {
        Err(Superseded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHANGES: [Change; 4] = [Change::Added, Change::Resumed, Change::Suspended, Change::Removed];

    fn attempt(number: i32) -> Attempt {
        Attempt::new(number).unwrap()
    }

    #[test]
    fn numbers() {
        for wrong in [0, -1, i32::MIN] {
            assert_eq!(Attempt::new(wrong), None);
        }
        for right in [1, i32::MAX] {
            assert_eq!(attempt(right).number(), right);
        }
    }

    /// proves MAN-1, MAN-5: what was undone is not done by a late call
    #[test]
    fn an_undone_change_stays_undone() {
        for (given, undone) in [(Change::Added, Change::Removed), (Change::Resumed, Change::Suspended)] {
            let seen = Some(Seen { attempt: attempt(3), change: undone });
            assert_eq!(judge(seen, attempt(3), given), Err(Superseded));
            assert_eq!(judge(seen, attempt(3), undone), Ok(Verdict::Done));
            assert_eq!(judge(seen, attempt(4), given), Ok(Verdict::Do));
            let seen = Some(Seen { attempt: attempt(3), change: given });
            assert_eq!(judge(seen, attempt(3), undone), Ok(Verdict::Do));
        }
    }

    proptest! {
        /// proves MAN-1, MAN-5: whatever comes in whatever order and however often, what was seen only
        /// moves forward, what is told to be done was not done before, and the same call again is harmless
        #[test]
        fn what_was_seen_only_moves_forward(calls in prop::collection::vec((1..6_i32, 0..4_usize), 0..30)) {
            let (mut seen, mut done) = (None, Vec::new());
            for (number, change) in calls {
                let (attempt, change) = (attempt(number), CHANGES[change]);
                let place = |seen: Seen| (seen.attempt, seen.change.rank());
                match judge(seen, attempt, change) {
                    Ok(Verdict::Do) => {
                        let next = Seen { attempt, change };
                        prop_assert!(seen.is_none_or(|seen| place(seen) < place(next)));
                        prop_assert!(!done.contains(&(number, change)));
                        done.push((number, change));
                        seen = Some(next);
                        prop_assert_eq!(judge(seen, attempt, change), Ok(Verdict::Done));
                    }
                    Ok(Verdict::Done) => prop_assert_eq!(seen, Some(Seen { attempt, change })),
                    Err(Superseded) => {
                        let late = place(Seen { attempt, change });
                        prop_assert!(late <= place(seen.unwrap()));
                    }
                }
            }
        }
    }
}
