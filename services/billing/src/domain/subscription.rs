//! Nulab Pass of one organization: its trial, and how many seats it has (BIL-2, BIL-6, MAN-7).

use super::application::{Application, State};
use pass_types::{ApplicationId, OrganizationId};
use std::num::NonZeroU16;
use time::{Duration, OffsetDateTime};

/// Nulab Pass of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Whose.
    pub organization: OrganizationId,
    /// What it came of.
    pub application: ApplicationId,
    /// When the trial began.
    pub trial_started_at: OffsetDateTime,
    /// When it ends or ended; the clock decides.
    pub trial_ends_at: OffsetDateTime,
    /// How many seats there are.
    pub seats: i32,
    /// How many of them are taken.
    pub seats_used: i32,
}

/// What a trial consists of (BIL-2).
#[derive(Debug, Clone, Copy)]
pub struct TrialTerms {
    /// How many days it runs.
    pub days: NonZeroU16,
    /// How many seats it has, free of charge.
    pub seats: NonZeroU16,
}

/// Whether an organization has Nulab Pass (BIL-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entitlement {
    /// It never had.
    None,
    /// It has.
    Entitled {
        /// When it ends.
        until: OffsetDateTime,
    },
    /// It had.
    Ended {
        /// When it ended.
        at: OffsetDateTime,
    },
}

/// Every seat is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all seats are taken")]
pub struct NoSeat;

impl Subscription {
    /// The trial that an approved application starts.
    pub fn trial(application: &Application, terms: TrialTerms, now: OffsetDateTime) -> Self {
        Self {
            organization: application.organization,
            application: application.id,
            trial_started_at: now,
            trial_ends_at: now + Duration::days(terms.days.get().into()),
            seats: terms.seats.get().into(),
            seats_used: 0,
        }
    }

    /// Whether it runs. At its end it is over.
    pub fn entitlement(&self, now: OffsetDateTime) -> Entitlement {
        let end = self.trial_ends_at;
        if now < end { Entitlement::Entitled { until: end } } else { Entitlement::Ended { at: end } }
    }

    /// One seat more is taken (MAN-7).
    pub fn take(self) -> Result<Self, NoSeat> {
        if self.seats_used < self.seats {
            Ok(Self { seats_used: self.seats_used + 1, ..self })
        } else {
            Err(NoSeat)
        }
    }
}

/// Where Nulab Pass stands in an organization.
#[derive(Debug, Clone)]
pub struct NulabPass {
    /// The latest application.
    pub application: Option<Application>,
    /// What came of an approved one.
    pub subscription: Option<Subscription>,
}

/// Where Nulab Pass stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Never applied for, or rejected.
    None,
    /// An application waits.
    Applied,
    /// The trial runs.
    Trial,
    /// It is over.
    Ended,
}

impl NulabPass {
    /// Where it stands now.
    pub fn standing(&self, now: OffsetDateTime) -> Standing {
        match (&self.subscription, &self.application) {
            (Some(subscription), _) => match subscription.entitlement(now) {
                Entitlement::Entitled { .. } => Standing::Trial,
                Entitlement::Ended { .. } | Entitlement::None => Standing::Ended,
            },
            (None, Some(Application { state: State::Open, .. })) => Standing::Applied,
            (None, _) => Standing::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn trial() -> Subscription {
        let entropy = Entropy::from_seed(1);
        Subscription {
            organization: OrganizationId::generate(&entropy, NOW),
            application: ApplicationId::generate(&entropy, NOW),
            trial_started_at: NOW,
            trial_ends_at: NOW + Duration::days(30),
            seats: 2,
            seats_used: 0,
        }
    }

    /// proves BIL-6: the trial is over at its end, by the clock
    #[test]
    fn a_trial_ends_by_the_clock() {
        let end = NOW + Duration::days(30);
        assert_eq!(trial().entitlement(NOW), Entitlement::Entitled { until: end });
        assert_eq!(
            trial().entitlement(end - Duration::MICROSECOND),
            Entitlement::Entitled { until: end },
            "the last instant"
        );
        assert_eq!(trial().entitlement(end), Entitlement::Ended { at: end });
        let pass = NulabPass { application: None, subscription: Some(trial()) };
        assert_eq!((pass.standing(NOW), pass.standing(end)), (Standing::Trial, Standing::Ended));
    }

    /// proves MAN-7: there are as many seats as there are
    #[test]
    fn seats_run_out() {
        let full = trial().take().unwrap().take().unwrap();
        assert_eq!(full.seats_used, 2);
        assert_eq!(full.take(), Err(NoSeat));
    }
}
