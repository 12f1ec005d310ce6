//! Teams.

use super::{page, parse};
use crate::{
    app::{CreateTeam, ListTeams},
    domain::team::{CountedTeam, TeamLabel},
};
use pass_proto::{convert::timestamp, organization::v1 as wire};
use pass_types::Page;
use tonic::Status;

pub fn create_team(request: &wire::CreateTeamRequest) -> Result<CreateTeam, Status> {
    let wire::CreateTeamRequest { request_id, organization_id, name } = request;
    Ok(CreateTeam {
        request: parse("request_id", request_id)?,
        organization: parse("organization_id", organization_id)?,
        name: parse("name", name)?,
    })
}

pub fn team_created(it: &CountedTeam) -> wire::CreateTeamResponse {
    wire::CreateTeamResponse { team: Some(team(it)) }
}

pub fn list_teams(request: wire::ListTeamsRequest) -> Result<ListTeams, Status> {
    let wire::ListTeamsRequest { organization_id, page_size, page_token } = request;
    let (size, token) = page(page_size, page_token)?;
    Ok(ListTeams { organization: parse("organization_id", &organization_id)?, size, token })
}

pub fn teams(page: &Page<CountedTeam>) -> wire::ListTeamsResponse {
    wire::ListTeamsResponse {
        teams: page.items.iter().map(team).collect(),
        next_page_token: page.next.clone(),
    }
}

fn team(it: &CountedTeam) -> wire::Team {
    let CountedTeam { team, members } = it;
    wire::Team {
        team_id: team.id.to_string(),
        name: team.name.to_string(),
        member_count: *members,
        create_time: Some(timestamp(team.created_at)),
    }
}

pub(super) fn label(label: &TeamLabel) -> wire::TeamName {
    let TeamLabel { team, name } = label;
    wire::TeamName { team_id: team.to_string(), name: name.to_string() }
}
