//! Organizations and their Spaces.

use super::{field, page, parse};
use crate::{
    app::{ListMyOrganizations, SetHandle, StartTrial, Started, Target},
    domain::organization::{Organization, Space, SpaceState},
    store::organizations::Mine,
};
use pass_mesh::violation;
use pass_proto::{
    convert::{FromWire, privileges_to_wire, timestamp},
    organization::v1 as wire,
};
use pass_types::{Invalid, Membership, OrganizationId, Page, Product};
use time::OffsetDateTime;
use tonic::Status;

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

pub(super) fn organization(organization: &Organization) -> wire::Organization {
    let Organization { id, name, space_key, handle, created_at } = organization;
    wire::Organization {
        organization_id: id.to_string(),
        name: name.to_string(),
        space_key: space_key.to_string(),
        create_time: Some(timestamp(*created_at)),
        handle: handle.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

pub(super) fn space(space: &Space, now: OffsetDateTime) -> wire::Space {
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

pub fn set_handle(request: &wire::SetOrganizationHandleRequest) -> Result<SetHandle, Status> {
    let wire::SetOrganizationHandleRequest { organization_id, handle } = request;
    Ok(SetHandle {
        organization: parse("organization_id", organization_id)?,
        handle: parse("handle", handle)?,
    })
}

pub fn handle_set(it: &Organization) -> wire::SetOrganizationHandleResponse {
    wire::SetOrganizationHandleResponse { organization: Some(organization(it)) }
}
