//! Codes of authenticator apps: TOTP (RFC 6238) with what all apps know, SHA-1, 6 digits and 30 seconds.

use super::second_factor::Code;
use pass_types::{Email, Entropy};
use subtle::ConstantTimeEq;
use time::OffsetDateTime;
use totp_rs::{Algorithm, TOTP};
use url::form_urlencoded::byte_serialize;

const DIGITS: usize = 6;
const STEP_SECONDS: u64 = 30;
/// Steps that the clock of the app may be off, to either side (RFC 6238, 5.2).
const DRIFT: i64 = 1;
/// As long as the output of SHA-1 (RFC 4226, 4).
pub const SECRET_BYTES: usize = 20;

/// What app and service share. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// A new one.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// One that was kept; `None`: it can't be one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// For sealing.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For typing it: base 32 (RFC 4648) without padding.
    pub fn text(&self) -> String {
        totp_rs::Secret::Raw(self.0.to_vec()).to_encoded().to_string()
    }

    /// The address that apps read from QR codes.
    pub fn uri(&self, issuer: &str, owner: &Email) -> String {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (issuer, owner) = (encoded(issuer), encoded(owner.as_str()));
        let secret = self.text();
        format!(
            "otpauth://totp/{issuer}:{owner}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    /// The time step that a code is of, at most one off from now. Which ones were used already is for the database.
    pub fn step_of(&self, code: &Code, now: OffsetDateTime) -> Option<i64> {
        let current = now.unix_timestamp().div_euclid(STEP_SECONDS.cast_signed());
        let mut found = None;
        // All of them, whichever it is: the time tells nothing.
        for step in current - DRIFT..=current + DRIFT {
            if self.code(step).as_bytes().ct_eq(code.digits()).into() {
                found = Some(step);
            }
        }
        found
    }

    fn code(&self, step: i64) -> String {
        let totp = TOTP::new_unchecked(Algorithm::SHA1, DIGITS, 0, STEP_SECONDS, self.0.to_vec());
        totp.generate(step.max(0).unsigned_abs() * STEP_SECONDS)
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    fn code(text: &str) -> Code {
        text.parse().unwrap()
    }

    /// RFC 6238, appendix B, SHA-1, of whose 8 digits apps show the last 6.
    #[test]
    fn the_test_vectors_of_the_rfc() {
        let secret = TotpSecret(*b"12345678901234567890");
        for (seconds, shown) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.step_of(&code(shown), at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    /// proves ACC-9: one step of drift, to either side, and no more
    #[test]
    fn one_step_of_drift() {
        let secret = TotpSecret(*b"12345678901234567890");
        let shown = code("081804");
        let step = 1_111_111_109 / 30;
        for (steps, found) in [(-2, None), (-1, Some(step)), (0, Some(step)), (1, Some(step)), (2, None)] {
            assert_eq!(secret.step_of(&shown, at((step + steps) * 30)), found, "{steps}");
        }
    }

    #[test]
    fn the_address_of_the_qr_code() {
        let secret = TotpSecret(*b"12345678901234567890");
        let uri = secret.uri("Nulab Pass", &"taro+1@example.com".parse().unwrap());
        assert_eq!(
            uri,
            "otpauth://totp/Nulab%20Pass:taro%2B1%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Nulab%20Pass&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(TotpSecret::from_bytes(secret.as_bytes()), Some(secret));
        assert_eq!(TotpSecret::from_bytes(b"short"), None);
    }
}
