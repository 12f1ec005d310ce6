//! Invitations by mail (ORG-6).
//!
//! ```text
//! Open ── accept ──→ Accepted
//!   │ └── cancel ──→ Canceled
//!   └── 7 days ────→ Expired ── resend ──→ Open (next attempt)
//! ```

use pass_types::{AccountId, Email, Invalid, InvitationId, Language, OrganizationId, Role};
use std::{fmt, str::FromStr};
use time::{Duration, OffsetDateTime};

/// How long an invitation is good for.
pub const LIFE: Duration = Duration::days(7);

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Into which organization.
    pub organization: OrganizationId,
    /// For whom; nobody else may accept it.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// Shown in the mail.
    pub message: Message,
    /// Of the mail, unless an account with the address has its own.
    pub language: Language,
    /// By whom.
    pub invited_by: AccountId,
    /// When it was first made.
    pub created_at: OffsetDateTime,
    /// 1, and one more at each resend; only the link of the latest attempt works.
    pub attempt: i32,
    /// Where it stands.
    pub state: State,
    /// Until when it can be accepted.
    pub expires_at: OffsetDateTime,
    /// When it was accepted or canceled.
    pub closed_at: Option<OffsetDateTime>,
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It can be accepted.
    Open,
    /// It made a member.
    Accepted {
        /// Which.
        by: AccountId,
    },
    /// It was withdrawn.
    Canceled,
    /// It was not accepted in time.
    Expired,
}

/// The invitation is over: what was asked of it can't be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the invitation was accepted, canceled or has expired")]
pub struct Closed;

impl Invitation {
    /// Where it stands now: an open one past its end has expired.
    pub fn state(&self, now: OffsetDateTime) -> State {
        match self.state {
            State::Open if self.expires_at <= now => State::Expired,
            state => state,
        }
    }

    /// Open again under a new link, for another 7 days. An expired one, too.
    pub fn resend(self, now: OffsetDateTime) -> Result<Self, Closed> {
        match self.state {
            State::Open | State::Expired => {
                let attempt = self.attempt + 1;
                Ok(Self { attempt, state: State::Open, expires_at: now + LIFE, closed_at: None, ..self })
            }
            State::Accepted { .. } | State::Canceled => Err(Closed),
        }
    }

    /// Withdraws it, which also clears an expired one away.
    pub fn cancel(self, now: OffsetDateTime) -> Result<Self, Closed> {
        match self.state {
            State::Open | State::Expired => Ok(Self { state: State::Canceled, closed_at: Some(now), ..self }),
            State::Accepted { .. } | State::Canceled => Err(Closed),
        }
    }

    /// `by` joins.
    pub fn accept(self, by: AccountId, now: OffsetDateTime) -> Result<Self, Closed> {
        match self.state(now) {
            State::Open => Ok(Self { state: State::Accepted { by }, closed_at: Some(now), ..self }),
            State::Accepted { .. } | State::Canceled | State::Expired => Err(Closed),
        }
    }
}

/// What an inviter writes to the invited: at most 500 characters, several lines; may be empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Message(String);

impl Message {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Message {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().replace("\r\n", "\n");
        let bidi = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if text.chars().count() > 500 {
            return Err(Invalid("must be at most 500 characters long"));
        }
        if text.chars().any(|c| (c.is_control() && c != '\n') || bidi(c)) {
            return Err(Invalid("must not contain control characters"));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Message(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn account() -> AccountId {
        AccountId::generate(&Entropy::from_seed(2), NOW)
    }

    fn invitation(state: State) -> Invitation {
        let entropy = Entropy::from_seed(1);
        Invitation {
            id: InvitationId::generate(&entropy, NOW),
            organization: OrganizationId::generate(&entropy, NOW),
            email: "taro@example.com".parse().unwrap(),
            role: Role::Member,
            message: Message::default(),
            language: Language::En,
            invited_by: AccountId::generate(&entropy, NOW),
            created_at: NOW,
            attempt: 1,
            state,
            expires_at: NOW + LIFE,
            closed_at: None,
        }
    }

    /// proves ORG-6: which transitions there are
    #[test]
    fn transitions() {
        let closed = [State::Accepted { by: account() }, State::Canceled];
        for state in closed {
            assert_eq!(invitation(state).resend(NOW), Err(Closed));
            assert_eq!(invitation(state).cancel(NOW), Err(Closed));
            assert_eq!(invitation(state).accept(account(), NOW), Err(Closed));
        }
        for state in [State::Open, State::Expired] {
            let later = NOW + LIFE * 2;
            let again = invitation(state).resend(later).unwrap();
            assert_eq!((again.attempt, again.state(later), again.expires_at), (2, State::Open, later + LIFE));
            let canceled = invitation(state).cancel(later).unwrap();
            assert_eq!((canceled.state, canceled.closed_at), (State::Canceled, Some(later)));
        }
        assert_eq!(invitation(State::Expired).accept(account(), NOW), Err(Closed));
    }

    /// proves ORG-6: expires after 7 days
    #[test]
    fn an_invitation_expires_by_the_clock() {
        let last = NOW + Duration::days(7) - Duration::MICROSECOND;
        assert!(invitation(State::Open).accept(account(), last).is_ok());
        assert_eq!(invitation(State::Open).accept(account(), NOW + Duration::days(7)), Err(Closed));
        assert_eq!(invitation(State::Open).state(NOW + Duration::days(7)), State::Expired);
    }

    /// proves ORG-6: a message has at most 500 characters
    #[test]
    fn messages() {
        assert_eq!(" いらっしゃい\r\n! ".parse::<Message>().unwrap().as_str(), "いらっしゃい\n!");
        assert!("あ".repeat(500).parse::<Message>().is_ok());
        for bad in ["あ".repeat(501), "a\u{0}".to_owned(), "a\u{202e}b".to_owned()] {
            assert!(bad.parse::<Message>().is_err());
        }
    }
}
