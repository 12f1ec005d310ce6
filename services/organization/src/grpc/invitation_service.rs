//! `pass.organization.v1.InvitationService`.

use super::{Services, convert};
use crate::app::By;
use pass_mesh::{open, status};
use pass_proto::organization::v1::{
    AcceptInvitationRequest, AcceptInvitationResponse, CancelInvitationRequest, CancelInvitationResponse,
    CreateInvitationRequest, CreateInvitationResponse, GetInvitationRequest, GetInvitationResponse,
    ListInvitationsRequest, ListInvitationsResponse, PrepareInvitationMailRequest,
    PrepareInvitationMailResponse, ResendInvitationRequest, ResendInvitationResponse,
    invitation_service_server::InvitationService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl InvitationService for Services {
    async fn create_invitation(
        &self,
        request: Request<CreateInvitationRequest>,
    ) -> Result<Response<CreateInvitationResponse>, Status> {
        let (caller, request) = open(request)?;
        let create = convert::create_invitation(&request)?;
        let made = self.0.create_invitation(&By::of(&caller)?, create).await.map_err(status)?;
        Ok(Response::new(CreateInvitationResponse {
            invitation: Some(convert::invitation(&made, self.now())),
        }))
    }

    async fn list_invitations(
        &self,
        request: Request<ListInvitationsRequest>,
    ) -> Result<Response<ListInvitationsResponse>, Status> {
        let (caller, request) = open(request)?;
        let list = convert::list_invitations(request)?;
        let page = self.0.list_invitations(&By::of(&caller)?, list).await.map_err(status)?;
        Ok(Response::new(convert::invitations(&page, self.now())))
    }

    async fn resend_invitation(
        &self,
        request: Request<ResendInvitationRequest>,
    ) -> Result<Response<ResendInvitationResponse>, Status> {
        let (caller, request) = open(request)?;
        let (organization, id) = convert::resend_invitation(&request)?;
        let sent = self.0.resend_invitation(&By::of(&caller)?, organization, id).await.map_err(status)?;
        Ok(Response::new(ResendInvitationResponse {
            invitation: Some(convert::invitation(&sent, self.now())),
        }))
    }

    async fn cancel_invitation(
        &self,
        request: Request<CancelInvitationRequest>,
    ) -> Result<Response<CancelInvitationResponse>, Status> {
        let (caller, request) = open(request)?;
        let (organization, id) = convert::cancel_invitation(&request)?;
        self.0.cancel_invitation(&By::of(&caller)?, organization, id).await.map_err(status)?;
        Ok(Response::new(CancelInvitationResponse {}))
    }

    async fn get_invitation(
        &self,
        request: Request<GetInvitationRequest>,
    ) -> Result<Response<GetInvitationResponse>, Status> {
        let (_, GetInvitationRequest { token }) = open(request)?;
        let shown = self.0.get_invitation(&token).await.map_err(status)?;
        Ok(Response::new(convert::shown_invitation(shown)))
    }

    async fn accept_invitation(
        &self,
        request: Request<AcceptInvitationRequest>,
    ) -> Result<Response<AcceptInvitationResponse>, Status> {
        let (caller, AcceptInvitationRequest { token }) = open(request)?;
        let organization = self.0.accept_invitation(&By::of(&caller)?, &token).await.map_err(status)?;
        Ok(Response::new(AcceptInvitationResponse { organization_id: organization.to_string() }))
    }

    async fn prepare_invitation_mail(
        &self,
        request: Request<PrepareInvitationMailRequest>,
    ) -> Result<Response<PrepareInvitationMailResponse>, Status> {
        let (_, request) = open(request)?;
        let prepare = convert::prepare_invitation_mail(&request)?;
        let mail = self.0.prepare_invitation_mail(prepare).await.map_err(status)?;
        Ok(Response::new(convert::invitation_mail(mail)))
    }
}
