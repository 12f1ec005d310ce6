//! Mailing an invitation again, and withdrawing it (ORG-6).

use super::{By, CreateInvitationError, Organizations, Refused, authorize, create_invitation::not_a_members};
use crate::{
    domain::{
        authority::{Inviter, Needed},
        invitation::{Closed, Invitation, State},
    },
    events, store,
};
use pass_mesh::{Fault, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{InvitationId, Kind, OrganizationId};
use sqlx::PgConnection;
use std::time::Duration;

/// An invitation can't be mailed again or withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum ManageInvitationError {
    /// The person may not, or there is no such invitation here.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It is over.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// It can't be mailed for a reason that a new one could not be, either.
    #[error(transparent)]
    Mail(#[from] CreateInvitationError),
    /// A fault of ours.
    #[error("the invitation could not be changed")]
    Fault(#[source] Fault),
}

faults!(ManageInvitationError: sqlx::Error);
refusals!(ManageInvitationError: Refused);

impl From<Needed> for ManageInvitationError {
    fn from(needed: Needed) -> Self {
        Self::Refused(needed.into())
    }
}

impl Problem for ManageInvitationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::Closed(Closed) => Kind::Precondition,
            Self::Mail(error) => error.kind(),
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::Closed(Closed) => ErrorReason::InvitationClosed,
            Self::Mail(error) => error.reason(),
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Mail(error) => error.retry_after(),
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            Self::Mail(error) => error.metadata(),
            Self::Closed(_) | Self::Fault(_) => vec![],
        }
    }
}

impl Organizations {
    /// Mails it again, under a new link that lives 7 days from now.
    #[tracing::instrument(skip_all, fields(org.id = %organization, invitation.id = %id))]
    pub async fn resend_invitation(
        &self,
        by: &By,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<Invitation, ManageInvitationError> {
        let mut tx = self.pool.begin().await?;
        let inviter = authorize::inviter(&mut tx, by, organization).await?;
        let now = self.clock.now();
        let invitation = load(&mut tx, &inviter, id).await?;
        let was = invitation.state(now);
        let invitation = invitation.resend(now)?;
        not_a_members(&mut tx, organization, &invitation.email).await?;
        self.count_mail(&mut tx, &inviter, now).await?;
        if was == State::Expired {
            self.leave_room(&mut tx, &inviter, now).await?;
        }
        if !store::invitations::save(&mut tx, &invitation).await? {
            return Err(CreateInvitationError::AlreadyInvited.into());
        }
        self.outbox.publish(&mut tx, events::invitation_created(by, &invitation)).await?;
        tx.commit().await?;
        Ok(invitation)
    }

    /// Withdraws it. One that was withdrawn before stays so.
    #[tracing::instrument(skip_all, fields(org.id = %organization, invitation.id = %id))]
    pub async fn cancel_invitation(
        &self,
        by: &By,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<(), ManageInvitationError> {
        let mut tx = self.pool.begin().await?;
        let inviter = authorize::inviter(&mut tx, by, organization).await?;
        let invitation = load(&mut tx, &inviter, id).await?;
        if invitation.state == State::Canceled {
            return Ok(());
        }
        let invitation = invitation.cancel(self.clock.now())?;
        store::invitations::save(&mut tx, &invitation).await?;
        self.outbox.publish(&mut tx, events::invitation_canceled(by, &invitation)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The invitation, locked, if it is this organization's and the inviter may deal with it.
async fn load(
    conn: &mut PgConnection,
    inviter: &Inviter,
    id: InvitationId,
) -> Result<Invitation, ManageInvitationError> {
    let invitation = store::invitations::find_locked(conn, id).await?;
    let invitation = invitation
        .filter(|invitation| invitation.organization == inviter.organization())
        .ok_or(Refused::NotFound)?;
    inviter.may_offer(invitation.role)?;
    Ok(invitation)
}
