//! Where checks write down what they found.

use crate::check::{Check, Outcome, Refusal, Verdict, redact};
use std::fmt::{self, Display};

/// The verdicts so far, in the order of [`Check::ALL`]. What is told of a failure is written only then: most
/// checks hold.
pub(super) struct Board(Vec<Verdict>);

impl Board {
    /// Everything up to the signature has passed, or there would be no signed facts.
    pub(super) fn after_signature() -> Self {
        let before = |check| if check <= Check::Decryption { Outcome::Passed } else { Outcome::NotReached };
        Self(Check::ALL.iter().map(|&check| Verdict { check, outcome: before(check) }).collect())
    }

    /// The check holds, unless something made it fail before.
    pub(super) fn pass(&mut self, check: Check) {
        let outcome = self.outcome(check);
        if *outcome == Outcome::NotReached {
            *outcome = Outcome::Passed;
        }
    }

    /// The check does not hold. The first reason stays.
    pub(super) fn fail(&mut self, check: Check, expected: impl Display, received: impl Display) {
        let outcome = self.outcome(check);
        if !matches!(outcome, Outcome::Failed { .. }) {
            let [expected, received] = [expected.to_string(), received.to_string()].map(|text| redact(&text));
            *outcome = Outcome::Failed { expected, received };
        }
    }

    /// The check holds if `holds`.
    pub(super) fn require(
        &mut self,
        check: Check,
        holds: bool,
        expected: impl Display,
        received: impl Display,
    ) -> bool {
        if holds {
            self.pass(check);
        } else {
            self.fail(check, expected, received);
        }
        holds
    }

    fn outcome(&mut self, check: Check) -> &mut Outcome {
        &mut self.0[check as usize].outcome
    }

    /// The first check that failed.
    pub(super) fn first_failure(&self) -> Option<Refusal> {
        self.0.iter().find_map(|verdict| match &verdict.outcome {
            Outcome::Failed { expected, received } => {
                Some(Refusal::new(verdict.check, expected.as_str(), received.as_str()))
            }
            Outcome::Passed | Outcome::NotReached => None,
        })
    }

    /// Every check's verdict.
    pub(super) fn verdicts(self) -> Vec<Verdict> {
        self.0
    }
}

/// Several values, to be shown with `between` between them.
pub(super) fn joined<T: Display>(
    values: impl Iterator<Item = T> + Clone,
    between: &'static str,
) -> impl Display {
    fmt::from_fn(move |f| {
        for (index, value) in values.clone().enumerate() {
            write!(f, "{}{value}", if index > 0 { between } else { "" })?;
        }
        Ok(())
    })
}

/// What is refused although no check failed; only a fault of ours gets here, and it must not pass.
pub(super) fn incomplete() -> Refusal {
    Refusal::new(Check::NameId, "a whole assertion", "part of one")
}
