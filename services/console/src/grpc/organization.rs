//! Organizations, members and invitations, from organization.

use super::{AsPerson, List, Suite, list, refused, unusable};
use pass_mesh::CallContext;
use pass_proto::{
    convert::{FromWire, instant, privileges_from_wire},
    organization::v1::{
        self as wire, invitation::State as WireInvitationState, space::State as WireSpaceState,
    },
};
use pass_types::{
    Invalid, InvitationId, Language, OrganizationId, Origin, Privilege, Privileges, Product, RequestId, Role,
};
use pass_web::Refusal;
use time::OffsetDateTime;

/// An organization.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its permanent key (ORG-2).
    pub space_key: String,
    /// What Managed Accounts type to sign in, its Organization ID (ORG-3); empty: none.
    pub handle: String,
    /// Since when.
    pub create_time: OffsetDateTime,
}

/// The signed-in person's place in an organization.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The organization.
    pub organization: Organization,
    /// The role.
    pub role: Role,
    /// The privileges.
    pub privileges: Privileges,
}

impl Membership {
    /// Whether the person runs the organization.
    pub fn administers(&self) -> bool {
        self.role == Role::Administrator
    }

    /// Whether Nulab Pass is the person's business: administrators' and Plan Admins' (BIL-1).
    pub fn may_see_nulab_pass(&self) -> bool {
        self.administers() || self.privileges.has(Privilege::PlanAdmin)
    }

    /// Whether the person may invite by mail (ORG-5).
    pub fn may_invite(&self) -> bool {
        self.administers() || self.privileges.has(Privilege::Invite)
    }
}

/// Where a Space's plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceState {
    /// In its trial.
    Trial,
    /// Paid.
    Active,
    /// Over.
    Ended,
}

/// One product of an organization (ORG-14).
#[derive(Debug, Clone)]
pub struct Space {
    /// Its Space ID: its name in the product.
    pub id: String,
    /// Which product.
    pub product: Product,
    /// Which plan.
    pub plan: String,
    /// Where the plan stands.
    pub state: SpaceState,
    /// When the trial ends.
    pub trial_end_time: Option<OffsetDateTime>,
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// Can be accepted.
    Open,
    /// Was.
    Accepted,
    /// Was withdrawn.
    Canceled,
    /// Nobody accepted it in time.
    Expired,
}

/// An invitation, as those who invite see it.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Where it stands.
    pub state: InvitationState,
    /// When it ends.
    pub expire_time: OffsetDateTime,
}

/// An invitation, as whoever has its link sees it.
#[derive(Debug, Clone)]
pub struct InvitationView {
    /// Of which organization.
    pub organization_name: String,
    /// Who invites; empty: somebody who has left.
    pub inviter_name: String,
    /// Whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// What the inviter says.
    pub message: String,
    /// Where it stands.
    pub state: InvitationState,
    /// When it ends.
    pub expire_time: OffsetDateTime,
}

/// A trial to start, as typed.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Makes it happen once.
    pub request: RequestId,
    /// For which organization; `None`: a new one.
    pub organization: Option<OrganizationId>,
    /// The new one's name.
    pub organization_name: String,
    /// Which product.
    pub product: Product,
    /// Which plan.
    pub plan: String,
    /// The Space's name.
    pub space_id: String,
}

/// Somebody to invite, as typed.
#[derive(Debug, Clone)]
pub struct Invitee {
    /// Makes it happen once.
    pub request: RequestId,
    /// Whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// What to say.
    pub message: String,
    /// Of the mail.
    pub language: Language,
}

impl AsPerson {
    /// Starts a trial (ORG-1). The organization that has it.
    pub async fn start_trial(&self, trial: &Trial) -> Result<OrganizationId, Refusal> {
        let message = wire::StartTrialRequest {
            request_id: trial.request.to_string(),
            organization_id: trial.organization.map(|id| id.to_string()).unwrap_or_default(),
            organization_name: trial.organization_name.clone(),
            product: trial.product.to_wire() as i32,
            plan: trial.plan.clone(),
            space_id: trial.space_id.clone(),
        };
        let request = self.context.request(message);
        let answer = self.suite.organizations.clone().start_trial(request).await.map_err(refused)?;
        let wire::StartTrialResponse { organization, space: _ } = answer.into_inner();
        organization_of(organization).map(|organization| organization.id).map_err(unusable("organization"))
    }

    /// A page of the person's organizations, by name.
    pub async fn organizations(&self, page_token: &str) -> Result<List<Membership>, Refusal> {
        let message = wire::ListMyOrganizationsRequest { page_size: 0, page_token: page_token.to_owned() };
        let request = self.context.request(message);
        let answer =
            self.suite.organizations.clone().list_my_organizations(request).await.map_err(refused)?;
        let wire::ListMyOrganizationsResponse { memberships, next_page_token } = answer.into_inner();
        list(memberships, next_page_token, |it| membership_of(Some(it)))
    }

    /// An organization of the person, with its Spaces.
    pub async fn organization(&self, id: OrganizationId) -> Result<(Membership, Vec<Space>), Refusal> {
        let request = self.context.request(wire::GetOrganizationRequest { organization_id: id.to_string() });
        let answer = self.suite.organizations.clone().get_organization(request).await.map_err(refused)?;
        let wire::GetOrganizationResponse { membership, spaces } = answer.into_inner();
        let spaces = spaces.into_iter().map(space_of).collect::<Result<_, _>>();
        let membership = membership_of(membership).map_err(unusable("membership"))?;
        Ok((membership, spaces.map_err(unusable("space"))?))
    }

    /// Sets the Organization ID (ORG-3).
    pub async fn set_handle(&self, organization: OrganizationId, handle: &str) -> Result<(), Refusal> {
        let message = wire::SetOrganizationHandleRequest {
            organization_id: organization.to_string(),
            handle: handle.to_owned(),
        };
        let request = self.context.request(message);
        self.suite.organizations.clone().set_organization_handle(request).await.map_err(refused)?;
        Ok(())
    }

    /// Invites somebody by mail (ORG-6).
    pub async fn invite(&self, organization: OrganizationId, invitee: &Invitee) -> Result<(), Refusal> {
        let message = wire::CreateInvitationRequest {
            request_id: invitee.request.to_string(),
            organization_id: organization.to_string(),
            email: invitee.email.clone(),
            role: invitee.role.to_wire() as i32,
            message: invitee.message.clone(),
            language: invitee.language.to_wire() as i32,
        };
        let request = self.context.request(message);
        self.suite.invitations.clone().create_invitation(request).await.map_err(refused)?;
        Ok(())
    }

    /// A page of open and expired invitations, latest first.
    pub async fn invitations(
        &self,
        organization: OrganizationId,
        page_token: &str,
    ) -> Result<List<Invitation>, Refusal> {
        let message = wire::ListInvitationsRequest {
            organization_id: organization.to_string(),
            page_size: 0,
            page_token: page_token.to_owned(),
        };
        let request = self.context.request(message);
        let answer = self.suite.invitations.clone().list_invitations(request).await.map_err(refused)?;
        let wire::ListInvitationsResponse { invitations, next_page_token } = answer.into_inner();
        list(invitations, next_page_token, invitation_of)
    }

    /// Mails an invitation again.
    pub async fn resend(&self, organization: OrganizationId, id: InvitationId) -> Result<(), Refusal> {
        let message = wire::ResendInvitationRequest {
            organization_id: organization.to_string(),
            invitation_id: id.to_string(),
        };
        let request = self.context.request(message);
        self.suite.invitations.clone().resend_invitation(request).await.map_err(refused)?;
        Ok(())
    }

    /// Withdraws an invitation.
    pub async fn cancel(&self, organization: OrganizationId, id: InvitationId) -> Result<(), Refusal> {
        let message = wire::CancelInvitationRequest {
            organization_id: organization.to_string(),
            invitation_id: id.to_string(),
        };
        let request = self.context.request(message);
        self.suite.invitations.clone().cancel_invitation(request).await.map_err(refused)?;
        Ok(())
    }

    /// Makes the person a member, by the token of an invitation's link. The organization.
    pub async fn accept(&self, token: &str) -> Result<OrganizationId, Refusal> {
        let request = self.context.request(wire::AcceptInvitationRequest { token: token.to_owned() });
        let answer = self.suite.invitations.clone().accept_invitation(request).await.map_err(refused)?;
        let wire::AcceptInvitationResponse { organization_id } = answer.into_inner();
        organization_id.parse().map_err(unusable("organization"))
    }
}

impl Suite {
    /// What the token of an invitation's link is for.
    pub async fn invitation(&self, token: &str, origin: Origin) -> Result<InvitationView, Refusal> {
        let message = wire::GetInvitationRequest { token: token.to_owned() };
        let request = CallContext::anonymous(origin).request(message);
        let answer = self.invitations.clone().get_invitation(request).await.map_err(refused)?;
        view_of(answer.into_inner()).map_err(unusable("invitation"))
    }
}

fn organization_of(organization: Option<wire::Organization>) -> Result<Organization, Invalid> {
    let wire::Organization { organization_id, name, space_key, create_time, handle } =
        organization.ok_or(Invalid("no organization"))?;
    let create_time = instant(create_time)?;
    Ok(Organization { id: organization_id.parse()?, name, space_key, handle, create_time })
}

fn membership_of(membership: Option<wire::Membership>) -> Result<Membership, Invalid> {
    let wire::Membership { organization, role, privileges } = membership.ok_or(Invalid("no membership"))?;
    Ok(Membership {
        organization: organization_of(organization)?,
        role: Role::from_wire(role)?,
        privileges: privileges_from_wire(&privileges)?,
    })
}

fn space_of(space: wire::Space) -> Result<Space, Invalid> {
    let wire::Space { space_id, product, plan, state, trial_end_time } = space;
    let state = match WireSpaceState::try_from(state) {
        Ok(WireSpaceState::Trial) => SpaceState::Trial,
        Ok(WireSpaceState::Active) => SpaceState::Active,
        Ok(WireSpaceState::Ended) => SpaceState::Ended,
        Ok(WireSpaceState::Unspecified) | Err(_) => return Err(Invalid("an unknown state of a Space")),
    };
    let trial_end_time = trial_end_time.map(|end| instant(Some(end))).transpose()?;
    Ok(Space { id: space_id, product: Product::from_wire(product)?, plan, state, trial_end_time })
}

fn invitation_of(invitation: wire::Invitation) -> Result<Invitation, Invalid> {
    let wire::Invitation { invitation_id, email, role, state, create_time: _, expire_time } = invitation;
    Ok(Invitation {
        id: invitation_id.parse()?,
        email,
        role: Role::from_wire(role)?,
        state: invitation_state(state)?,
        expire_time: instant(expire_time)?,
    })
}

fn view_of(invitation: wire::GetInvitationResponse) -> Result<InvitationView, Invalid> {
    let wire::GetInvitationResponse {
        organization_name,
        inviter_name,
        email,
        role,
        message,
        state,
        expire_time,
    } = invitation;
    Ok(InvitationView {
        organization_name,
        inviter_name,
        email,
        role: Role::from_wire(role)?,
        message,
        state: invitation_state(state)?,
        expire_time: instant(expire_time)?,
    })
}

fn invitation_state(state: i32) -> Result<InvitationState, Invalid> {
    match WireInvitationState::try_from(state) {
        Ok(WireInvitationState::Open) => Ok(InvitationState::Open),
        Ok(WireInvitationState::Accepted) => Ok(InvitationState::Accepted),
        Ok(WireInvitationState::Canceled) => Ok(InvitationState::Canceled),
        Ok(WireInvitationState::Expired) => Ok(InvitationState::Expired),
        Ok(WireInvitationState::Unspecified) | Err(_) => Err(Invalid("an unknown state of an invitation")),
    }
}
