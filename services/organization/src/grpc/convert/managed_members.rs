//! Members that are Managed Accounts.

use super::{field, parse};
use crate::{
    app::{AddManagedMember, ChangeManagedMember},
    domain::{
        managed::Attempt,
        member::{Assignment, Profile},
    },
};
use pass_mesh::violation;
use pass_proto::{
    convert::{FromWire, privileges_from_wire},
    organization::v1 as wire,
};
use pass_types::{AccountKind, Invalid, Role, TeamId};
use std::collections::BTreeSet;
use tonic::Status;

/// The most teams that somebody is added to at once.
const TEAMS: usize = 50;

pub fn add_managed_member(request: &wire::AddManagedMemberRequest) -> Result<AddManagedMember, Status> {
    let wire::AddManagedMemberRequest {
        organization_id,
        account_id,
        attempt: number,
        name,
        email,
        role,
        privileges,
        team_ids,
    } = request;
    let role = field("role", Role::from_wire(*role))?;
    let privileges = field("privileges", privileges_from_wire(privileges))?;
    Ok(AddManagedMember {
        organization: parse("organization_id", organization_id)?,
        profile: Profile {
            account: parse("account_id", account_id)?,
            kind: AccountKind::Managed,
            name: parse("name", name)?,
            email: parse("email", email)?,
        },
        attempt: attempt(*number)?,
        assignment: field("privileges", Assignment::new(role, privileges))?,
        teams: teams(team_ids)?,
    })
}

pub fn remove_managed_member(
    request: &wire::RemoveManagedMemberRequest,
) -> Result<ChangeManagedMember, Status> {
    let wire::RemoveManagedMemberRequest { organization_id, account_id, attempt: number } = request;
    Ok(ChangeManagedMember {
        organization: parse("organization_id", organization_id)?,
        account: parse("account_id", account_id)?,
        attempt: attempt(*number)?,
    })
}

pub fn set_managed_member_suspended(
    request: &wire::SetManagedMemberSuspendedRequest,
) -> Result<(ChangeManagedMember, bool), Status> {
    let wire::SetManagedMemberSuspendedRequest { organization_id, account_id, attempt: number, suspended } =
        request;
    let change = ChangeManagedMember {
        organization: parse("organization_id", organization_id)?,
        account: parse("account_id", account_id)?,
        attempt: attempt(*number)?,
    };
    Ok((change, *suspended))
}

fn attempt(number: i32) -> Result<Attempt, Status> {
    field("attempt", Attempt::new(number).ok_or(Invalid("must be 1 or more")))
}

/// Each once, however often it is said.
fn teams(ids: &[String]) -> Result<Vec<TeamId>, Status> {
    if ids.len() > TEAMS {
        return Err(violation(Invalid("must be at most 50").of("team_ids")));
    }
    let teams: BTreeSet<TeamId> = ids.iter().map(|id| parse("team_ids", id)).collect::<Result<_, _>>()?;
    Ok(teams.into_iter().collect())
}
