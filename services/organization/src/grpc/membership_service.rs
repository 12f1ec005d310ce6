//! `pass.organization.v1.MembershipService`.

use super::{Services, convert};
use pass_mesh::{open, status};
use pass_proto::organization::v1::{
    FindMemberRequest, FindMemberResponse, FindOrganizationRequest, FindOrganizationResponse,
    ListAdministratorsRequest, ListAdministratorsResponse, ResolveMembershipRequest,
    ResolveMembershipResponse, membership_service_server::MembershipService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl MembershipService for Services {
    async fn resolve_membership(
        &self,
        request: Request<ResolveMembershipRequest>,
    ) -> Result<Response<ResolveMembershipResponse>, Status> {
        let (_, request) = open(request)?;
        let resolve = convert::resolve_membership(&request)?;
        let membership = self.0.resolve_membership(resolve).await.map_err(status)?;
        Ok(Response::new(convert::resolved(membership)))
    }

    async fn find_organization(
        &self,
        request: Request<FindOrganizationRequest>,
    ) -> Result<Response<FindOrganizationResponse>, Status> {
        let (_, request) = open(request)?;
        let find = convert::find_organization(&request)?;
        let found = self.0.find_organization(find).await.map_err(status)?;
        Ok(Response::new(convert::found_organization(&found)))
    }

    async fn find_member(
        &self,
        request: Request<FindMemberRequest>,
    ) -> Result<Response<FindMemberResponse>, Status> {
        let (_, request) = open(request)?;
        let find = convert::find_member(&request)?;
        let found = self.0.find_member(find).await.map_err(status)?;
        Ok(Response::new(convert::found_members(&found)))
    }

    async fn list_administrators(
        &self,
        request: Request<ListAdministratorsRequest>,
    ) -> Result<Response<ListAdministratorsResponse>, Status> {
        let (_, request) = open(request)?;
        let list = convert::list_administrators(request)?;
        let page = self.0.list_administrators(list).await.map_err(status)?;
        Ok(Response::new(convert::administrators(page)))
    }
}
