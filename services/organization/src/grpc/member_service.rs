//! `pass.organization.v1.MemberService`.

use super::{Services, convert};
use crate::app::By;
use pass_mesh::{open, status};
use pass_proto::organization::v1::{
    ListMembersRequest, ListMembersResponse, member_service_server::MemberService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl MemberService for Services {
    async fn list_members(
        &self,
        request: Request<ListMembersRequest>,
    ) -> Result<Response<ListMembersResponse>, Status> {
        let (caller, request) = open(request)?;
        let list = convert::list_members(request)?;
        let page = self.0.list_members(&By::of(&caller)?, list).await.map_err(status)?;
        Ok(Response::new(convert::members(&page)))
    }
}
