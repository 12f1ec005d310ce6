//! `pass.identity.v1.ManagedAccountService`.

use super::{Services, managed_convert};
use crate::{app::Owner, domain::managed::Change};
use pass_mesh::{open, status, violation};
use pass_proto::identity::v1::{
    CreateManagedAccountRequest, CreateManagedAccountResponse, DeleteManagedAccountRequest,
    DeleteManagedAccountResponse, GetManagedAccountRequest, GetManagedAccountResponse,
    GetManagedInvitationRequest, GetManagedInvitationResponse, ResendManagedInvitationRequest,
    ResendManagedInvitationResponse, ResumeManagedAccountRequest, ResumeManagedAccountResponse,
    SuspendManagedAccountRequest, SuspendManagedAccountResponse,
    managed_account_service_server::ManagedAccountService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl ManagedAccountService for Services {
    async fn create_managed_account(
        &self,
        request: Request<CreateManagedAccountRequest>,
    ) -> Result<Response<CreateManagedAccountResponse>, Status> {
        let (caller, request) = open(request)?;
        let wish = managed_convert::wish(request).map_err(violation)?;
        let managed = self.0.create_managed_account(&Owner::of(&caller)?, wish).await.map_err(status)?;
        let managed_account = Some(managed_convert::managed(managed));
        Ok(Response::new(CreateManagedAccountResponse { managed_account }))
    }

    async fn get_managed_account(
        &self,
        request: Request<GetManagedAccountRequest>,
    ) -> Result<Response<GetManagedAccountResponse>, Status> {
        let (caller, GetManagedAccountRequest { organization_id, account_id }) = open(request)?;
        let target = managed_convert::target(&organization_id, &account_id).map_err(violation)?;
        let managed = self.0.managed_account(&Owner::of(&caller)?, target).await.map_err(status)?;
        let managed_account = Some(managed_convert::managed(managed));
        Ok(Response::new(GetManagedAccountResponse { managed_account }))
    }

    async fn resend_managed_invitation(
        &self,
        request: Request<ResendManagedInvitationRequest>,
    ) -> Result<Response<ResendManagedInvitationResponse>, Status> {
        let (caller, ResendManagedInvitationRequest { organization_id, account_id }) = open(request)?;
        let target = managed_convert::target(&organization_id, &account_id).map_err(violation)?;
        let managed = self.0.resend_managed_invitation(&Owner::of(&caller)?, target).await.map_err(status)?;
        let managed_account = Some(managed_convert::managed(managed));
        Ok(Response::new(ResendManagedInvitationResponse { managed_account }))
    }

    async fn suspend_managed_account(
        &self,
        request: Request<SuspendManagedAccountRequest>,
    ) -> Result<Response<SuspendManagedAccountResponse>, Status> {
        let (caller, SuspendManagedAccountRequest { organization_id, account_id }) = open(request)?;
        let target = managed_convert::target(&organization_id, &account_id).map_err(violation)?;
        let owner = Owner::of(&caller)?;
        let managed = self.0.change_managed_account(&owner, target, Change::Suspend).await.map_err(status)?;
        let managed_account = managed.map(managed_convert::managed);
        Ok(Response::new(SuspendManagedAccountResponse { managed_account }))
    }

    async fn resume_managed_account(
        &self,
        request: Request<ResumeManagedAccountRequest>,
    ) -> Result<Response<ResumeManagedAccountResponse>, Status> {
        let (caller, ResumeManagedAccountRequest { organization_id, account_id }) = open(request)?;
        let target = managed_convert::target(&organization_id, &account_id).map_err(violation)?;
        let owner = Owner::of(&caller)?;
        let managed = self.0.change_managed_account(&owner, target, Change::Resume).await.map_err(status)?;
        let managed_account = managed.map(managed_convert::managed);
        Ok(Response::new(ResumeManagedAccountResponse { managed_account }))
    }

    async fn delete_managed_account(
        &self,
        request: Request<DeleteManagedAccountRequest>,
    ) -> Result<Response<DeleteManagedAccountResponse>, Status> {
        let (caller, DeleteManagedAccountRequest { organization_id, account_id }) = open(request)?;
        let target = managed_convert::target(&organization_id, &account_id).map_err(violation)?;
        let owner = Owner::of(&caller)?;
        self.0.change_managed_account(&owner, target, Change::Delete).await.map_err(status)?;
        Ok(Response::new(DeleteManagedAccountResponse {}))
    }

    async fn get_managed_invitation(
        &self,
        request: Request<GetManagedInvitationRequest>,
    ) -> Result<Response<GetManagedInvitationResponse>, Status> {
        let (caller, GetManagedInvitationRequest { token }) = open(request)?;
        let invited = self.0.managed_invitation(&caller, &token).await.map_err(status)?;
        Ok(Response::new(managed_convert::invited(invited)))
    }
}
