//! `pass.organization.v1.TeamService`.

use super::{Services, convert};
use crate::app::By;
use pass_mesh::{open, status};
use pass_proto::organization::v1::{
    CreateTeamRequest, CreateTeamResponse, ListTeamsRequest, ListTeamsResponse,
    team_service_server::TeamService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl TeamService for Services {
    async fn create_team(
        &self,
        request: Request<CreateTeamRequest>,
    ) -> Result<Response<CreateTeamResponse>, Status> {
        let (caller, request) = open(request)?;
        let create = convert::create_team(&request)?;
        let team = self.0.create_team(&By::of(&caller)?, create).await.map_err(status)?;
        Ok(Response::new(convert::team_created(&team)))
    }

    async fn list_teams(
        &self,
        request: Request<ListTeamsRequest>,
    ) -> Result<Response<ListTeamsResponse>, Status> {
        let (caller, request) = open(request)?;
        let list = convert::list_teams(request)?;
        let page = self.0.list_teams(&By::of(&caller)?, list).await.map_err(status)?;
        Ok(Response::new(convert::teams(&page)))
    }
}
