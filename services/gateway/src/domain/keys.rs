//! When which signing key signs and is published. All of it follows from the keys' times, so that
//! every replica comes to the same answer by itself.
//!
//! ```text
//! created ──── next: published, does not sign ──── sign_time: current ──── the next one's sign_time:
//! previous, published until everything that it signed is over ──── gone
//! ```

use time::{Duration, OffsetDateTime};

/// The times of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When it was made and published.
    pub create: OffsetDateTime,
    /// When it begins to sign.
    pub sign: OffsetDateTime,
}

/// How long keys live.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How long a key signs.
    pub period: Duration,
    /// How long a key is published before it signs, at least: verifiers must have fetched it.
    pub lead: Duration,
    /// How long a key stays published after it signed last: the life of a token, and some more.
    pub tail: Duration,
}

impl Policy {
    /// When a key that is to be made now would begin to sign; `None`: none is needed.
    /// `keys` in order of their sign times.
    pub fn due(&self, keys: &[Times], now: OffsetDateTime) -> Option<OffsetDateTime> {
        match keys.last() {
            // The very first signs at once: nobody has fetched anything yet.
            None => Some(now),
            Some(last) if last.sign > now => None,
            Some(last) => Some((last.sign + self.period).max(now + self.lead)),
        }
    }

    /// Which of `keys` (in order of their sign times) signs at `now`.
    pub fn current(keys: &[Times], now: OffsetDateTime) -> Option<usize> {
        keys.iter().rposition(|key| key.sign <= now)
    }

    /// Whether `keys[index]` is over: nothing that it signed can still be alive.
    pub fn is_over(&self, keys: &[Times], index: usize, now: OffsetDateTime) -> bool {
        keys.get(index + 1).is_some_and(|next| next.sign + self.tail <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const START: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);
    const POLICY: Policy =
        Policy { period: Duration::days(30), lead: Duration::hours(1), tail: Duration::hours(13) };

    /// Keys rotate with no failed verification: whatever was signed can be verified, by whoever fetched
    /// the keys up to `lead` ago, until it is over. Walked hour by hour over half a year.
    #[test]
    fn every_key_is_published_before_it_signs_and_until_its_tokens_are_over() {
        let (mut keys, mut signed) = (Vec::<Times>::new(), Vec::new());
        for hour in 0..24 * 180 {
            let now = START + Duration::hours(hour);
            while let Some(sign) = POLICY.due(&keys, now) {
                keys.push(Times { create: now, sign });
            }
            keys = (0..keys.len()).filter(|i| !POLICY.is_over(&keys, *i, now)).map(|i| keys[i]).collect();
            let current = keys[Policy::current(&keys, now).expect("always one that signs")];
            assert!(current.create == START || now - current.create >= POLICY.lead);
            signed.push((now, current));
            for (at, key) in signed.iter().rev().take(13) {
                assert!(keys.contains(key), "signed at {at}, gone at {now}");
            }
            assert!((2..=3).contains(&keys.len()), "next, current, previous");
        }
    }

    #[test]
    fn after_a_long_sleep_the_next_one_is_still_published_before_it_signs() {
        let late = START + Duration::days(300);
        let due = POLICY.due(&[Times { create: START, sign: START }], late);
        assert_eq!(due, Some(late + POLICY.lead));
    }
}
