//! What a link of an invitation is for.

use super::Organizations;
use crate::{
    domain::invitation::Invitation,
    store::{self, invitations::Names},
};
use pass_mesh::{Fault, Problem, faults};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{InvitationId, Kind};
use time::OffsetDateTime;

/// What links of invitations are minted for.
pub(super) const PURPOSE: &str = "invitation";

/// A link that can't be shown or mailed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It never was one, another was sent since, or the invitation is over.
    #[error("this link is not valid any more")]
    Invalid,
    /// A fault of ours.
    #[error("the invitation could not be read")]
    Fault(#[source] Fault),
}

faults!(LinkError: sqlx::Error);

impl Problem for LinkError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid => Kind::Precondition,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid => ErrorReason::LinkInvalid,
            Self::Fault(fault) => fault.reason(),
        }
    }
}

/// An invitation for whoever has its link.
#[derive(Debug)]
pub struct ShownInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The names to show with it.
    pub names: Names,
    /// The time that its state is to be judged by.
    pub now: OffsetDateTime,
}

impl Organizations {
    /// The invitation that a link is for. Having the link is the authorization.
    #[tracing::instrument(skip_all)]
    pub async fn get_invitation(&self, token: &str) -> Result<ShownInvitation, LinkError> {
        let (id, attempt) = self.settings.link_key.open(PURPOSE, token).ok_or(LinkError::Invalid)?;
        let mut conn = self.pool.acquire().await?;
        let invitation = store::invitations::find(&mut conn, InvitationId::from(id)).await?;
        let invitation =
            invitation.filter(|invitation| invitation.attempt == attempt).ok_or(LinkError::Invalid)?;
        let names = store::invitations::names(&mut conn, &invitation).await?;
        Ok(ShownInvitation { invitation, names, now: self.clock.now() })
    }
}
