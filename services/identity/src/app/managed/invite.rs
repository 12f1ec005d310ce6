//! Invitations of Managed Accounts (MAN-2): a link that tells how to sign in. It proves nothing, so that
//! it may be followed twice; the identity provider decides who somebody is.

use super::{ManagedError, Target};
use crate::{
    app::{Identity, Owner},
    domain::managed::{Managed, State},
    events::{self, ByCaller},
    grpc::neighbours::{Named, Organization},
    store,
};
use pass_mesh::Caller;
use pass_types::AccountId;

/// What the links of invitations are minted for.
const PURPOSE: &str = "managed-invitation";

/// What the link of an invitation leads to.
pub struct Invited {
    /// The account.
    pub managed: Managed,
    /// Whose it is.
    pub organization: Organization,
}

/// All that the mail to a new Managed Account needs.
pub struct ManagedInvitationMail {
    /// The account.
    pub managed: Managed,
    /// Where the mail leads.
    pub url: String,
}

impl Identity {
    /// Mails the invitation anew, with another link.
    pub async fn resend_managed_invitation(
        &self,
        owner: &Owner<'_>,
        target: Target,
    ) -> Result<Managed, ManagedError> {
        let administrator = self.administrator(owner, target.organization).await?;
        self.must_have_pass(&administrator).await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let held = store::managed_accounts::lock(&mut tx, target.account).await?;
        let managed = held.map(|held| held.managed).filter(|managed| {
            managed.organization == target.organization && managed.state != State::Provisioning
        });
        let managed = managed.ok_or(ManagedError::NotFound)?.invited_anew(now)?;
        let by_address = self.subject("managed invitation", managed.account.email.key());
        let empty_at = store::throttles::lock(&mut tx, &by_address, now).await?;
        let after = self.rules.sign_ups_per_address.take(empty_at, now)?;
        store::throttles::save(&mut tx, &by_address, after).await?;
        store::managed_accounts::save(&mut tx, &managed, None, None).await?;
        let invited = events::managed_account_invited(&managed);
        self.outbox.publish(&mut tx, invited.by_caller(owner.caller)).await?;
        tx.commit().await?;
        Ok(managed)
    }

    /// What an invitation's link is for.
    pub async fn managed_invitation(&self, caller: &Caller, token: &str) -> Result<Invited, ManagedError> {
        let (id, attempt) = self.links.open(PURPOSE, token).ok_or(ManagedError::LinkInvalid)?;
        let managed = self.invited(id.into(), attempt).await?;
        if managed.invitation.expires_at <= self.clock.now() {
            return Err(ManagedError::LinkInvalid);
        }
        let calls = caller.as_system().within(self.rules.call);
        let organization = self.neighbours.organization(&calls, Named::Id(managed.organization)).await;
        let organization = organization.map_err(ManagedError::Neighbour)?.ok_or(ManagedError::LinkInvalid)?;
        Ok(Invited { managed, organization })
    }

    /// What the mail of an invitation says.
    pub async fn managed_invitation_mail(
        &self,
        id: AccountId,
        attempt: i32,
    ) -> Result<ManagedInvitationMail, ManagedError> {
        let managed = self.invited(id, attempt).await?;
        let token = self.links.mint(PURPOSE, id.uuid(), attempt);
        let url = format!("{}/managed/invitations/{token}", self.rules.gateway_url);
        Ok(ManagedInvitationMail { managed, url })
    }

    /// The account, while this is its latest invitation and nobody has signed in.
    async fn invited(&self, id: AccountId, attempt: i32) -> Result<Managed, ManagedError> {
        let mut db = self.pool.acquire().await?;
        let held = store::managed_accounts::find(&mut db, id).await?;
        let managed = held
            .map(|held| held.managed)
            .filter(|managed| managed.state == State::Invited && managed.invitation.attempt == attempt);
        managed.ok_or(ManagedError::LinkInvalid)
    }
}
