//! Messages about Managed Accounts to the domain and back.

use super::convert::{account, id, parse};
use crate::{
    app::{Invited, ManagedInvitationMail, Target},
    domain::managed::{Managed, State, Wish},
};
use pass_proto::{
    convert::{FromWire, privileges_from_wire, timestamp},
    identity::v1 as wire,
};
use pass_types::{Invalid, Language, Privilege, Role, TimeZone, Violation};

/// Most teams that an account may be made in.
const TEAMS: usize = 50;

pub fn wish(request: wire::CreateManagedAccountRequest) -> Result<Wish, Violation> {
    let wire::CreateManagedAccountRequest {
        request_id,
        organization_id,
        name,
        email,
        unique_id,
        language,
        time_zone,
        role,
        privileges,
        team_ids,
    } = request;
    let role = Role::from_wire(role).map_err(|problem| problem.of("role"))?;
    let privileges = privileges_from_wire(&privileges).map_err(|problem| problem.of("privileges"))?;
    // ORG-4: a guest has none, and Invite is a member's; an administrator may anyway.
    let unfit = match role {
        Role::Guest => privileges.iter().next().is_some(),
        Role::Administrator => privileges.has(Privilege::Invite),
        Role::Member => false,
    };
    if unfit {
        return Err(Invalid("must be such that the role can have them").of("privileges"));
    }
    if team_ids.len() > TEAMS {
        return Err(Invalid("must be at most 50 ids").of("team_ids"));
    }
    let mut teams = team_ids.iter().map(|team| id(team, "team_ids")).collect::<Result<Vec<_>, _>>()?;
    teams.sort_unstable();
    teams.dedup();
    Ok(Wish {
        request: id(&request_id, "request_id")?,
        organization: id(&organization_id, "organization_id")?,
        name: parse(&name, "name")?,
        email: parse(&email, "email")?,
        unique_id: if unique_id.is_empty() { None } else { Some(parse(&unique_id, "unique_id")?) },
        language: Language::from_wire(language).map_err(|problem| problem.of("language"))?,
        time_zone: if time_zone.is_empty() { TimeZone::utc() } else { parse(&time_zone, "time_zone")? },
        role,
        privileges,
        teams,
    })
}

pub fn target(organization_id: &str, account_id: &str) -> Result<Target, Violation> {
    Ok(Target {
        organization: id(organization_id, "organization_id")?,
        account: id(account_id, "account_id")?,
    })
}

pub fn managed(managed: Managed) -> wire::ManagedAccount {
    let Managed {
        account: of,
        organization,
        state,
        attempt: _,
        activated_at: _,
        suspended_at: _,
        invitation,
    } = managed;
    wire::ManagedAccount {
        account: Some(account(of)),
        organization_id: organization.to_string(),
        state: standing(state) as i32,
        invitation_expire_time: Some(timestamp(invitation.expires_at)),
    }
}

/// What is on its way shows as what it is for its owner: signed out.
fn standing(state: State) -> wire::managed_account::State {
    use wire::managed_account::State as Wire;
    match state {
        State::Provisioning | State::Invited => Wire::Invited,
        State::Active => Wire::Active,
        State::Suspending | State::Suspended | State::Resuming | State::Deleting => Wire::Suspended,
    }
}

pub fn invited(invited: Invited) -> wire::GetManagedInvitationResponse {
    let Invited { managed, organization } = invited;
    wire::GetManagedInvitationResponse {
        organization_name: organization.name.as_str().to_owned(),
        organization_handle: organization.handle.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        name: managed.account.name.as_str().to_owned(),
        language: managed.account.language.to_wire() as i32,
    }
}

pub fn invitation_mail(mail: ManagedInvitationMail) -> wire::PrepareManagedInvitationMailResponse {
    let ManagedInvitationMail { managed, url } = mail;
    wire::PrepareManagedInvitationMailResponse {
        name: managed.account.name.as_str().to_owned(),
        email: managed.account.email.as_str().to_owned(),
        language: managed.account.language.to_wire() as i32,
        time_zone: managed.account.time_zone.as_str().to_owned(),
        organization_id: managed.organization.to_string(),
        url,
        expire_time: Some(timestamp(managed.invitation.expires_at)),
    }
}
