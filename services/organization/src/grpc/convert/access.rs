//! Access decisions, and what services ask about an organization.

use super::{
    field,
    members::member,
    optional,
    organizations::{organization, space},
    page, parse,
};
use crate::{
    app::{CheckAccess, FindMember, FindOrganization, ListAdministrators, ListedMember, ResolveMembership},
    domain::{
        access::{Decision, Refusal},
        organization::Organization,
    },
};
use pass_mesh::{Peer, Refusal as NotCalled, status, violation};
use pass_proto::{
    convert::{FromWire, privileges_to_wire},
    organization::v1::{self as wire, check_access_response::Reason, find_organization_request::By},
};
use pass_types::{AccountId, Invalid, Membership, Page, Product};
use time::OffsetDateTime;
use tonic::Status;

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
                Refusal::Suspended => Reason::Suspended,
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

pub fn find_organization(request: &wire::FindOrganizationRequest) -> Result<FindOrganization, Status> {
    let wire::FindOrganizationRequest { by } = request;
    match by {
        Some(By::OrganizationId(id)) => parse("organization_id", id).map(FindOrganization::Id),
        Some(By::SpaceKey(key)) => parse("space_key", key).map(FindOrganization::SpaceKey),
        Some(By::Handle(handle)) => parse("handle", handle).map(FindOrganization::Handle),
        None => Err(violation(Invalid("must be given, or another name of it").of("organization_id"))),
    }
}

pub fn found_organization((it, has_product): &(Organization, bool)) -> wire::FindOrganizationResponse {
    wire::FindOrganizationResponse { organization: Some(organization(it)), has_product: *has_product }
}

pub fn find_member(request: &wire::FindMemberRequest) -> Result<FindMember, Status> {
    let wire::FindMemberRequest { organization_id, email } = request;
    Ok(FindMember { organization: parse("organization_id", organization_id)?, email: parse("email", email)? })
}

pub fn found_members(members: &[ListedMember]) -> wire::FindMemberResponse {
    wire::FindMemberResponse { members: members.iter().map(member).collect() }
}

pub fn list_administrators(request: wire::ListAdministratorsRequest) -> Result<ListAdministrators, Status> {
    let wire::ListAdministratorsRequest { organization_id, page_size, page_token } = request;
    let organization = parse("organization_id", &organization_id)?;
    let (size, token) = page(page_size, page_token)?;
    Ok(ListAdministrators { organization, size, token })
}

pub fn administrators(page: Page<AccountId>) -> wire::ListAdministratorsResponse {
    let Page { items, next } = page;
    let account_ids = items.iter().map(ToString::to_string).collect();
    wire::ListAdministratorsResponse { account_ids, next_page_token: next }
}
