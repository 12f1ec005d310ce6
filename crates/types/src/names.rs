//! Names that people and programs give to things.

use crate::{Entropy, Invalid, Language};
use std::{fmt, str::FromStr};

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($check:expr))+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
                let check: fn(&str) -> Result<String, Invalid> = $check;
                check(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

texts! {
    /// What somebody calls a security key or passkey: 1-100 characters, no control characters (ACC-9).
    KeyName(|text| free_text(text, 100))
    /// A person's name: 1-100 characters, no control characters.
    PersonName(|text| free_text(text, 100))
    /// An organization's name: 1-100 characters, no control characters.
    OrganizationName(|text| free_text(text, 100))
    /// The suite-wide name of an account: 3-30 of `[A-Za-z0-9_-]` (ACC-4).
    UniqueId(|text| {
        let valid = (3..=30).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if valid { Ok(text.to_owned()) } else { Err(Invalid("must be 3-30 letters, digits, _ or -")) }
    })
    /// A company's name, as its applicant types it: 1-100 characters, no control characters (BIL-1).
    CompanyName(|text| free_text(text, 100))
    /// A team's name: 1-100 characters, no control characters (ORG-8).
    TeamName(|text| free_text(text, 100))
    /// What a Managed Account types to sign in, its "Organization ID": 3-20 of `[a-z0-9-]`, first and
    /// last alphanumeric (ORG-3).
    OrganizationHandle(|text| {
        let alphanumeric = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let valid = (3..=20).contains(&text.len())
            && text.bytes().all(|b| alphanumeric(Some(b)) || b == b'-')
            && alphanumeric(text.bytes().next())
            && alphanumeric(text.bytes().last());
        if valid { Ok(text.to_owned()) } else {
            Err(Invalid("must be 3-20 lower-case letters, digits or hyphens, and neither begin nor end with a hyphen"))
        }
    })
    /// An organization's permanent id: 10 of `[A-Za-z0-9]` (ORG-2).
    SpaceKey(|text| {
        let valid = text.len() == 10 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if valid { Ok(text.to_owned()) } else { Err(Invalid("must be 10 letters or digits")) }
    })
    /// Name of a product's Space: 3-10 of `[a-z0-9-]`, unique in the product (ORG-14).
    SpaceId(|text| {
        let valid = (3..=10).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid { Ok(text.to_owned()) } else { Err(Invalid("must be 3-10 lower-case letters, digits or hyphens")) }
    })
    /// A product's name for one of its plans: 1-40 of `[a-z0-9-]`.
    PlanName(|text| {
        let valid = (1..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid { Ok(text.to_owned()) } else { Err(Invalid("must be 1-40 lower-case letters, digits or hyphens")) }
    })
    /// A time zone by its IANA name, for instance `Asia/Tokyo` (ACC-3).
    TimeZone(|text| {
        let zone = jiff::tz::TimeZone::get(text).map_err(|_| Invalid("must be an IANA time zone, for instance Asia/Tokyo"))?;
        zone.iana_name().map(str::to_owned).ok_or(Invalid("must be an IANA time zone, for instance Asia/Tokyo"))
    })
}

impl SpaceKey {
    /// A new one; whether it is unique is for the database to say.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(entropy.string(10, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
    }
}

impl UniqueId {
    /// A new one (ACC-4); whether it is unique is for the database to say.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(format!("user-{}", entropy.string(10, b"abcdefghijkmnpqrstuvwxyz23456789")))
    }
}

impl TimeZone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// The one that most people who read a language have, where they did not say theirs.
    pub fn usual(language: Language) -> Self {
        match language {
            Language::En => Self::utc(),
            Language::Ja => Self("Asia/Tokyo".to_owned()),
        }
    }
}

/// Takes away what surrounds or hides in a name and is not to be seen; refuses what can't be shown on one line of a page
/// or mail, and what shows nothing: everybody has a name, and hidden characters make no other one.
fn free_text(text: &str, most: usize) -> Result<String, Invalid> {
    let seen: String = text.chars().filter(|c| !is_hidden(*c)).collect();
    let seen = seen.trim();
    if seen.is_empty() || seen.chars().count() > most {
        return Err(Invalid("must be 1-100 characters long"));
    }
    if seen.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(Invalid("must not contain control characters"));
    }
    if seen.chars().all(is_blank) {
        return Err(Invalid("must have a character that can be seen"));
    }
    Ok(seen.to_owned())
}

/// Whether a character is not to be seen and does nothing that a name needs: directions of text, breaks, annotations,
/// fillers.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'
        | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}')
}

/// Whether a character is not to be seen alone. Some change how their neighbours look, which scripts and emoji need:
/// joiners, variation selectors, tags.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200c}' | '\u{200d}' | '\u{2800}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves ACC-4: 3-30 of `[A-Za-z0-9_-]`
    #[test]
    fn unique_ids() {
        for good in ["abc", "Taro_Yamada-1", &"a".repeat(30)] {
            assert!(good.parse::<UniqueId>().is_ok(), "{good}");
        }
        for bad in ["", "ab", &"a".repeat(31), "a b c", "tarō", "a.b.c"] {
            assert!(bad.parse::<UniqueId>().is_err(), "{bad}");
        }
        assert!(UniqueId::generate(&Entropy::from_seed(1)).as_str().parse::<UniqueId>().is_ok());
    }

    /// proves ORG-2: 10 of `[A-Za-z0-9]`
    #[test]
    fn space_keys() {
        let key = SpaceKey::generate(&Entropy::from_seed(1));
        assert!(key.as_str().parse::<SpaceKey>().is_ok());
        assert!("short".parse::<SpaceKey>().is_err());
    }

    /// proves ORG-3: 3-20 of `[a-z0-9-]`, first and last alphanumeric
    #[test]
    fn organization_handles() {
        for good in ["abc", "nulab-1", "1-a", &"a".repeat(20)] {
            assert!(good.parse::<OrganizationHandle>().is_ok(), "{good}");
        }
        for bad in ["", "ab", &"a".repeat(21), "Nulab", "nu.lab", "-abc", "abc-", "nu_lab", "ヌーラボ", "a b"]
        {
            assert!(bad.parse::<OrganizationHandle>().is_err(), "{bad}");
        }
    }

    /// proves ORG-14: 3-10 of `[a-z0-9-]`
    #[test]
    fn space_ids() {
        assert!("acme-1".parse::<SpaceId>().is_ok());
        for bad in ["ab", "elevenchars", "Acme", "a_b"] {
            assert!(bad.parse::<SpaceId>().is_err(), "{bad}");
        }
    }

    /// proves ACC-3: time zones are IANA names
    #[test]
    fn time_zones() {
        assert_eq!("asia/tokyo".parse::<TimeZone>().unwrap().as_str(), "Asia/Tokyo");
        for bad in ["", "Mars/Base", "+09:00", "JST-9", "../etc/passwd"] {
            assert!(bad.parse::<TimeZone>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(" 山田 太郎 ".parse::<PersonName>().unwrap().as_str(), "山田 太郎");
        for bad in ["", "   ", "a\nb", "a\u{2028}b", "a\u{85}b", &"a".repeat(101)] {
            assert!(bad.parse::<PersonName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_show_something() {
        for blank in ["\u{200d}", "\u{200c} \u{200d}", "\u{fe0f}", "\u{2800}\u{2800}", "\u{e0067}", "\u{34f}"]
        {
            assert!(blank.parse::<PersonName>().is_err(), "{blank:?}");
        }
        for hidden in [
            '\u{200b}', '\u{2060}', '\u{61c}', '\u{200e}', '\u{200f}', '\u{202e}', '\u{2066}', '\u{115f}',
            '\u{3164}', '\u{ffa0}', '\u{feff}', '\u{ad}', '\u{180e}',
        ] {
            assert!(format!("{hidden}\u{3000}{hidden}").parse::<TeamName>().is_err(), "{hidden:?}");
            for text in [format!("Ta{hidden}ro"), format!("{hidden} Taro"), format!("Taro{hidden}")] {
                assert_eq!(text.parse::<TeamName>().unwrap().as_str(), "Taro", "{text:?}");
            }
        }
    }

    /// Joiners and the like belong to their neighbours.
    #[test]
    fn names_in_any_script_and_emoji() {
        for name in [
            "山田 太郎",
            "محمد\u{200c}رضا",   // Persian, with a joiner that keeps letters apart
            "ශ\u{dca}\u{200d}රී", // Sinhala, with one that joins them
            "ดารา",
            "葛\u{e0100}城",          // an ideographic variant
            "👩\u{200d}👩\u{200d}👧", // a family
            "❤\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", // the flag of England
            "Zoë O'Neill-Ó",
        ] {
            assert_eq!(name.parse::<PersonName>().unwrap().as_str(), name);
        }
    }

    proptest::proptest! {
        /// Whatever is taken shows something, and nothing that hides makes it another name.
        #[test]
        fn no_name_hides(text in "\\PC{0,12}", place in 0..12_usize, hidden in "[\u{200b}\u{200e}\u{202e}\u{2060}\u{3164}]") {
            let name = text.parse::<PersonName>();
            if let Ok(name) = &name {
                proptest::prop_assert!(name.as_str().chars().any(|c| !is_blank(c) && !is_hidden(c)));
                proptest::prop_assert_eq!(name.as_str().parse::<PersonName>(), Ok(name.clone()));
            }
            let mut with: Vec<char> = text.chars().collect();
            with.splice(place.min(with.len())..place.min(with.len()), hidden.chars());
            let with: String = with.into_iter().collect();
            proptest::prop_assert_eq!(with.parse::<PersonName>(), name);
        }
    }
}
