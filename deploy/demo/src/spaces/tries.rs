//! Wrong passwords at the login pages of legacy spaces, counted: five lock a user for 15 minutes, as identity locks who
//! connects (SPC-2). A real product would count in its database, and by network too, so that a stranger can't lock
//! everybody out.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

/// How many may be wrong.
const MOST: u32 = 5;
/// From the first of them on.
const LOCKED: Duration = Duration::minutes(15);
/// Users that are remembered; then all are forgotten that are locked no longer, or, if there is none, nobody new is let in.
const USERS: usize = 10_000;

/// By space and user ID, whether there is such a user or not; hashed, as people type what they like.
#[derive(Default)]
pub(crate) struct Tries(HashMap<[u8; 32], (u32, OffsetDateTime)>);

impl Tries {
    /// Counts a try before its password is looked at, so that many at once are not more; `false`: it is one too many.
    pub(crate) fn begin(&mut self, space: &str, user_id: &str, now: OffsetDateTime) -> bool {
        if self.0.len() >= USERS {
            self.0.retain(|_, (_, since)| now - *since < LOCKED);
        }
        let user = key(space, user_id);
        if self.0.len() >= USERS && !self.0.contains_key(&user) {
            return false;
        }
        let (tries, since) = self.0.entry(user).or_insert((0, now));
        if now - *since >= LOCKED {
            (*tries, *since) = (0, now);
        }
        *tries += 1;
        *tries <= MOST
    }

    /// The password was right.
    pub(crate) fn forget(&mut self, space: &str, user_id: &str) {
        self.0.remove(&key(space, user_id));
    }
}

fn key(space: &str, user_id: &str) -> [u8; 32] {
    // No space's id has a line feed.
    Sha256::digest(format!("{space}\n{user_id}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn five_wrong_ones_lock_a_user_for_a_while() {
        let mut tries = Tries::default();
        assert!((0..5).all(|_| tries.begin("old", "ken", NOW)));
        assert!(!tries.begin("old", "ken", NOW + Duration::minutes(14)));
        assert!(tries.begin("old", "taro", NOW) && tries.begin("harbour", "ken", NOW), "others are not");
        assert!(tries.begin("old", "ken", NOW + LOCKED));
        assert!((0..4).all(|_| tries.begin("old", "ken", NOW + LOCKED)));
        assert!(!tries.begin("old", "ken", NOW + LOCKED));
    }

    #[test]
    fn a_right_one_begins_anew() {
        let mut tries = Tries::default();
        for _ in 0..20 {
            assert!(tries.begin("old", "ken", NOW));
            tries.forget("old", "ken");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut tries = Tries::default();
        for number in 0..=USERS {
            tries.begin("old", &number.to_string(), NOW);
        }
        assert_eq!(tries.0.len(), USERS);
        assert!(!tries.begin("old", "ken", NOW) && tries.begin("old", "ken", NOW + LOCKED));
    }
}
