//! Proof key for code exchange (RFC 7636): S256 and nothing else, for every client (RFC 9700, 2.1.1).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_types::Invalid;
use sha2::{Digest, Sha256};
use std::str::FromStr;

/// A `code_challenge`: base64url of the SHA-256 of the verifier, 43 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// The text as the database keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Challenge {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(Invalid("must be base64url of a SHA-256 (RFC 7636, 4.2)")),
        }
    }
}

/// A `code_verifier`: 43-128 unreserved characters (RFC 7636, 4.1).
#[derive(Clone)]
pub struct Verifier(String);

impl Verifier {
    /// What the client must have sent when it asked for the code.
    pub fn challenge(&self) -> Challenge {
        Challenge(URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.as_bytes())))
    }
}

impl FromStr for Verifier {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = (43..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        if valid { Ok(Self(text.to_owned())) } else { Err(Invalid("must be 43-128 unreserved characters")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B
    #[test]
    fn the_example_of_the_rfc() {
        let verifier: Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".parse().unwrap();
        assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".parse::<Challenge>().is_ok());
    }

    #[test]
    fn what_is_no_challenge_or_verifier_is_refused() {
        for text in ["", "short", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", &"a".repeat(44)] {
            assert!(text.parse::<Challenge>().is_err(), "{text}");
        }
        for text in ["", &"a".repeat(42), &"a".repeat(129), &format!("{} ", "a".repeat(43))] {
            assert!(text.parse::<Verifier>().is_err(), "{text}");
        }
    }
}
