//! `pass.organization.v1.ManagedMemberService`.

use super::{Services, convert};
use crate::app::{By, Driver};
use pass_mesh::{open, status};
use pass_proto::organization::v1::{
    AddManagedMemberRequest, AddManagedMemberResponse, RemoveManagedMemberRequest,
    RemoveManagedMemberResponse, SetManagedMemberSuspendedRequest, SetManagedMemberSuspendedResponse,
    managed_member_service_server::ManagedMemberService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl ManagedMemberService for Services {
    async fn add_managed_member(
        &self,
        request: Request<AddManagedMemberRequest>,
    ) -> Result<Response<AddManagedMemberResponse>, Status> {
        let (caller, request) = open(request)?;
        let add = convert::add_managed_member(&request)?;
        self.0.add_managed_member(&By::of(&caller)?, add).await.map_err(status)?;
        Ok(Response::new(AddManagedMemberResponse {}))
    }

    async fn remove_managed_member(
        &self,
        request: Request<RemoveManagedMemberRequest>,
    ) -> Result<Response<RemoveManagedMemberResponse>, Status> {
        let (caller, request) = open(request)?;
        let change = convert::remove_managed_member(&request)?;
        self.0.remove_managed_member(&Driver::of(&caller)?, change).await.map_err(status)?;
        Ok(Response::new(RemoveManagedMemberResponse {}))
    }

    async fn set_managed_member_suspended(
        &self,
        request: Request<SetManagedMemberSuspendedRequest>,
    ) -> Result<Response<SetManagedMemberSuspendedResponse>, Status> {
        let (caller, request) = open(request)?;
        let (change, suspended) = convert::set_managed_member_suspended(&request)?;
        let driver = Driver::of(&caller)?;
        self.0.set_managed_member_suspended(&driver, change, suspended).await.map_err(status)?;
        Ok(Response::new(SetManagedMemberSuspendedResponse {}))
    }
}
