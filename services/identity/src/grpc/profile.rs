//! `pass.identity.v1.ProfileService`.

use super::{Services, convert};
use crate::{
    app::Owner,
    domain::{
        deletion::{Obstacle, Place, Preview},
        image::{ImageId, Size},
    },
};
use pass_mesh::{open, status, violation};
use pass_proto::identity::v1::{
    self as wire, DeleteMyAccountRequest, DeleteMyAccountResponse, GetImageRequest, GetImageResponse,
    PreviewMyDeletionRequest, PreviewMyDeletionResponse, RemoveMyImageRequest, RemoveMyImageResponse,
    SetMyImageRequest, SetMyImageResponse, profile_service_server::ProfileService,
};
use pass_types::{Invalid, Violation};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl ProfileService for Services {
    async fn set_my_image(
        &self,
        request: Request<SetMyImageRequest>,
    ) -> Result<Response<SetMyImageResponse>, Status> {
        let (caller, SetMyImageRequest { image }) = open(request)?;
        if image.is_empty() {
            return Err(violation(Invalid("must be there").of("image")));
        }
        let account = self.0.set_image(&Owner::of(&caller)?, image).await.map_err(status)?;
        Ok(Response::new(SetMyImageResponse { account: Some(convert::account(account)) }))
    }

    async fn remove_my_image(
        &self,
        request: Request<RemoveMyImageRequest>,
    ) -> Result<Response<RemoveMyImageResponse>, Status> {
        let (caller, RemoveMyImageRequest {}) = open(request)?;
        let account = self.0.remove_image(&Owner::of(&caller)?).await.map_err(status)?;
        Ok(Response::new(RemoveMyImageResponse { account: Some(convert::account(account)) }))
    }

    async fn get_image(
        &self,
        request: Request<GetImageRequest>,
    ) -> Result<Response<GetImageResponse>, Status> {
        let (_, request) = open(request)?;
        let (id, size) = image(&request).map_err(violation)?;
        let content = self.0.image(id, size).await.map_err(status)?;
        Ok(Response::new(GetImageResponse { content }))
    }

    async fn preview_my_deletion(
        &self,
        request: Request<PreviewMyDeletionRequest>,
    ) -> Result<Response<PreviewMyDeletionResponse>, Status> {
        let (caller, PreviewMyDeletionRequest {}) = open(request)?;
        let preview = self.0.preview_deletion(&Owner::of(&caller)?).await.map_err(status)?;
        Ok(Response::new(self::preview(preview)))
    }

    async fn delete_my_account(
        &self,
        request: Request<DeleteMyAccountRequest>,
    ) -> Result<Response<DeleteMyAccountResponse>, Status> {
        let (caller, DeleteMyAccountRequest { confirmation }) = open(request)?;
        self.0.delete_account(&Owner::of(&caller)?, &confirmation).await.map_err(status)?;
        Ok(Response::new(DeleteMyAccountResponse {}))
    }
}

fn image(request: &GetImageRequest) -> Result<(ImageId, Size), Violation> {
    let GetImageRequest { image_id, size } = request;
    let size = Size::of_pixels(*size).ok_or(Invalid("must be 48 or 192").of("size"))?;
    Ok((convert::parse(image_id, "image_id")?, size))
}

fn preview(preview: Preview) -> PreviewMyDeletionResponse {
    let Preview { places, connected_spaces } = preview;
    PreviewMyDeletionResponse {
        places: places.into_iter().map(place).collect(),
        connected_spaces: i32::try_from(connected_spaces).unwrap_or(i32::MAX),
    }
}

fn place(place: Place) -> wire::DeletionPlace {
    use wire::deletion_place::Obstacle as Wire;
    let Place { organization, name, obstacle } = place;
    let obstacle = match obstacle {
        None => Wire::None,
        Some(Obstacle::OnlyMember) => Wire::OnlyMember,
        Some(Obstacle::LastAdministrator) => Wire::LastAdministrator,
        Some(Obstacle::LastPlanAdmin) => Wire::LastPlanAdmin,
    };
    wire::DeletionPlace {
        organization_id: organization.to_string(),
        name: name.as_str().to_owned(),
        obstacle: obstacle.into(),
    }
}
