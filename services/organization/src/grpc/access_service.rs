//! `pass.organization.v1.AccessService`.

use super::{Services, convert};
use pass_mesh::{open, status};
use pass_proto::organization::v1::{
    CheckAccessRequest, CheckAccessResponse, access_service_server::AccessService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl AccessService for Services {
    async fn check_access(
        &self,
        request: Request<CheckAccessRequest>,
    ) -> Result<Response<CheckAccessResponse>, Status> {
        let (caller, request) = open(request)?;
        let check = convert::check_access(&caller.peer, &request)?;
        let decision = self.0.check_access(caller.person()?, check).await.map_err(status)?;
        Ok(Response::new(convert::decision(decision, self.now())))
    }
}
