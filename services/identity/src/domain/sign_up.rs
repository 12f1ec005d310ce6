//! Signing up (ACC-1): from the wish for an account to the account.

use super::account::{Account, Version};
use pass_types::{
    AccountId, AccountKind, Appearance, Email, Invalid, Language, PersonName, SignUpId, TimeZone, UniqueId,
};
use std::str::FromStr;
use time::{Duration, OffsetDateTime};

/// How long the link of a sign-up works (ACC-1).
pub const LINK_LIFE: Duration = Duration::hours(24);

/// A wish for an account that is not one yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignUp {
    /// What the link names.
    pub id: SignUpId,
    /// What the person typed.
    pub wish: Wish,
    /// When the link stops to work.
    pub expires_at: OffsetDateTime,
}

/// What somebody types to get an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Name of the new account.
    pub name: PersonName,
    /// Where the link goes, and address of the new account.
    pub email: Email,
    /// Of the mail and of the new account.
    pub language: Language,
    /// Of the mail and of the new account.
    pub time_zone: TimeZone,
    /// Where to go on afterwards.
    pub continuation: Continuation,
}

impl SignUp {
    /// A new one.
    pub fn begin(id: SignUpId, wish: Wish, now: OffsetDateTime) -> Self {
        Self { id, wish, expires_at: now + LINK_LIFE }
    }

    /// The account that becomes of it once its link was followed.
    pub fn complete(self, id: AccountId, unique_id: UniqueId, now: OffsetDateTime) -> Account {
        let Wish { name, email, language, time_zone, continuation: _ } = self.wish;
        Account {
            id,
            kind: AccountKind::Nulab,
            name,
            email,
            unique_id,
            language,
            time_zone,
            appearance: Appearance::System,
            created_at: now,
            version: Version::FIRST,
            place: None,
            operator: false,
            image: None,
        }
    }
}

/// What the gateway wants back when the sign-up is complete; means nothing here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Continuation(String);

impl Continuation {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Continuation {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid("must be at most 64 visible ASCII characters"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuations_are_short_and_visible() {
        for good in ["", "a", &"x".repeat(64)] {
            assert_eq!(good.parse::<Continuation>().unwrap().as_str(), good);
        }
        for bad in [" ", "a\nb", "ā", &"x".repeat(65)] {
            assert!(bad.parse::<Continuation>().is_err(), "{bad:?}");
        }
    }
}
