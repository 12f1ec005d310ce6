//! `pass.billing.v1.OperatorService`.

use super::{Services, convert};
use crate::app::Operator;
use pass_mesh::{open, status};
use pass_proto::billing::v1::{
    ApproveApplicationRequest, ApproveApplicationResponse, GetApplicationRequest, GetApplicationResponse,
    ListApplicationsRequest, ListApplicationsResponse, RejectApplicationRequest, RejectApplicationResponse,
    operator_service_server::OperatorService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl OperatorService for Services {
    async fn list_applications(
        &self,
        request: Request<ListApplicationsRequest>,
    ) -> Result<Response<ListApplicationsResponse>, Status> {
        let (caller, request) = open(request)?;
        let list = convert::list_applications(request)?;
        let page = self.0.list_applications(&Operator::of(&caller)?, list).await.map_err(status)?;
        Ok(Response::new(convert::applications(&page, self.now())))
    }

    async fn get_application(
        &self,
        request: Request<GetApplicationRequest>,
    ) -> Result<Response<GetApplicationResponse>, Status> {
        let (caller, request) = open(request)?;
        let id = convert::get_application(&request)?;
        let found = self.0.get_application(&Operator::of(&caller)?, id).await.map_err(status)?;
        let application = Some(convert::application(&found, self.now()));
        Ok(Response::new(GetApplicationResponse { application }))
    }

    async fn approve_application(
        &self,
        request: Request<ApproveApplicationRequest>,
    ) -> Result<Response<ApproveApplicationResponse>, Status> {
        let (caller, request) = open(request)?;
        let id = convert::approve_application(&request)?;
        let decided = self.0.approve_application(&Operator::of(&caller)?, id).await.map_err(status)?;
        let application = Some(convert::application(&decided, self.now()));
        Ok(Response::new(ApproveApplicationResponse { application }))
    }

    async fn reject_application(
        &self,
        request: Request<RejectApplicationRequest>,
    ) -> Result<Response<RejectApplicationResponse>, Status> {
        let (caller, request) = open(request)?;
        let (id, reason) = convert::reject_application(&request)?;
        let decided = self.0.reject_application(&Operator::of(&caller)?, id, reason).await.map_err(status)?;
        let application = Some(convert::application(&decided, self.now()));
        Ok(Response::new(RejectApplicationResponse { application }))
    }
}
