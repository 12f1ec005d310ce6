//! `pass.organization.v1.OrganizationService`.

use super::{Services, convert};
use crate::app::By;
use pass_mesh::{open, status};
use pass_proto::organization::v1::{
    GetOrganizationRequest, GetOrganizationResponse, ListMyOrganizationsRequest, ListMyOrganizationsResponse,
    SetOrganizationHandleRequest, SetOrganizationHandleResponse, StartTrialRequest, StartTrialResponse,
    organization_service_server::OrganizationService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl OrganizationService for Services {
    async fn start_trial(
        &self,
        request: Request<StartTrialRequest>,
    ) -> Result<Response<StartTrialResponse>, Status> {
        let (caller, request) = open(request)?;
        let start = convert::start_trial(request)?;
        let started = self.0.start_trial(&By::of(&caller)?, start).await.map_err(status)?;
        Ok(Response::new(convert::started(started, self.now())))
    }

    async fn list_my_organizations(
        &self,
        request: Request<ListMyOrganizationsRequest>,
    ) -> Result<Response<ListMyOrganizationsResponse>, Status> {
        let (caller, request) = open(request)?;
        let list = convert::list_my_organizations(request)?;
        let page = self.0.list_my_organizations(&By::of(&caller)?, list).await.map_err(status)?;
        Ok(Response::new(convert::my_organizations(page)))
    }

    async fn get_organization(
        &self,
        request: Request<GetOrganizationRequest>,
    ) -> Result<Response<GetOrganizationResponse>, Status> {
        let (caller, request) = open(request)?;
        let id = convert::get_organization(&request)?;
        let seen = self.0.get_organization(&By::of(&caller)?, id).await.map_err(status)?;
        Ok(Response::new(convert::organization_seen(seen, self.now())))
    }

    async fn set_organization_handle(
        &self,
        request: Request<SetOrganizationHandleRequest>,
    ) -> Result<Response<SetOrganizationHandleResponse>, Status> {
        let (caller, request) = open(request)?;
        let set = convert::set_handle(&request)?;
        let organization = self.0.set_handle(&By::of(&caller)?, set).await.map_err(status)?;
        Ok(Response::new(convert::handle_set(&organization)))
    }
}
