//! `pass.organization.v1.MembershipService`.

use super::{Services, convert};
use pass_mesh::{open, status};
use pass_proto::organization::v1::{
    ResolveMembershipRequest, ResolveMembershipResponse, membership_service_server::MembershipService,
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
}
