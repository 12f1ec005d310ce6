//! `pass.identity.v1.SpaceLinkService`.

use super::{Services, space_link_convert as convert};
use crate::app::Owner;
use pass_mesh::{open, status, violation};
use pass_proto::identity::v1::{
    BatchGetSpaceLinksRequest, BatchGetSpaceLinksResponse, ConnectSpaceRequest, ConnectSpaceResponse,
    DisconnectSpaceRequest, DisconnectSpaceResponse, ListMySpaceLinksRequest, ListMySpaceLinksResponse,
    ListMySpacesRequest, ListMySpacesResponse, ResolveSpaceUserRequest, ResolveSpaceUserResponse,
    SetMySpaceProfileRequest, SetMySpaceProfileResponse, UpdateMySpaceLinkRequest, UpdateMySpaceLinkResponse,
    space_link_service_server::SpaceLinkService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl SpaceLinkService for Services {
    async fn connect_space(
        &self,
        request: Request<ConnectSpaceRequest>,
    ) -> Result<Response<ConnectSpaceResponse>, Status> {
        let (caller, request) = open(request)?;
        let wish = convert::wish(request).map_err(violation)?;
        let link = self.0.connect_space(&Owner::of(&caller)?, wish).await.map_err(status)?;
        Ok(Response::new(ConnectSpaceResponse { space_link: Some(convert::link(link)) }))
    }

    async fn list_my_space_links(
        &self,
        request: Request<ListMySpaceLinksRequest>,
    ) -> Result<Response<ListMySpaceLinksResponse>, Status> {
        let (caller, ListMySpaceLinksRequest {}) = open(request)?;
        let spaces = self.0.my_spaces(&Owner::of(&caller)?).await.map_err(status)?;
        Ok(Response::new(convert::my_spaces(spaces)))
    }

    async fn update_my_space_link(
        &self,
        request: Request<UpdateMySpaceLinkRequest>,
    ) -> Result<Response<UpdateMySpaceLinkResponse>, Status> {
        let (caller, request) = open(request)?;
        let (id, profile) = convert::choice(request).map_err(violation)?;
        let link = self.0.change_space_link(&Owner::of(&caller)?, id, profile).await.map_err(status)?;
        Ok(Response::new(UpdateMySpaceLinkResponse { space_link: Some(convert::link(link)) }))
    }

    async fn disconnect_space(
        &self,
        request: Request<DisconnectSpaceRequest>,
    ) -> Result<Response<DisconnectSpaceResponse>, Status> {
        let (caller, DisconnectSpaceRequest { space_link_id }) = open(request)?;
        let id = convert::id(&space_link_id).map_err(violation)?;
        self.0.disconnect_space(&Owner::of(&caller)?, id).await.map_err(status)?;
        Ok(Response::new(DisconnectSpaceResponse {}))
    }

    async fn resolve_space_user(
        &self,
        request: Request<ResolveSpaceUserRequest>,
    ) -> Result<Response<ResolveSpaceUserResponse>, Status> {
        let (caller, ResolveSpaceUserRequest { space_id }) = open(request)?;
        let space = convert::space(&space_id).map_err(violation)?;
        let link = self.0.space_user(&Owner::of(&caller)?, space).await.map_err(status)?;
        Ok(Response::new(convert::resolved(&link)))
    }

    async fn list_my_spaces(
        &self,
        request: Request<ListMySpacesRequest>,
    ) -> Result<Response<ListMySpacesResponse>, Status> {
        let (caller, ListMySpacesRequest {}) = open(request)?;
        let links = self.0.my_spaces_of_product(&Owner::of(&caller)?).await.map_err(status)?;
        let spaces = links.iter().map(convert::connected).collect();
        Ok(Response::new(ListMySpacesResponse { spaces }))
    }

    async fn set_my_space_profile(
        &self,
        request: Request<SetMySpaceProfileRequest>,
    ) -> Result<Response<SetMySpaceProfileResponse>, Status> {
        let (caller, request) = open(request)?;
        let (space, profile) = convert::my_choice(request).map_err(violation)?;
        let link = self.0.change_my_space(&Owner::of(&caller)?, space, profile).await.map_err(status)?;
        Ok(Response::new(SetMySpaceProfileResponse { space: Some(convert::connected(&link)) }))
    }

    async fn batch_get_space_links(
        &self,
        request: Request<BatchGetSpaceLinksRequest>,
    ) -> Result<Response<BatchGetSpaceLinksResponse>, Status> {
        let (caller, request) = open(request)?;
        let (space, users) = convert::users(request).map_err(violation)?;
        let users = self.0.connected_users(&caller, &space, &users).await.map_err(status)?;
        let users = users.into_iter().map(convert::user).collect();
        Ok(Response::new(BatchGetSpaceLinksResponse { users }))
    }
}
