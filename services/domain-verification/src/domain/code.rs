//! The code that proves a domain, and the record that says it (DOM-1).

use pass_types::{Entropy, Invalid};
use std::str::FromStr;

/// The label under a domain where the record goes.
pub const CHALLENGE: &str = "_nulab-challenge";
/// What the text of the record begins with.
pub const PREFIX: &str = "nulab-verification-code=";

/// How many characters a code has: 64 of 62 are 381 bits.
const LENGTH: usize = 64;
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A code: 64 of `[A-Za-z0-9]`. It is published in DNS, so it is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A new one.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(entropy.string(LENGTH, ALPHABET))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text of the TXT record.
    pub fn record(&self) -> String {
        format!("{PREFIX}{}", self.0)
    }
}

impl FromStr for Code {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.len() == LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid("must be 64 letters or digits"))
        }
    }
}

/// A label beside [`CHALLENGE`], and as long, that nobody can have made a record for.
pub fn sibling(entropy: &Entropy) -> String {
    format!("_{}", entropy.string(CHALLENGE.len() - 1, b"abcdefghijklmnopqrstuvwxyz0123456789"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves DOM-1: 64 of `[A-Za-z0-9]`, another one each time
    #[test]
    fn codes() {
        let entropy = Entropy::from_seed(1);
        let code = Code::generate(&entropy);
        assert_eq!(code.as_str().parse(), Ok(code.clone()));
        assert_ne!(Code::generate(&entropy), code);
        assert_eq!(code.record(), format!("nulab-verification-code={}", code.as_str()));
        for bad in ["", "a", &"a".repeat(63), &"a".repeat(65), &"é".repeat(32), &"-".repeat(64)] {
            assert!(bad.parse::<Code>().is_err(), "{bad}");
        }
    }

    #[test]
    fn siblings_fit_where_the_challenge_fits() {
        let entropy = Entropy::from_seed(1);
        let (one, other) = (sibling(&entropy), sibling(&entropy));
        assert_eq!(one.len(), CHALLENGE.len());
        assert_ne!(one, other);
    }
}
