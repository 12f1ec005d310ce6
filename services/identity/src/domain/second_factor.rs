//! Second factors (ACC-9): what they are, what a change of them needs, and codes as people type them.

use super::session::{Method, Session};
use pass_types::{AccountId, Entropy, Invalid, KeyName, SecurityKeyId, SessionId};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use time::{Duration, OffsetDateTime};

/// How long ago the proof may be that a change of credentials needs.
pub const FRESH: Duration = Duration::minutes(10);
/// How long a second step waits.
pub const STEP_LIFE: Duration = Duration::minutes(5);
/// How many wrong tries one takes.
pub const STEP_TRIES: i32 = 5;
/// How long an authenticator app's secret waits for its first code.
pub const DRAFT_LIFE: Duration = Duration::minutes(10);
/// How long a challenge for a new key waits.
pub const CHALLENGE_LIFE: Duration = Duration::minutes(5);
/// Keys that an account may have.
pub const MOST_KEYS: usize = 10;
/// Recovery codes that are made at a time.
pub const RECOVERY_CODES: usize = 10;

/// What can be added to an account, and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// An authenticator app.
    Authenticator,
    /// A key that only its account's name finds.
    SecurityKey,
    /// One that is found without, and checks who uses it.
    Passkey,
}

impl Factor {
    /// A key's kind.
    pub fn of_key(passkey: bool) -> Self {
        if passkey { Self::Passkey } else { Self::SecurityKey }
    }

    /// As events have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authenticator => "authenticator",
            Self::SecurityKey => "security_key",
            Self::Passkey => "passkey",
        }
    }
}

/// A security key or passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityKey {
    /// Never changes.
    pub id: SecurityKeyId,
    /// As its owner calls it.
    pub name: KeyName,
    /// Found without the account's name.
    pub passkey: bool,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// When it was used last.
    pub last_used_at: Option<OffsetDateTime>,
}

/// An authenticator app, without its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticator {
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// When a code of it was used last.
    pub last_used_at: Option<OffsetDateTime>,
}

/// All that an account has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Factors {
    /// The authenticator app.
    pub authenticator: Option<Authenticator>,
    /// Keys, oldest first.
    pub keys: Vec<SecurityKey>,
    /// Recovery codes that were not used.
    pub recovery_codes: i64,
}

impl Factors {
    /// Whether a second factor is asked for. Recovery codes alone are none.
    pub fn any(&self) -> bool {
        self.authenticator.is_some() || !self.keys.is_empty()
    }
}

/// Why a session may not change credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFresh {
    /// A second factor is to be shown again.
    SecondFactor,
    /// There is none, and the sign-in is too long ago.
    SignIn,
}

/// Whether a session proves well enough who changes the second factors of an account: with one that it showed in the
/// last 10 minutes, or, while there is none, by a sign-in of the last 10 minutes.
pub fn is_fresh(session: &Session, has_factors: bool, now: OffsetDateTime) -> Result<(), NotFresh> {
    let (proven, otherwise) = if has_factors {
        (session.second_factor_at.is_some_and(|at| now - at < FRESH), NotFresh::SecondFactor)
    } else {
        (session.is_fresh(FRESH, now), NotFresh::SignIn)
    };
    if proven { Ok(()) } else { Err(otherwise) }
}

/// What a second step is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A sign-in whose password was right: SHA-256 of that password's hash.
    SignIn([u8; 32]),
    /// A session that is to show one again.
    StepUp(SessionId),
}

/// A second step that is neither done nor over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondStep {
    /// Whose.
    pub account: AccountId,
    /// What for.
    pub purpose: Purpose,
    /// A challenge for the account's keys, if one was given and not answered.
    pub challenge: Option<String>,
}

/// What names a password without being it.
pub fn digest_of(password_hash: &str) -> [u8; 32] {
    Sha256::digest(password_hash.as_bytes()).into()
}

/// Which method of RFC 8176 a key is: one that can be copied to the cloud is software.
pub fn method_of_key(backed_up: bool) -> Method {
    if backed_up { Method::SoftwareKey } else { Method::HardwareKey }
}

/// A code of an authenticator app, as typed: 6 digits. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; 6]);

impl Code {
    /// The digits.
    pub fn digits(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Code {
    type Err = Invalid;
    /// Apps show a space in the middle; Japanese input methods type wide digits.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid("must be 6 digits");
        if text.len() > 64 {
            return Err(WRONG);
        }
        let digits: Vec<u8> =
            text.chars().filter(|c| !c.is_whitespace()).map(digit).collect::<Option<_>>().ok_or(WRONG)?;
        digits.try_into().map(Self).map_err(|_| WRONG)
    }
}

fn digit(c: char) -> Option<u8> {
    let ascii = match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0'))?,
        c => c,
    };
    ascii.is_ascii_digit().then_some(u8::try_from(ascii).ok()?)
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// A recovery code: 24 characters of Crockford's base 32. Its 120 random bits are more than anybody guesses, so that a
/// plain hash of it is enough (ASVS 5.0, 6.5.2). `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 24;

impl RecoveryCode {
    /// A new one.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(entropy.string(LENGTH, ALPHABET))
    }

    /// As it is shown: six groups of four.
    pub fn reveal(&self) -> String {
        let groups: Vec<&str> = (0..LENGTH).step_by(4).map(|at| &self.0[at..at + 4]).collect();
        groups.join("-")
    }

    /// What is kept of it for an account.
    pub fn hash(&self, account: AccountId) -> [u8; 32] {
        Sha256::new_with_prefix(account.uuid().as_bytes()).chain_update(&self.0).finalize().into()
    }
}

impl FromStr for RecoveryCode {
    type Err = Invalid;
    /// As typed: in any case, with anything between the groups, and O for 0, I or L for 1.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid("must be a recovery code");
        if text.len() > 128 {
            return Err(WRONG);
        }
        let typed = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let code: String = typed
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            })
            .collect();
        let genuine = code.len() == LENGTH && code.bytes().all(|b| ALPHABET.contains(&b));
        if genuine { Ok(Self(code)) } else { Err(WRONG) }
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        device::Visit,
        session::{Beginning, Policy},
    };
    use pass_types::Origin;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn session(second: Option<Method>) -> Session {
        let entropy = Entropy::from_seed(1);
        let policy = Policy { idle: Duration::minutes(30), absolute: Duration::hours(12) };
        let beginning = Beginning {
            account: AccountId::generate(&entropy, START),
            organization: None,
            method: Method::Password,
            anew: true,
            second,
            origin: Origin::default(),
            visit: Visit::default(),
            not_after: None,
        };
        Session::begin(SessionId::generate(&entropy, START), beginning, policy, START)
    }

    /// proves ACC-9: a change needs a second factor of the last 10 minutes, and as long as there is none a sign-in
    #[test]
    fn a_change_needs_something_fresh() {
        let last = START + FRESH - Duration::MICROSECOND;
        assert_eq!(is_fresh(&session(None), false, last), Ok(()));
        assert_eq!(is_fresh(&session(None), false, START + FRESH), Err(NotFresh::SignIn));
        assert_eq!(is_fresh(&session(None), true, START), Err(NotFresh::SecondFactor));
        assert_eq!(is_fresh(&session(Some(Method::OneTimeCode)), true, last), Ok(()));
        assert_eq!(
            is_fresh(&session(Some(Method::OneTimeCode)), true, START + FRESH),
            Err(NotFresh::SecondFactor)
        );
    }

    #[test]
    fn codes_as_people_type_them() {
        for text in ["123456", " 123 456 ", "１２３４５６", "123\u{3000}456"] {
            assert_eq!(text.parse::<Code>().unwrap().digits(), b"123456", "{text}");
        }
        for text in ["", "12345", "1234567", "12345a", "-12345", "１２３４５", &"1".repeat(1 << 20)] {
            assert!(text.parse::<Code>().is_err(), "{text:.20}");
        }
    }

    #[test]
    fn recovery_codes_as_people_type_them() {
        let code: RecoveryCode = "0123-4567-89AB-CDEF-GHJK-MNPQ".parse().unwrap();
        for text in
            ["0123456789abcdefghjkmnpq", " oI23 4567 89ab cdef ghjk mnpq", "OL23-4567-89AB-CDEF-GHJK-MNPQ"]
        {
            assert_eq!(text.parse::<RecoveryCode>().unwrap(), code, "{text}");
        }
        assert_eq!(code.reveal(), "0123-4567-89AB-CDEF-GHJK-MNPQ");
        let (long, wrong) = ("0123-4567-89AB-CDEF-GHJK-MNPQ-0", "0123-4567-89AB-CDEF-GHJK-MNPU");
        for text in ["", "0123-4567-89AB-CDEF-GHJK-MNP", "0123-4567-89AB-CDEF", long, wrong, "ａ"] {
            assert!(text.parse::<RecoveryCode>().is_err(), "{text}");
        }
        let entropy = Entropy::from_seed(1);
        let made = RecoveryCode::generate(&entropy);
        assert_eq!(made.reveal().parse::<RecoveryCode>().unwrap(), made);
        let (one, other) = (AccountId::generate(&entropy, START), AccountId::generate(&entropy, START));
        assert_ne!(code.hash(one), code.hash(other), "it is of one account");
    }
}
