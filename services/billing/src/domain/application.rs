//! Applications for the trial of Nulab Pass (BIL-1).
//!
//! ```text
//! Open ── approve ──→ Approved: the trial runs
//!   └─── reject ────→ Rejected: the organization may apply again
//! ```

use pass_types::{
    AccountId, ApplicationId, CompanyName, Email, Invalid, Language, OrganizationId, PersonName, SpaceKey,
};
use std::{fmt, str::FromStr};
use time::OffsetDateTime;

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Whose.
    pub organization: OrganizationId,
    /// The organization's, as of the application.
    pub space_key: SpaceKey,
    /// Whom to talk to. `None`: forgotten with an account (ACC-13).
    pub contact: Option<PersonName>,
    /// A Plan Admin of the organization, who is mailed. `None`: likewise.
    pub plan_admin: Option<PlanAdmin>,
    /// The customer.
    pub company: CompanyName,
    /// Of the mails about it.
    pub language: Language,
    /// Who applied.
    pub applied_by: AccountId,
    /// When.
    pub created_at: OffsetDateTime,
    /// Until when it is to be decided.
    pub due_at: OffsetDateTime,
    /// Where it stands.
    pub state: State,
}

/// The Plan Admin whom an application names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanAdmin {
    /// Whose address it was. `None`: the version before did not note it.
    pub account: Option<AccountId>,
    /// As typed.
    pub email: Email,
}

/// Where an application stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It waits for an operator.
    Open,
    /// The trial was granted.
    Approved(Decision),
    /// It was not.
    Rejected(Decision, RejectionReason),
}

/// Who decided, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The operator's account.
    pub by: AccountId,
    /// When.
    pub at: OffsetDateTime,
}

/// The application was decided already, and otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the application was decided already")]
pub struct Decided;

/// What a decision changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was made now.
    Now(Application),
    /// It had been made before, just so.
    Before(Application),
}

impl Application {
    /// Whether it waits for longer than it should (BIL-1).
    pub fn overdue(&self, now: OffsetDateTime) -> bool {
        self.state == State::Open && self.due_at <= now
    }

    /// Who decided, and when, if somebody has.
    pub fn decision(&self) -> Option<Decision> {
        match &self.state {
            State::Open => None,
            State::Approved(decision) | State::Rejected(decision, _) => Some(*decision),
        }
    }

    /// Grants the trial. Granting it again changes nothing.
    pub fn approve(self, decision: Decision) -> Result<Outcome, Decided> {
        match self.state {
            State::Open => Ok(Outcome::Now(Self { state: State::Approved(decision), ..self })),
            State::Approved(_) => Ok(Outcome::Before(self)),
            State::Rejected(..) => Err(Decided),
        }
    }

    /// Refuses the trial. Refusing it again for the same reason changes nothing; another reason would
    /// not be the one that was mailed.
    pub fn reject(self, decision: Decision, reason: RejectionReason) -> Result<Outcome, Decided> {
        match &self.state {
            State::Open => Ok(Outcome::Now(Self { state: State::Rejected(decision, reason), ..self })),
            State::Rejected(_, before) if *before == reason => Ok(Outcome::Before(self)),
            State::Rejected(..) | State::Approved(_) => Err(Decided),
        }
    }
}

/// Why an application was rejected, in the operator's words: 1-500 characters, several lines.
#[derive(Clone, PartialEq, Eq)]
pub struct RejectionReason(String);

impl RejectionReason {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RejectionReason {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().replace("\r\n", "\n");
        let bidi = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if text.is_empty() || text.chars().count() > 500 {
            return Err(Invalid("must be 1-500 characters long"));
        }
        if text.chars().any(|c| (c.is_control() && c != '\n') || bidi(c)) {
            return Err(Invalid("must not contain control characters"));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for RejectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RejectionReason(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;
    use time::Duration;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn decision(seed: u64) -> Decision {
        Decision { by: AccountId::generate(&Entropy::from_seed(seed), NOW), at: NOW }
    }

    fn reason(text: &str) -> RejectionReason {
        text.parse().unwrap()
    }

    fn application(state: State) -> Application {
        let entropy = Entropy::from_seed(1);
        Application {
            id: ApplicationId::generate(&entropy, NOW),
            organization: OrganizationId::generate(&entropy, NOW),
            space_key: SpaceKey::generate(&entropy),
            contact: Some("Hanako".parse().unwrap()),
            plan_admin: Some(PlanAdmin { account: None, email: "hanako@example.com".parse().unwrap() }),
            company: "Acme".parse().unwrap(),
            language: Language::En,
            applied_by: AccountId::generate(&entropy, NOW),
            created_at: NOW,
            due_at: NOW + Duration::days(3),
            state,
        }
    }

    /// proves BIL-1: which decisions there are; the first one holds
    #[test]
    fn decisions() {
        let (first, second) = (decision(2), decision(3));
        let approved = application(State::Approved(first));
        let rejected = application(State::Rejected(first, reason("why")));
        let open = || application(State::Open);
        assert_eq!(open().approve(first), Ok(Outcome::Now(approved.clone())));
        assert_eq!(open().reject(first, reason("why")), Ok(Outcome::Now(rejected.clone())));
        assert_eq!(approved.clone().approve(second), Ok(Outcome::Before(approved.clone())));
        assert_eq!(approved.reject(second, reason("why")), Err(Decided));
        assert_eq!(rejected.clone().reject(second, reason("why")), Ok(Outcome::Before(rejected.clone())));
        assert_eq!(rejected.clone().reject(second, reason("because")), Err(Decided));
        assert_eq!(rejected.approve(second), Err(Decided));
    }

    /// proves BIL-1: it is overdue from its due time on, until it is decided
    #[test]
    fn overdue_by_the_clock() {
        let open = application(State::Open);
        assert!(!open.overdue(open.due_at - Duration::MICROSECOND));
        assert!(open.overdue(open.due_at));
        assert!(!application(State::Approved(decision(2))).overdue(open.due_at));
    }

    /// proves BIL-1: the reason that is mailed has 1-500 characters
    #[test]
    fn reasons() {
        assert_eq!(reason(" 残念\r\nながら ").as_str(), "残念\nながら");
        assert!("あ".repeat(500).parse::<RejectionReason>().is_ok());
        for bad in ["", "  ", &"あ".repeat(501), "a\u{0}", "a\u{202e}b"] {
            assert!(bad.parse::<RejectionReason>().is_err(), "{bad:?}");
        }
    }
}
