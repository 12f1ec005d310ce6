//! Test sign-ins of administrators, and what each check said (SML-6).

use pass_saml::Verdict;
use pass_types::{Invalid, OrganizationId, SamlConnectionId, SamlTestId};
use std::str::FromStr;
use time::OffsetDateTime;

/// A test sign-in.
#[derive(Debug, Clone)]
pub struct Test {
    /// Never changes.
    pub id: SamlTestId,
    /// Whose.
    pub organization: OrganizationId,
    /// What is tested.
    pub connection: SamlConnectionId,
    /// Where it stands.
    pub state: TestState,
    /// Until when it can be run.
    pub expires_at: OffsetDateTime,
}

/// Where a test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestState {
    /// Nobody has run it.
    Waiting,
    /// Every check passed.
    Passed,
    /// One did not.
    Failed,
    /// Nobody ran it in time.
    Expired,
}

impl TestState {
    /// As the database has it; what has expired is waiting there.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting | Self::Expired => "waiting",
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}

impl Test {
    /// The test as of now.
    #[must_use]
    pub fn at(self, now: OffsetDateTime) -> Self {
        let over = self.state == TestState::Waiting && self.expires_at <= now;
        Self { state: if over { TestState::Expired } else { self.state }, ..self }
    }
}

/// A test and what its checks said.
pub struct TestReport {
    /// The test.
    pub test: Test,
    /// In the order of the checks; none before it was run.
    pub verdicts: Vec<Line>,
}

/// One check of a test, as it is kept.
#[derive(Debug, Clone)]
pub struct Line {
    /// The check.
    pub name: String,
    /// How it went.
    pub outcome: LineOutcome,
    /// What would have been right.
    pub expected: String,
    /// What there was, redacted.
    pub received: String,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOutcome {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// An earlier one did not.
    NotReached,
}

impl LineOutcome {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not_reached",
        }
    }
}

impl FromStr for LineOutcome {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [Self::Passed, Self::Failed, Self::NotReached];
        all.into_iter().find(|it| it.as_str() == text).ok_or(Invalid("is no outcome of a check"))
    }
}

impl From<Verdict> for Line {
    fn from(verdict: Verdict) -> Self {
        let (outcome, expected, received) = match verdict.outcome {
            pass_saml::Outcome::Passed => (LineOutcome::Passed, String::new(), String::new()),
            pass_saml::Outcome::Failed { expected, received } => (LineOutcome::Failed, expected, received),
            pass_saml::Outcome::NotReached => (LineOutcome::NotReached, String::new(), String::new()),
        };
        Self { name: verdict.check.name().to_owned(), outcome, expected, received }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::saml::REQUEST_LIFE;
    use time::Duration;

    #[test]
    fn a_test_that_nobody_runs_expires() {
        let id = uuid::Uuid::from_u128(1);
        let now = OffsetDateTime::UNIX_EPOCH;
        let test = |state| Test {
            id: id.into(),
            organization: id.into(),
            connection: id.into(),
            state,
            expires_at: now + REQUEST_LIFE,
        };
        let later = now + REQUEST_LIFE;
        assert_eq!(test(TestState::Waiting).at(later - Duration::SECOND).state, TestState::Waiting);
        assert_eq!(test(TestState::Waiting).at(later).state, TestState::Expired);
        assert_eq!(test(TestState::Passed).at(later).state, TestState::Passed);
    }
}
