//! `pass.organization.v1.AccountDeletionService`.

use super::{Services, convert};
use crate::app::Driver;
use pass_mesh::{open, status};
use pass_proto::organization::v1::{
    EraseAccountRequest, EraseAccountResponse, PreviewAccountDeletionRequest, PreviewAccountDeletionResponse,
    account_deletion_service_server::AccountDeletionService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl AccountDeletionService for Services {
    async fn preview_account_deletion(
        &self,
        request: Request<PreviewAccountDeletionRequest>,
    ) -> Result<Response<PreviewAccountDeletionResponse>, Status> {
        let (_, request) = open(request)?;
        let account = convert::preview_account_deletion(&request)?;
        let places = self.0.preview_account_deletion(account).await.map_err(status)?;
        Ok(Response::new(convert::account_places(&places)))
    }

    async fn erase_account(
        &self,
        request: Request<EraseAccountRequest>,
    ) -> Result<Response<EraseAccountResponse>, Status> {
        let (caller, request) = open(request)?;
        let erase = convert::erase_account(&request)?;
        self.0.erase_account(&Driver::of(&caller)?, erase).await.map_err(status)?;
        Ok(Response::new(EraseAccountResponse {}))
    }
}
