//! Becoming a member by an invitation (ORG-6).

use super::{By, Organizations, read_invitation::PURPOSE};
use crate::{
    domain::{
        invitation::{Closed, Invitation, State},
        member::{Member, Profile},
    },
    events, store,
};
use pass_mesh::{Fault, Problem, faults};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, InvitationId, Kind, OrganizationId};
use sqlx::PgConnection;

/// An invitation can't be accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptInvitationError {
    /// The link never was one, or another was sent since.
    #[error("this link is not valid any more")]
    LinkInvalid,
    /// The account is a Managed Account.
    #[error("an invitation is accepted with a Nulab Account")]
    ManagedAccount,
    /// The invitation is for another address.
    #[error("the invitation is for another address")]
    ForOther,
    /// The invitation is over.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// A Managed Account of the organization got the address meanwhile.
    #[error("the address is a Managed Account's of this organization")]
    AddressIsManaged,
    /// The account became a member in another way.
    #[error("the account is a member already")]
    AlreadyMember,
    /// A fault of ours.
    #[error("the invitation could not be accepted")]
    Fault(#[source] Fault),
}

faults!(AcceptInvitationError: sqlx::Error, Fault);

impl Problem for AcceptInvitationError {
    fn kind(&self) -> Kind {
        match self {
            Self::LinkInvalid | Self::Closed(Closed) => Kind::Precondition,
            Self::ManagedAccount | Self::ForOther => Kind::Forbidden,
            Self::AddressIsManaged | Self::AlreadyMember => Kind::AlreadyExists,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::LinkInvalid => ErrorReason::LinkInvalid,
            Self::Closed(Closed) => ErrorReason::InvitationClosed,
            Self::ManagedAccount => ErrorReason::ActorNotAllowed,
            Self::ForOther => ErrorReason::InvitationForOther,
            Self::AddressIsManaged => ErrorReason::AddressIsManaged,
            Self::AlreadyMember => ErrorReason::AlreadyMember,
            Self::Fault(fault) => fault.reason(),
        }
    }
}

/// Somebody whom an invitation is for: the owner of its link and of its address.
struct Invitee {
    profile: Profile,
    invitation: Invitation,
}

impl Organizations {
    /// Makes the person a member. Accepting again what one has accepted gives the same answer.
    #[tracing::instrument(skip_all, fields(account.id = %by.person.account))]
    pub async fn accept_invitation(
        &self,
        by: &By,
        token: &str,
    ) -> Result<OrganizationId, AcceptInvitationError> {
        let key = &self.settings.link_key;
        let (id, attempt) = key.open(PURPOSE, token).ok_or(AcceptInvitationError::LinkInvalid)?;
        if by.person.kind == AccountKind::Managed {
            return Err(AcceptInvitationError::ManagedAccount);
        }
        let profile = self.directory.profile(&by.calls, by.person.account).await?;
        let mut tx = self.pool.begin().await?;
        if !store::deletions::may_join(&mut tx, profile.account).await? {
            return Err(Fault::CallerGone.into());
        }
        let invitation = load(&mut tx, InvitationId::from(id), attempt).await?;
        if invitation.state == (State::Accepted { by: profile.account }) {
            return Ok(invitation.organization);
        }
        let Invitee { profile, invitation } = Invitee::check(profile, invitation)?;
        let now = self.clock.now();
        let invitation = invitation.accept(profile.account, now)?;
        let owner = store::members::owner_of_email(&mut tx, invitation.organization, &profile.email).await?;
        if owner == Some(AccountKind::Managed) {
            return Err(AcceptInvitationError::AddressIsManaged);
        }
        let member = Member::invited(invitation.organization, profile, invitation.role, now);
        if !store::members::insert(&mut tx, &member).await? {
            return Err(AcceptInvitationError::AlreadyMember);
        }
        store::directory::mark(&mut tx, member.profile.account, self.entropy.uuid(now)).await?;
        store::invitations::save(&mut tx, &invitation).await?;
        self.outbox.publish(&mut tx, events::invitation_accepted(by, &invitation)).await?;
        self.outbox.publish(&mut tx, events::member_added(by, &member)).await?;
        tx.commit().await?;
        Ok(invitation.organization)
    }
}

/// The invitation of a link, locked, and its organization before it: until the transaction ends nobody else
/// decides about members, so that the address does not become a Managed Account's meanwhile.
async fn load(
    conn: &mut PgConnection,
    id: InvitationId,
    attempt: i32,
) -> Result<Invitation, AcceptInvitationError> {
    if let Some(organization) = store::invitations::organization_of(conn, id).await? {
        store::organizations::lock(conn, organization).await?;
    }
    let invitation = store::invitations::find_locked(conn, id).await?;
    invitation.filter(|invitation| invitation.attempt == attempt).ok_or(AcceptInvitationError::LinkInvalid)
}

impl Invitee {
    /// The address is the authorization: whoever else has the link gets nothing.
    fn check(profile: Profile, invitation: Invitation) -> Result<Self, AcceptInvitationError> {
        if profile.email == invitation.email {
            Ok(Self { profile, invitation })
        } else {
            Err(AcceptInvitationError::ForOther)
        }
    }
}
