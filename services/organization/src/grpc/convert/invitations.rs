//! Invitations.

use super::{field, page, parse};
use crate::{
    app::{CreateInvitation, InvitationMail, ListInvitations, PrepareInvitationMail, ShownInvitation},
    domain::invitation::{Invitation, State},
};
use pass_mesh::violation;
use pass_proto::{
    convert::{FromWire, timestamp},
    organization::v1 as wire,
};
use pass_types::{Invalid, InvitationId, Language, OrganizationId, Page, Role};
use time::OffsetDateTime;
use tonic::Status;

pub fn create_invitation(request: &wire::CreateInvitationRequest) -> Result<CreateInvitation, Status> {
    let wire::CreateInvitationRequest { request_id, organization_id, email, role, message, language } =
        request;
    Ok(CreateInvitation {
        request: parse("request_id", request_id)?,
        organization: parse("organization_id", organization_id)?,
        email: parse("email", email)?,
        role: field("role", Role::from_wire(*role))?,
        message: parse("message", message)?,
        language: field("language", Language::from_wire(*language))?,
    })
}

pub fn list_invitations(request: wire::ListInvitationsRequest) -> Result<ListInvitations, Status> {
    let wire::ListInvitationsRequest { organization_id, page_size, page_token } = request;
    let (size, token) = page(page_size, page_token)?;
    Ok(ListInvitations { organization: parse("organization_id", &organization_id)?, size, token })
}

pub fn invitations(page: &Page<Invitation>, now: OffsetDateTime) -> wire::ListInvitationsResponse {
    let invitations = page.items.iter().map(|it| invitation(it, now)).collect();
    wire::ListInvitationsResponse { invitations, next_page_token: page.next.clone() }
}

pub fn resend_invitation(
    request: &wire::ResendInvitationRequest,
) -> Result<(OrganizationId, InvitationId), Status> {
    let wire::ResendInvitationRequest { organization_id, invitation_id } = request;
    Ok((parse("organization_id", organization_id)?, parse("invitation_id", invitation_id)?))
}

pub fn cancel_invitation(
    request: &wire::CancelInvitationRequest,
) -> Result<(OrganizationId, InvitationId), Status> {
    let wire::CancelInvitationRequest { organization_id, invitation_id } = request;
    Ok((parse("organization_id", organization_id)?, parse("invitation_id", invitation_id)?))
}

pub fn shown_invitation(shown: ShownInvitation) -> wire::GetInvitationResponse {
    let ShownInvitation { invitation, names, now } = shown;
    wire::GetInvitationResponse {
        organization_name: names.organization.to_string(),
        inviter_name: names.inviter.map(|name| name.to_string()).unwrap_or_default(),
        email: invitation.email.as_str().to_owned(),
        role: invitation.role.to_wire().into(),
        message: invitation.message.as_str().to_owned(),
        state: state(invitation.state(now)).into(),
        expire_time: Some(timestamp(invitation.expires_at)),
    }
}

pub fn prepare_invitation_mail(
    request: &wire::PrepareInvitationMailRequest,
) -> Result<PrepareInvitationMail, Status> {
    let wire::PrepareInvitationMailRequest { invitation_id, attempt } = request;
    if *attempt < 1 {
        return Err(violation(Invalid("must be 1 or more").of("attempt")));
    }
    Ok(PrepareInvitationMail { id: parse("invitation_id", invitation_id)?, attempt: *attempt })
}

pub fn invitation_mail(mail: InvitationMail) -> wire::PrepareInvitationMailResponse {
    let InvitationMail { invitation, names, url } = mail;
    wire::PrepareInvitationMailResponse {
        email: invitation.email.as_str().to_owned(),
        organization_name: names.organization.to_string(),
        inviter_name: names.inviter.map(|name| name.to_string()).unwrap_or_default(),
        role: invitation.role.to_wire().into(),
        message: invitation.message.as_str().to_owned(),
        language: invitation.language.to_wire().into(),
        url: url.into(),
        expire_time: Some(timestamp(invitation.expires_at)),
    }
}

pub fn invitation(invitation: &Invitation, now: OffsetDateTime) -> wire::Invitation {
    wire::Invitation {
        invitation_id: invitation.id.to_string(),
        email: invitation.email.as_str().to_owned(),
        role: invitation.role.to_wire().into(),
        state: state(invitation.state(now)).into(),
        create_time: Some(timestamp(invitation.created_at)),
        expire_time: Some(timestamp(invitation.expires_at)),
    }
}

fn state(state: State) -> wire::invitation::State {
    match state {
        State::Open => wire::invitation::State::Open,
        State::Accepted { by: _ } => wire::invitation::State::Accepted,
        State::Canceled => wire::invitation::State::Canceled,
        State::Expired => wire::invitation::State::Expired,
    }
}
