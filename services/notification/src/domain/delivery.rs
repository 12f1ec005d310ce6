//! A delivery: one mail that is due until it is settled.

use pass_types::Invalid;
use std::{str::FromStr, time::Duration};
use uuid::Uuid;

/// Which mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// The link that completes a sign-up (ACC-1).
    SignUp,
    /// The link that accepts an invitation to an organization (ORG-6).
    Invitation,
    /// A refresh token was used twice: a warning to its owner (API-1).
    TokenReused,
}

impl MailKind {
    /// The word for it in the database and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Invitation => "invitation",
            Self::TokenReused => "token_reused",
        }
    }
}

impl FromStr for MailKind {
    type Err = Invalid;
    fn from_str(word: &str) -> Result<Self, Invalid> {
        [Self::SignUp, Self::Invitation, Self::TokenReused]
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or(Invalid("is not a mail that this service knows"))
    }
}

/// A mail that a worker has taken.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event that asked for it; makes the Message-ID.
    pub id: Uuid,
    /// Which mail.
    pub kind: MailKind,
    /// The sign-up, invitation or account.
    pub subject: Uuid,
    /// Which of the subject's links.
    pub attempt: i32,
    /// How often it was tried before.
    pub tries: i32,
    /// W3C traceparent of the request that it goes back to.
    pub trace_parent: String,
}

/// How one try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Try {
    /// The mail server took it.
    Accepted,
    /// What the mail was about is over: nothing to send.
    Obsolete,
    /// It may work later.
    Deferred(String),
    /// It will never work.
    Refused(String),
}

/// What becomes of a delivery after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Done, one way or another: a state of the table, and what went wrong.
    Final(&'static str, Option<String>),
    /// Again after this long.
    Again(Duration, String),
}

/// How often a mail is tried: with the back-off below, for about a day.
pub const MOST_TRIES: i32 = 16;

/// What a try means for a delivery that was tried `tries` times before.
#[must_use]
pub fn after(tries: i32, outcome: Try) -> Settlement {
    match outcome {
        Try::Accepted => Settlement::Final("sent", None),
        Try::Obsolete => Settlement::Final("obsolete", None),
        Try::Refused(failure) => Settlement::Final("failed", Some(failure)),
        Try::Deferred(failure) if tries + 1 >= MOST_TRIES => Settlement::Final("failed", Some(failure)),
        Try::Deferred(failure) => {
            let exponent = u32::try_from(tries.clamp(0, 13)).unwrap_or(0);
            Settlement::Again(Duration::from_secs((1 << exponent).min(2 * 60 * 60)), failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deferred_mails_are_tried_for_about_a_day_then_given_up() {
        let mut waited = Duration::ZERO;
        for tries in 0..MOST_TRIES - 1 {
            match after(tries, Try::Deferred("451".to_owned())) {
                Settlement::Again(wait, _) => waited += wait,
                other @ Settlement::Final(..) => panic!("given up after {tries} tries: {other:?}"),
            }
        }
        assert!(waited > Duration::from_hours(6), "{waited:?}");
        let last = after(MOST_TRIES - 1, Try::Deferred("451".to_owned()));
        assert_eq!(last, Settlement::Final("failed", Some("451".to_owned())));
    }

    #[test]
    fn refused_and_obsolete_mails_are_not_tried_again() {
        assert!(matches!(after(0, Try::Refused("550".to_owned())), Settlement::Final("failed", Some(_))));
        assert!(matches!(after(0, Try::Obsolete), Settlement::Final("obsolete", None)));
    }
}
