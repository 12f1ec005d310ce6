//! `pass.billing.v1.PersonService`.

use super::{Services, convert};
use pass_mesh::{open, status};
use pass_proto::billing::v1::{
    ForgetPersonRequest, ForgetPersonResponse, person_service_server::PersonService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl PersonService for Services {
    async fn forget_person(
        &self,
        request: Request<ForgetPersonRequest>,
    ) -> Result<Response<ForgetPersonResponse>, Status> {
        let (_, request) = open(request)?;
        let person = convert::forget_person(&request)?;
        self.0.forget_person(&person).await.map_err(status)?;
        Ok(Response::new(ForgetPersonResponse {}))
    }
}
