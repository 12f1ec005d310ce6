//! Passwords and which ones may be chosen (ACC-6).
//!
//! There are no composition rules. What is refused is what guessers try first: leaked and common passwords (the lists
//! of [`leaked`], and the 30,000 that zxcvbn carries), what is easily made of them, patterns, and what others know
//! of the person or of the suite. How passwords are kept is for `app::hashing`.

use super::leaked;
use pass_types::{Email, Invalid, PersonName};
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use zxcvbn::Score;

/// A password, normalised (NFKC: NIST SP 800-63B, 5.1.1.2), so that it does not matter which keyboard
/// or input method typed it. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It has fewer than [`SHORTEST`] or more than [`LONGEST`] characters.
    Length,
    /// It is common, or follows from what others know.
    Guessable,
    /// It is known from a leak.
    Leaked,
}

/// Fewest characters.
pub const SHORTEST: usize = 12;
/// Most characters.
pub const LONGEST: usize = 128;
/// No password of so many characters has more bytes, also before it is normalised: a syllable may be typed as three
/// characters of three bytes each. What does is not even normalised.
const MOST_BYTES: usize = LONGEST * 12;

/// Words that everybody tries on this suite.
const OURS: [&str; 5] = ["nulab", "backlog", "cacoo", "typetalk", "nulabpass"];

impl Password {
    /// A password that somebody signs in with.
    pub fn typed(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid("must not be empty"));
        }
        let password = Self::normalised(text).ok_or(Invalid("must be at most 128 characters long"))?;
        Ok(password)
    }

    /// A password that somebody wants to have from now on.
    pub fn chosen(text: &str, name: &PersonName, email: &Email) -> Result<Self, Refused> {
        let password = Self::normalised(text).ok_or(Refused::Length)?;
        if password.0.chars().count() < SHORTEST {
            return Err(Refused::Length);
        }
        let folded = password.0.to_lowercase();
        if leaked::is_derived(&folded) || password.is_guessable(&folded, name, email) {
            return Err(Refused::Guessable);
        }
        if leaked::is_leaked(&folded) { Err(Refused::Leaked) } else { Ok(password) }
    }

    /// For hashing.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn normalised(text: &str) -> Option<Self> {
        if text.len() > MOST_BYTES {
            return None;
        }
        let password: String = text.nfkc().collect();
        (password.chars().count() <= LONGEST).then_some(Self(password))
    }

    fn is_guessable(&self, folded: &str, name: &PersonName, email: &Email) -> bool {
        let name = name.as_str().to_lowercase();
        let email = email.as_str().nfkc().collect::<String>().to_lowercase();
        let mut known: Vec<&str> = OURS.to_vec();
        known.push(&name);
        known.push(&email);
        for text in [&name, &email] {
            known.extend(text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2));
        }
        let weak = |text: &str| zxcvbn::zxcvbn(text, &known).score() < Score::Three;
        // What is left without the words that everybody knows must be good enough by itself.
        let rest = known.iter().fold(folded.to_owned(), |rest, word| rest.replace(word, ""));
        weak(&self.0) || (rest != folded && weak(&rest))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<Password, Refused> {
        Password::chosen(
            text,
            &"Taro Yamada".parse().unwrap(),
            &"taro.yamada@kawasemi-shoji.co.jp".parse().unwrap(),
        )
    }

    /// proves ACC-6: 12-128 characters, counted as characters, no composition rules
    #[test]
    fn length() {
        assert_eq!(choose("xk4vQ9w!tz7"), Err(Refused::Length), "11");
        assert!(choose("xk4vQ9w!tz7u").is_ok(), "12");
        assert!(choose("ヘリコプター整備士の猫屋敷").is_ok(), "13 characters, no digits, no capitals");
        let longest: String = (0..128_u32).filter_map(|i| char::from_u32(0x4e00 + i * 37 % 997)).collect();
        assert!(choose(&longest).is_ok(), "128 characters of three bytes");
        assert_eq!(choose(&(longest + "x")), Err(Refused::Length), "129");
        assert_eq!(choose(&"x".repeat(1 << 20)), Err(Refused::Length), "1 MiB");
        assert_eq!(choose(""), Err(Refused::Length));
    }

    /// proves ACC-6: common ones, patterns, and what follows from name, address or suite are refused
    #[test]
    fn guessable() {
        for text in [
            "password1234",
            "Password1234",
            "qwertyuiop123",
            "aaaaaaaaaaaaaaaa",
            "123456789012",
            "abcabcabcabc",
            "Taro Yamada 1",
            "yamadataro2026",
            "kawasemi-shoji1",
            "taro.yamada@kawasemi-shoji.co.jp",
            "NulabBacklog1",
            "letmeinletmein",
        ] {
            assert_eq!(choose(text), Err(Refused::Guessable), "{text}");
        }
        for text in ["ghbdtnghbdtnghbdtn", "Polniypizdec0211!!"] {
            assert_eq!(choose(text), Err(Refused::Guessable), "{text}, made of a common one");
        }
        for text in [
            "correcthorsebatterystaple",
            "sfuwwjuwkvxezs",
            "SFUWWJUWKVXEZS",
            "ｓfuwwjuwkvxezs",
            "24p9rjruw0rkq",
        ] {
            assert_eq!(choose(text), Err(Refused::Leaked), "{text}, as others spell it");
        }
        for text in ["violet otter maps seven dunes", "7h-Kqz!w9xT2", "つるのおんがえし夕焼け42番"]
        {
            assert!(choose(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn how_it_was_typed_does_not_matter() {
        assert_eq!(Password::typed("ﾊﾟｽ①").unwrap(), Password::typed("パス1").unwrap());
        assert!(Password::typed("").is_err());
        assert!(Password::typed(&"x".repeat(129)).is_err());
        assert!(Password::typed(&"x".repeat(1 << 20)).is_err());
    }
}
