//! Granting and refusing a trial, by operators (BIL-1, BIL-2).

use super::{Billing, Operator, Refused};
use crate::{
    domain::{
        application::{Application, Decided, Decision, Outcome, RejectionReason},
        subscription::Subscription,
    },
    events, store,
};
use pass_mesh::{Fault, Problem, faults};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{ApplicationId, Kind};

/// An application can't be decided so.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such application.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It was decided already, and otherwise.
    #[error(transparent)]
    Decided(#[from] Decided),
    /// The organization has had its trial.
    #[error("this organization has had its trial of Nulab Pass")]
    TrialUsed,
    /// A fault of ours.
    #[error("the application could not be decided")]
    Fault(#[source] Fault),
}

faults!(DecideError: sqlx::Error);

impl Problem for DecideError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::Decided(Decided) | Self::TrialUsed => Kind::Precondition,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::Decided(Decided) => ErrorReason::ApplicationDecided,
            Self::TrialUsed => ErrorReason::NulabPassTrialUsed,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            Self::Decided(_) | Self::TrialUsed | Self::Fault(_) => vec![],
        }
    }
}

impl Billing {
    /// Grants the trial, which starts now. Granting it again changes nothing.
    #[tracing::instrument(skip_all, fields(application.id = %id))]
    pub async fn approve_application(
        &self,
        operator: &Operator,
        id: ApplicationId,
    ) -> Result<Application, DecideError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let application = store::applications::find_locked(&mut tx, id).await?.ok_or(Refused::NotFound)?;
        let approved = match application.approve(Decision { by: operator.account, at: now })? {
            Outcome::Before(application) => return Ok(application),
            Outcome::Now(application) => application,
        };
        let subscription = Subscription::trial(&approved, self.settings.trial, now);
        store::applications::save(&mut tx, &approved).await?;
        if !store::subscriptions::insert(&mut tx, &subscription).await? {
            return Err(DecideError::TrialUsed);
        }
        self.outbox.publish(&mut tx, events::application_approved(&operator.author, &approved)).await?;
        tx.commit().await?;
        Ok(approved)
    }

    /// Refuses the trial; the reason is mailed. The organization may apply again.
    #[tracing::instrument(skip_all, fields(application.id = %id))]
    pub async fn reject_application(
        &self,
        operator: &Operator,
        id: ApplicationId,
        reason: RejectionReason,
    ) -> Result<Application, DecideError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        // Who has deleted their account meanwhile writes nothing any more (ACC-13).
        if store::people::is_forgotten(&mut tx, operator.account).await? {
            return Err(Refused::NotFound.into());
        }
        let application = store::applications::find_locked(&mut tx, id).await?.ok_or(Refused::NotFound)?;
        let rejected = match application.reject(Decision { by: operator.account, at: now }, reason)? {
            Outcome::Before(application) => return Ok(application),
            Outcome::Now(application) => application,
        };
        store::applications::save(&mut tx, &rejected).await?;
        self.outbox.publish(&mut tx, events::application_rejected(&operator.author, &rejected)).await?;
        tx.commit().await?;
        Ok(rejected)
    }
}
