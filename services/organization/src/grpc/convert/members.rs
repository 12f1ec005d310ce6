//! Members.

use super::{page, parse, teams::label};
use crate::{
    app::{ListMembers, ListedMember},
    domain::member::Member,
};
use pass_mesh::violation;
use pass_proto::{
    convert::{FromWire, privileges_to_wire, timestamp},
    organization::v1 as wire,
};
use pass_types::{Invalid, Page};
use tonic::Status;

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

pub fn members(page: &Page<ListedMember>) -> wire::ListMembersResponse {
    let members = page.items.iter().map(member).collect();
    wire::ListMembersResponse { members, next_page_token: page.next.clone() }
}

pub(super) fn member(listed: &ListedMember) -> wire::Member {
    let ListedMember { member, teams } = listed;
    let Member { organization: _, profile, role, privileges, joined_at, suspended } = member;
    wire::Member {
        account_id: profile.account.to_string(),
        kind: profile.kind.to_wire().into(),
        name: profile.name.to_string(),
        email: profile.email.as_str().to_owned(),
        role: role.to_wire().into(),
        privileges: privileges_to_wire(privileges),
        join_time: Some(timestamp(*joined_at)),
        suspended: *suspended,
        teams: teams.iter().map(label).collect(),
    }
}
