//! Accounts' images, as identity keeps them: there is one.

use super::{Neighbours, refused};
use pass_mesh::open;
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{profile_service_server::ProfileService, *},
};
use pass_types::Kind;
use tonic::{Request, Response, Status};

/// The id of the one image that there is.
pub const IMAGE: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz01234-";

#[tonic::async_trait]
impl ProfileService for Neighbours {
    async fn get_image(
        &self,
        request: Request<GetImageRequest>,
    ) -> Result<Response<GetImageResponse>, Status> {
        let (_, GetImageRequest { image_id, size }) = open(request)?;
        self.state().images_asked += 1;
        if image_id != IMAGE || self.state().image_removed {
            return Err(refused(Kind::NotFound, ErrorReason::NotFound));
        }
        Ok(Response::new(GetImageResponse { content: format!("PNG of {size}").into_bytes() }))
    }

    async fn set_my_image(
        &self,
        _: Request<SetMyImageRequest>,
    ) -> Result<Response<SetMyImageResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn remove_my_image(
        &self,
        _: Request<RemoveMyImageRequest>,
    ) -> Result<Response<RemoveMyImageResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn preview_my_deletion(
        &self,
        _: Request<PreviewMyDeletionRequest>,
    ) -> Result<Response<PreviewMyDeletionResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn delete_my_account(
        &self,
        _: Request<DeleteMyAccountRequest>,
    ) -> Result<Response<DeleteMyAccountResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }
}
