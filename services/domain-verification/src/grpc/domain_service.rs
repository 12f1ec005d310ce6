//! `pass.domains.v1.DomainService`.

use super::{Services, convert};
use crate::app::By;
use pass_mesh::{open, status};
use pass_proto::domains::v1::{
    AddDomainRequest, AddDomainResponse, ListDomainsRequest, ListDomainsResponse, RemoveDomainRequest,
    RemoveDomainResponse, VerifyDomainRequest, VerifyDomainResponse, domain_service_server::DomainService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl DomainService for Services {
    async fn add_domain(
        &self,
        request: Request<AddDomainRequest>,
    ) -> Result<Response<AddDomainResponse>, Status> {
        let (caller, request) = open(request)?;
        let add = convert::add_domain(&request)?;
        let added = self.0.add_domain(&By::of(&caller)?, add).await.map_err(status)?;
        Ok(Response::new(convert::added(&added)))
    }

    async fn list_domains(
        &self,
        request: Request<ListDomainsRequest>,
    ) -> Result<Response<ListDomainsResponse>, Status> {
        let (caller, request) = open(request)?;
        let list = convert::list_domains(request)?;
        let page = self.0.list_domains(&By::of(&caller)?, list).await.map_err(status)?;
        Ok(Response::new(convert::domains(page)))
    }

    async fn verify_domain(
        &self,
        request: Request<VerifyDomainRequest>,
    ) -> Result<Response<VerifyDomainResponse>, Status> {
        let (caller, request) = open(request)?;
        let (organization, id) = convert::verify_domain(&request)?;
        let looked_up = self.0.verify_domain(&By::of(&caller)?, organization, id).await.map_err(status)?;
        Ok(Response::new(convert::looked_up(looked_up)))
    }

    async fn remove_domain(
        &self,
        request: Request<RemoveDomainRequest>,
    ) -> Result<Response<RemoveDomainResponse>, Status> {
        let (caller, request) = open(request)?;
        let (organization, id) = convert::remove_domain(&request)?;
        self.0.remove_domain(&By::of(&caller)?, organization, id).await.map_err(status)?;
        Ok(Response::new(RemoveDomainResponse {}))
    }
}
