//! `pass.domains.v1.VerificationService`.

use super::{Services, convert};
use pass_mesh::{open, status};
use pass_proto::domains::v1::{
    CheckDomainRequest, CheckDomainResponse, FindOrganizationsRequest, FindOrganizationsResponse,
    verification_service_server::VerificationService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl VerificationService for Services {
    async fn check_domain(
        &self,
        request: Request<CheckDomainRequest>,
    ) -> Result<Response<CheckDomainResponse>, Status> {
        let (_, request) = open(request)?;
        let (organization, name) = convert::check_domain(&request)?;
        let verified = self.0.check_domain(organization, name).await.map_err(status)?;
        Ok(Response::new(CheckDomainResponse { verified }))
    }

    async fn find_organizations(
        &self,
        request: Request<FindOrganizationsRequest>,
    ) -> Result<Response<FindOrganizationsResponse>, Status> {
        let (_, request) = open(request)?;
        let name = convert::find_organizations(&request);
        let ids = self.0.find_organizations(name).await.map_err(status)?;
        Ok(Response::new(convert::organizations(&ids)))
    }
}
