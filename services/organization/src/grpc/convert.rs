//! From messages to what use cases take, and back. Messages are taken apart exhaustively: a new field
//! does not compile until somebody decides about it.

use crate::{
    app::{
        CheckAccess, CreateInvitation, InvitationMail, ListInvitations, ListMembers, ListMyOrganizations,
        Page, PageSize, PrepareInvitationMail, ResolveMembership, ShownInvitation, StartTrial, Started,
        Target,
    },
    domain::{
        access::{Decision, Refusal},
        invitation::{Invitation, State},
        member::Member,
        organization::{Organization, Space, SpaceState},
    },
    store::organizations::Mine,
};
use pass_mesh::{Peer, Refusal as NotCalled, status, violation};
use pass_proto::{
    convert::{FromWire, privileges_to_wire, timestamp},
    organization::v1::{self as wire, check_access_response::Reason},
};
use pass_types::{Invalid, InvitationId, Language, Membership, OrganizationId, Product, Role, Violation};
use std::str::FromStr;
use time::OffsetDateTime;
use tonic::Status;

/// The longest page token that is looked at.
const PAGE_TOKEN: usize = 1024;

/// A field's value, or what is wrong with it.
fn field<T>(name: &'static str, value: Result<T, Invalid>) -> Result<T, Status> {
    value.map_err(|invalid| violation(invalid.of(name)))
}

fn parse<T: FromStr<Err = Invalid>>(name: &'static str, text: &str) -> Result<T, Status> {
    field(name, text.parse())
}

/// `None` when it is empty.
fn optional<T: FromStr<Err = Invalid>>(name: &'static str, text: &str) -> Result<Option<T>, Status> {
    if text.is_empty() { Ok(None) } else { parse(name, text).map(Some) }
}

fn page(size: i32, token: String) -> Result<(PageSize, String), Status> {
    let size = field("page_size", PageSize::try_from(size))?;
    if token.len() > PAGE_TOKEN {
        return Err(violation(Violation { field: "page_token", problem: Invalid("is too long") }));
    }
    Ok((size, token))
}

pub fn start_trial(request: wire::StartTrialRequest) -> Result<StartTrial, Status> {
    let wire::StartTrialRequest { request_id, organization_id, organization_name, product, plan, space_id } =
        request;
    let target = match (organization_id.as_str(), organization_name.as_str()) {
        ("", name) => Target::New(parse("organization_name", name)?),
        (id, "") => Target::Existing(parse("organization_id", id)?),
        _ => {
            let both = Invalid("must be empty when organization_id is given");
            return Err(violation(both.of("organization_name")));
        }
    };
    Ok(StartTrial {
        request: parse("request_id", &request_id)?,
        target,
        product: field("product", Product::from_wire(product))?,
        plan: parse("plan", &plan)?,
        space: parse("space_id", &space_id)?,
    })
}

pub fn started(started: Started, now: OffsetDateTime) -> wire::StartTrialResponse {
    let Started { organization: it, space: its } = started;
    wire::StartTrialResponse { organization: Some(organization(&it)), space: Some(space(&its, now)) }
}

pub fn list_my_organizations(
    request: wire::ListMyOrganizationsRequest,
) -> Result<ListMyOrganizations, Status> {
    let wire::ListMyOrganizationsRequest { page_size, page_token } = request;
    let (size, token) = page(page_size, page_token)?;
    Ok(ListMyOrganizations { size, token })
}

pub fn my_organizations(page: Page<Mine>) -> wire::ListMyOrganizationsResponse {
    let memberships =
        page.items.iter().map(|mine| membership(&mine.organization, &mine.membership)).collect();
    wire::ListMyOrganizationsResponse { memberships, next_page_token: page.next }
}

pub fn get_organization(request: &wire::GetOrganizationRequest) -> Result<OrganizationId, Status> {
    let wire::GetOrganizationRequest { organization_id } = request;
    parse("organization_id", organization_id)
}

pub fn organization_seen(
    (organization, place, spaces): (Organization, Membership, Vec<Space>),
    now: OffsetDateTime,
) -> wire::GetOrganizationResponse {
    wire::GetOrganizationResponse {
        membership: Some(membership(&organization, &place)),
        spaces: spaces.iter().map(|it| space(it, now)).collect(),
    }
}

pub fn list_members(request: wire::ListMembersRequest) -> Result<ListMembers, Status> {
    let wire::ListMembersRequest { organization_id, query, page_size, page_token } = request;
    let (size, token) = page(page_size, page_token)?;
    let organization = parse("organization_id", &organization_id)?;
    if query.len() > 254 {
        return Err(violation(Invalid("must be at most 254 bytes long").of("query")));
    }
    if query.contains('\0') {
        return Err(violation(Invalid("must not contain control characters").of("query")));
    }
    Ok(ListMembers { organization, query, size, token })
}

pub fn members(page: &Page<Member>) -> wire::ListMembersResponse {
    let members = page.items.iter().map(member).collect();
    wire::ListMembersResponse { members, next_page_token: page.next.clone() }
}

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

/// The product that calls is the one that access is asked for; its name in the mesh says which. One
/// that has no Spaces has no access to ask for.
pub fn check_access(peer: &Peer, request: &wire::CheckAccessRequest) -> Result<CheckAccess, Status> {
    let wire::CheckAccessRequest { space_id } = request;
    let product = peer.name().parse().map_err(|_| status(NotCalled::Peer))?;
    Ok(CheckAccess { product, space: optional("space_id", space_id)? })
}

pub fn decision(decision: Decision, now: OffsetDateTime) -> wire::CheckAccessResponse {
    match decision {
        Decision::Allowed { organization: it, space: its, role } => wire::CheckAccessResponse {
            allowed: true,
            reason: Reason::Allowed.into(),
            organization: Some(organization(&it)),
            space: Some(space(&its, now)),
            role: role.to_wire().into(),
        },
        Decision::Refused(refusal) => {
            let reason = match refusal {
                Refusal::NotAMember => Reason::NotAMember,
                Refusal::NoSpace => Reason::NoSpace,
                Refusal::ProductOff => Reason::ProductOff,
                Refusal::PlanEnded => Reason::PlanEnded,
            };
            wire::CheckAccessResponse { allowed: false, reason: reason.into(), ..Default::default() }
        }
    }
}

pub fn resolve_membership(request: &wire::ResolveMembershipRequest) -> Result<ResolveMembership, Status> {
    let wire::ResolveMembershipRequest { account_id, organization_id, product } = request;
    Ok(ResolveMembership {
        account: parse("account_id", account_id)?,
        organization: optional("organization_id", organization_id)?,
        product: match product {
            0 => None,
            product => Some(field("product", Product::from_wire(*product))?),
        },
    })
}

pub fn resolved(membership: Option<Membership>) -> wire::ResolveMembershipResponse {
    match membership {
        None => wire::ResolveMembershipResponse::default(),
        Some(Membership { organization, role, privileges }) => wire::ResolveMembershipResponse {
            organization_id: organization.to_string(),
            role: role.to_wire().into(),
            privileges: privileges_to_wire(&privileges),
        },
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

fn organization(organization: &Organization) -> wire::Organization {
    let Organization { id, name, space_key, created_at } = organization;
    wire::Organization {
        organization_id: id.to_string(),
        name: name.to_string(),
        space_key: space_key.to_string(),
        create_time: Some(timestamp(*created_at)),
    }
}

fn space(space: &Space, now: OffsetDateTime) -> wire::Space {
    let state = match space.state(now) {
        SpaceState::Trial => wire::space::State::Trial,
        SpaceState::Active => wire::space::State::Active,
        SpaceState::Ended => wire::space::State::Ended,
    };
    wire::Space {
        space_id: space.id.to_string(),
        product: space.product.to_wire().into(),
        plan: space.plan.to_string(),
        state: state.into(),
        trial_end_time: Some(timestamp(space.trial_ends_at)),
    }
}

fn membership(it: &Organization, membership: &Membership) -> wire::Membership {
    let Membership { organization: _, role, privileges } = membership;
    wire::Membership {
        organization: Some(organization(it)),
        role: role.to_wire().into(),
        privileges: privileges_to_wire(privileges),
    }
}

fn member(member: &Member) -> wire::Member {
    let Member { organization: _, profile, role, privileges, joined_at } = member;
    wire::Member {
        account_id: profile.account.to_string(),
        kind: profile.kind.to_wire().into(),
        name: profile.name.to_string(),
        email: profile.email.as_str().to_owned(),
        role: role.to_wire().into(),
        privileges: privileges_to_wire(privileges),
        join_time: Some(timestamp(*joined_at)),
    }
}
