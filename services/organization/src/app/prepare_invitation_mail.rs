//! All that the mail of an invitation needs, put together at the moment of sending.

use super::{LinkError, Organizations, read_invitation::PURPOSE};
use crate::{
    domain::invitation::{Invitation, State},
    store::{self, invitations::Names},
};
use pass_types::InvitationId;
use url::Url;

/// Which mail.
#[derive(Debug, Clone, Copy)]
pub struct PrepareInvitationMail {
    /// Of which invitation.
    pub id: InvitationId,
    /// Which attempt at it.
    pub attempt: i32,
}

/// The mail.
#[derive(Debug)]
pub struct InvitationMail {
    /// The invitation.
    pub invitation: Invitation,
    /// The names to show.
    pub names: Names,
    /// The link.
    pub url: Url,
}

impl Organizations {
    /// Puts the mail together; the same each time, as the link is derived. Only notification may ask.
    #[tracing::instrument(skip_all, fields(invitation.id = %prepare.id))]
    pub async fn prepare_invitation_mail(
        &self,
        prepare: PrepareInvitationMail,
    ) -> Result<InvitationMail, LinkError> {
        let PrepareInvitationMail { id, attempt } = prepare;
        let mut conn = self.pool.acquire().await?;
        let invitation = store::invitations::find(&mut conn, id).await?.ok_or(LinkError::Invalid)?;
        if invitation.attempt != attempt || invitation.state(self.clock.now()) != State::Open {
            return Err(LinkError::Invalid);
        }
        let names = store::invitations::names(&mut conn, &invitation).await?;
        let token = self.settings.link_key.mint(PURPOSE, id.uuid(), attempt);
        let mut url = self.settings.console.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["invitations", &token]);
        }
        Ok(InvitationMail { invitation, names, url })
    }
}
