//! Members.

use super::{field, page, parse, teams::label};
use crate::{
    app::{ListMembers, ListedMember},
    domain::member::{Filter, Member},
};
use pass_mesh::violation;
use pass_proto::{
    convert::{FromWire, privileges_to_wire, timestamp},
    organization::v1::{self as wire, list_members_request::State},
};
use pass_types::{AccountKind, Invalid, Page};
use tonic::Status;

pub fn list_members(request: wire::ListMembersRequest) -> Result<ListMembers, Status> {
    let wire::ListMembersRequest { organization_id, query, page_size, page_token, kind, state } = request;
    let (size, token) = page(page_size, page_token)?;
    let organization = parse("organization_id", &organization_id)?;
    if query.len() > 254 {
        return Err(violation(Invalid("must be at most 254 bytes long").of("query")));
    }
    if query.contains('\0') {
        return Err(violation(Invalid("must not contain control characters").of("query")));
    }
    let filter = Filter { kind: field("kind", kind_of(kind))?, suspended: field("state", suspended(state))? };
    Ok(ListMembers { organization, query, filter, size, token })
}

/// `None`: either.
fn kind_of(kind: i32) -> Result<Option<AccountKind>, Invalid> {
    if kind == 0 { Ok(None) } else { AccountKind::from_wire(kind).map(Some) }
}

/// `None`: either.
fn suspended(state: i32) -> Result<Option<bool>, Invalid> {
    match State::try_from(state) {
        Ok(State::Unspecified) => Ok(None),
        Ok(State::Active) => Ok(Some(false)),
        Ok(State::Suspended) => Ok(Some(true)),
        Err(_) => Err(Invalid("is no state of members")),
    }
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
