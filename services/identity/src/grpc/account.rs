//! `pass.identity.v1.AccountService`.

use super::{Services, convert};
use crate::{app::Owner, domain::guessing::Attempted};
use pass_mesh::{open, status, violation};
use pass_proto::identity::v1::{
    CompleteSignUpRequest, CompleteSignUpResponse, GetAccountRequest, GetAccountResponse,
    GetMyAccountRequest, GetMyAccountResponse, GetSignUpRequest, GetSignUpResponse, RequestSignUpRequest,
    RequestSignUpResponse, UpdateMyAccountRequest, UpdateMyAccountResponse,
    account_service_server::AccountService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl AccountService for Services {
    async fn request_sign_up(
        &self,
        request: Request<RequestSignUpRequest>,
    ) -> Result<Response<RequestSignUpResponse>, Status> {
        let (caller, request) = open(request)?;
        let wish = convert::wish(request).map_err(violation)?;
        let asked = self.0.request_sign_up(&caller, wish).await;
        self.0.counting(&caller, Attempted::SignUp, asked).await.map_err(status)?;
        Ok(Response::new(RequestSignUpResponse {}))
    }

    async fn get_sign_up(
        &self,
        request: Request<GetSignUpRequest>,
    ) -> Result<Response<GetSignUpResponse>, Status> {
        let (caller, GetSignUpRequest { token }) = open(request)?;
        let sign_up = self.0.sign_up_of_link(&token).await;
        let sign_up = self.0.counting(&caller, Attempted::Link, sign_up).await.map_err(status)?;
        Ok(Response::new(convert::sign_up(sign_up)))
    }

    async fn complete_sign_up(
        &self,
        request: Request<CompleteSignUpRequest>,
    ) -> Result<Response<CompleteSignUpResponse>, Status> {
        let (caller, CompleteSignUpRequest { token, password, replaced_token, visit }) = open(request)?;
        let visit = convert::visit(visit).map_err(violation)?;
        // A browser may send anything; what is no token is no session's.
        let replaced = replaced_token.parse().ok();
        let signed_up = self.0.complete_sign_up(&caller, &token, password, replaced, visit).await;
        let signed_up = self.0.counting(&caller, Attempted::Link, signed_up).await.map_err(status)?;
        Ok(Response::new(convert::signed_up(signed_up)))
    }

    async fn get_my_account(
        &self,
        request: Request<GetMyAccountRequest>,
    ) -> Result<Response<GetMyAccountResponse>, Status> {
        let (caller, GetMyAccountRequest {}) = open(request)?;
        let account = self.0.profile(&Owner::of(&caller)?).await.map_err(status)?;
        Ok(Response::new(GetMyAccountResponse { account: Some(convert::account(account)) }))
    }

    async fn update_my_account(
        &self,
        request: Request<UpdateMyAccountRequest>,
    ) -> Result<Response<UpdateMyAccountResponse>, Status> {
        let (caller, request) = open(request)?;
        let owner = Owner::of(&caller)?;
        let change = convert::change(owner.account, request).map_err(violation)?;
        let account = self.0.change_profile(&owner, change).await.map_err(status)?;
        Ok(Response::new(UpdateMyAccountResponse { account: Some(convert::account(account)) }))
    }

    async fn get_account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> Result<Response<GetAccountResponse>, Status> {
        let (caller, GetAccountRequest { account_id }) = open(request)?;
        let id = convert::id(&account_id, "account_id").map_err(violation)?;
        let view = self.0.look_up(&Owner::of(&caller)?, id).await.map_err(status)?;
        Ok(Response::new(GetAccountResponse { account: Some(convert::view(view)) }))
    }
}
