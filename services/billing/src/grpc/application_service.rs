//! `pass.billing.v1.ApplicationService`.

use super::{Services, convert};
use crate::app::By;
use pass_mesh::{open, status};
use pass_proto::billing::v1::{
    ApplyForTrialRequest, ApplyForTrialResponse, GetNulabPassRequest, GetNulabPassResponse,
    PrepareApplicationMailRequest, PrepareApplicationMailResponse,
    application_service_server::ApplicationService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl ApplicationService for Services {
    async fn apply_for_trial(
        &self,
        request: Request<ApplyForTrialRequest>,
    ) -> Result<Response<ApplyForTrialResponse>, Status> {
        let (caller, request) = open(request)?;
        let apply = convert::apply_for_trial(&request)?;
        let made = self.0.apply_for_trial(&By::of(&caller)?, apply).await.map_err(status)?;
        let application = Some(convert::application(&made, self.now()));
        Ok(Response::new(ApplyForTrialResponse { application }))
    }

    async fn get_nulab_pass(
        &self,
        request: Request<GetNulabPassRequest>,
    ) -> Result<Response<GetNulabPassResponse>, Status> {
        let (caller, request) = open(request)?;
        let id = convert::get_nulab_pass(&request)?;
        let pass = self.0.get_nulab_pass(&By::of(&caller)?, id).await.map_err(status)?;
        Ok(Response::new(convert::nulab_pass(&pass, self.now())))
    }

    async fn prepare_application_mail(
        &self,
        request: Request<PrepareApplicationMailRequest>,
    ) -> Result<Response<PrepareApplicationMailResponse>, Status> {
        let (_, request) = open(request)?;
        let id = convert::prepare_application_mail(&request)?;
        let mail = self.0.prepare_application_mail(id).await.map_err(status)?;
        Ok(Response::new(convert::application_mail(mail, self.now())))
    }
}
