//! `pass.product.v1.LegacyDirectory`: what identity asks, over the mesh.

use super::LegacySpaces;
use pass_mesh::{Problem, open, status};
use pass_proto::{
    errors::v1::ErrorReason,
    product::v1::{
        BatchGetSpacesRequest, BatchGetSpacesResponse, CheckPasswordRequest, CheckPasswordResponse,
        LegacySpace,
        legacy_directory_server::{LegacyDirectory, LegacyDirectoryServer},
    },
};
use pass_types::Kind;
use tonic::{Request, Response, Status};
use url::Url;

/// The directory.
pub(crate) struct Directory {
    spaces: LegacySpaces,
    public_url: Url,
}

/// The directory of these spaces, whose pages begin at `public_url`.
pub(crate) fn directory(spaces: LegacySpaces, public_url: Url) -> LegacyDirectoryServer<Directory> {
    LegacyDirectoryServer::new(Directory { spaces, public_url })
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("there is no such space")]
    Unknown,
    #[error("the space does not let people log in with a Nulab Account")]
    Closed,
    #[error("user ID or password is wrong")]
    Credentials,
    #[error("more than 100 spaces are asked for")]
    TooMany,
}

impl Problem for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown => Kind::NotFound,
            Self::Closed => Kind::Precondition,
            Self::Credentials => Kind::Unauthenticated,
            Self::TooMany => Kind::InvalidInput,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Unknown => ErrorReason::SpaceUnknown,
            Self::Closed => ErrorReason::SpaceClosed,
            Self::Credentials => ErrorReason::CredentialsInvalid,
            Self::TooMany => ErrorReason::InvalidArgument,
        }
    }
}

#[tonic::async_trait]
impl LegacyDirectory for Directory {
    async fn batch_get_spaces(
        &self,
        request: Request<BatchGetSpacesRequest>,
    ) -> Result<Response<BatchGetSpacesResponse>, Status> {
        let (_, BatchGetSpacesRequest { space_ids }) = open(request)?;
        if space_ids.len() > 100 {
            return Err(status(Refusal::TooMany));
        }
        let found = space_ids.into_iter().filter_map(|id| {
            let space = self.spaces.get(&id)?;
            Some(LegacySpace {
                sign_in_url: format!("{}spaces/{id}/nulab", self.public_url),
                space_id: id,
                name: space.name,
                nulab_account_allowed: space.nulab_account,
            })
        });
        Ok(Response::new(BatchGetSpacesResponse { spaces: found.collect() }))
    }

    async fn check_password(
        &self,
        request: Request<CheckPasswordRequest>,
    ) -> Result<Response<CheckPasswordResponse>, Status> {
        let (_, CheckPasswordRequest { space_id, user_id, password }) = open(request)?;
        let space = self.spaces.get(&space_id).ok_or(Refusal::Unknown).map_err(status)?;
        if !space.nulab_account {
            return Err(status(Refusal::Closed));
        }
        let user = self.spaces.check(&space, &user_id, password).await;
        let user = user.ok_or(Refusal::Credentials).map_err(status)?;
        Ok(Response::new(CheckPasswordResponse { space_user_id: user.id, name: user.name }))
    }
}
