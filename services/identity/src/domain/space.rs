//! Legacy spaces that are connected to Nulab Accounts (SPC): what identifies them, what a link says, and how
//! often a space's password may be tried.

use pass_types::{AccountId, Invalid, Product, SpaceLinkId};
use std::{fmt, str::FromStr};
use time::{Duration, OffsetDateTime};
use unicode_normalization::UnicodeNormalization;

/// Most spaces that an account may have connected.
pub const MOST_LINKS: i64 = 50;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($check:expr, $problem:literal))+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(Invalid($problem)) }
            }
        }

        /// Does not show it.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

texts! {
    /// A legacy space's id in its product. Longer than a Space's (ORG-14), which is newer.
    LegacySpaceId(
        |text| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        },
        "must be 1-64 lower-case letters, digits or hyphens"
    )
    /// A space user's permanent id, as the product says.
    SpaceUserId(
        |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()),
        "must be 1-64 visible ASCII characters"
    )
    /// What a space user types to log in there.
    SpaceLogin(
        |text| {
            text.trim() == text
                && text.len() <= 400
                && (1..=100).contains(&text.chars().count())
                && !text.chars().any(char::is_control)
        },
        "must be 1-100 characters"
    )
    /// A space's own password, on its way to the product: used once, and kept nowhere.
    SpacePassword(
        |text| {
            text.len() <= 1024 && (1..=256).contains(&text.chars().count()) && !text.contains('\0')
        },
        "must be 1-256 characters"
    )
}

impl SpaceLogin {
    /// What all its spellings have in common that a product may take for the same: by this tries are counted.
    pub fn key(&self) -> String {
        self.0.nfkc().collect::<String>().to_lowercase()
    }
}

/// What a connected space shows, and how it is logged in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceProfile {
    /// The account's name, address and so on.
    Account,
    /// The space's own; the Nulab Account logs in all the same (SPC-2).
    Space,
    /// The space's own, and its own login only (SPC-5).
    SpaceOnly,
}

impl SpaceProfile {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Space => "space",
            Self::SpaceOnly => "space_only",
        }
    }
}

impl FromStr for SpaceProfile {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [Self::Account, Self::Space, Self::SpaceOnly];
        all.into_iter().find(|it| it.as_str() == text).ok_or(Invalid("must be a known profile"))
    }
}

/// A legacy space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacySpace {
    /// Of which product.
    pub product: Product,
    /// Its id there.
    pub id: LegacySpaceId,
}

/// A space user who belongs to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceLink {
    /// The link itself.
    pub id: SpaceLinkId,
    /// Whose account.
    pub account: AccountId,
    /// Which space.
    pub space: LegacySpace,
    /// Which user of it.
    pub user: SpaceUserId,
    /// What the owner typed.
    pub login: SpaceLogin,
    /// What it shows.
    pub profile: SpaceProfile,
    /// Since when.
    pub created_at: OffsetDateTime,
}

impl SpaceLink {
    /// Whether the space is logged in to with the Nulab Account (SPC-5).
    pub fn takes_account(&self) -> bool {
        self.profile != SpaceProfile::SpaceOnly
    }
}

/// Wrong tries of one account at one space user, in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// How many, those under way included.
    pub wrong: u32,
    /// When the last one was.
    pub last_at: OffsetDateTime,
    /// Five of them lock the pair.
    pub locked_until: Option<OffsetDateTime>,
}

/// The pair is locked, for this long from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locked(pub Duration);

impl Tries {
    /// So many lock (SPC-2).
    pub const MOST: u32 = 5;
    /// For so long (SPC-2).
    pub const LOCKED: Duration = Duration::minutes(15);
    /// Wrong tries are forgotten so long after the last.
    pub const FORGOTTEN: Duration = Duration::DAY;

    /// One more, which counts as wrong until it is taken back.
    pub fn begin(self, now: OffsetDateTime) -> Result<Self, Locked> {
        let wrong = match self.locked_until {
            Some(until) if until > now => return Err(Locked(until - now)),
            Some(_) => 0,
            None if self.last_at + Self::FORGOTTEN <= now => 0,
            None => self.wrong,
        };
        let wrong = wrong + 1;
        let locked_until = (wrong >= Self::MOST).then(|| now + Self::LOCKED);
        Ok(Self { wrong, last_at: now, locked_until })
    }

    /// One of those under way was not wrong: the product did not say so.
    #[must_use]
    pub fn take_back(self) -> Self {
        Self { wrong: self.wrong.saturating_sub(1), locked_until: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    const NONE: Tries = Tries { wrong: 0, last_at: START, locked_until: None };

    fn wrong(mut tries: Tries, times: u32, now: OffsetDateTime) -> Tries {
        for _ in 0..times {
            tries = tries.begin(now).unwrap();
        }
        tries
    }

    /// proves SPC-2: five wrong tries lock the pair for 15 minutes, and then five more are possible
    #[test]
    fn five_wrong_tries_lock() {
        let locked = wrong(NONE, 5, START);
        assert_eq!(locked.begin(START), Err(Locked(Duration::minutes(15))));
        let later = START + Duration::minutes(14);
        assert_eq!(locked.begin(later), Err(Locked(Duration::MINUTE)));
        let again = wrong(locked, 5, START + Duration::minutes(15));
        assert!(again.begin(START + Duration::minutes(15)).is_err());
    }

    /// proves SPC-2: tries that were not wrong do not count, not even the one that would have locked
    #[test]
    fn what_was_not_wrong_is_taken_back() {
        let four = wrong(NONE, 4, START);
        assert_eq!(four.begin(START).unwrap().take_back(), four);
        assert!(NONE.take_back().begin(START).is_ok());
    }

    #[test]
    fn wrong_tries_are_forgotten_after_a_day_and_not_before() {
        let four = wrong(NONE, 4, START);
        assert_eq!(four.begin(START + Duration::hours(23)).unwrap().wrong, 5);
        assert_eq!(four.begin(START + Duration::DAY).unwrap().wrong, 1);
    }

    proptest! {
        /// Whatever is tried and when: within 15 minutes no more than five tries are wrong, plus those of the lock before.
        #[test]
        fn never_more_than_five_between_two_locks(steps in prop::collection::vec((0_i64..400, any::<bool>()), 1..300)) {
            let (mut tries, mut now, mut wrong) = (NONE, START, 0_u32);
            for (seconds, was_wrong) in steps {
                now += Duration::seconds(seconds);
                let locked_before = tries.locked_until;
                let Ok(begun) = tries.begin(now) else { continue };
                if locked_before.is_some() { wrong = 0 }
                tries = if was_wrong { begun } else { begun.take_back() };
                wrong += u32::from(was_wrong);
                prop_assert!(wrong <= Tries::MOST);
                prop_assert_eq!(wrong == Tries::MOST, tries.locked_until.is_some());
            }
        }
    }

    #[test]
    fn what_products_and_people_write_is_checked() {
        for good in ["a", "old-works-1", &"a".repeat(64)] {
            assert!(good.parse::<LegacySpaceId>().is_ok(), "{good}");
        }
        for bad in ["", "Old", "a_b", "a.b", "a b", "a\0", "日本", &"a".repeat(65)] {
            assert!(bad.parse::<LegacySpaceId>().is_err(), "{bad:?}");
        }
        for bad in ["", " a", "a ", "a\0b", "a\nb", &"a".repeat(101), &"😀".repeat(101)] {
            assert!(bad.parse::<SpaceLogin>().is_err(), "{bad:?}");
        }
        for bad in ["", "a\0b", &"a".repeat(257), &"a".repeat(1 << 20)] {
            assert!(bad.parse::<SpacePassword>().is_err());
        }
        assert!(" any thing\t".parse::<SpacePassword>().is_ok(), "spaces have rules of their own");
        for bad in ["", "a b", "ä", &"a".repeat(65)] {
            assert!(bad.parse::<SpaceUserId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn spellings_of_a_user_id_count_together() {
        let key = |text: &str| text.parse::<SpaceLogin>().unwrap().key();
        assert_eq!(key("Taro"), key("ｔＡｒｏ"));
        assert_ne!(key("taro"), key("jiro"));
    }

    #[test]
    fn nothing_of_a_password_is_shown() {
        let password: SpacePassword = "open sesame".parse().unwrap();
        assert!(!format!("{password:?}").contains("sesame"));
    }
}
