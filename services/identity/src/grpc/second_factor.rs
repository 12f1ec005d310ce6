//! `pass.identity.v1.SecondFactorService`.

use super::{Services, convert, second_factor_convert as of_factors};
use pass_mesh::{open, status, violation};
use pass_proto::identity::v1::{
    AddKeyRequest, AddKeyResponse, BeginAuthenticatorRequest, BeginAuthenticatorResponse, BeginKeyRequest,
    BeginKeyResponse, BeginPasskeySignInRequest, BeginPasskeySignInResponse, BeginStepUpRequest,
    BeginStepUpResponse, ConfirmAuthenticatorRequest, ConfirmAuthenticatorResponse,
    DisableSecondFactorsRequest, DisableSecondFactorsResponse, FinishPasskeySignInRequest,
    FinishPasskeySignInResponse, FinishSecondStepRequest, FinishSecondStepResponse, GetProtectionRequest,
    GetProtectionResponse, GetSecondStepRequest, GetSecondStepResponse, RemoveAuthenticatorRequest,
    RemoveAuthenticatorResponse, RemoveKeyRequest, RemoveKeyResponse, RenewRecoveryCodesRequest,
    RenewRecoveryCodesResponse, second_factor_service_server::SecondFactorService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl SecondFactorService for Services {
    async fn get_protection(
        &self,
        request: Request<GetProtectionRequest>,
    ) -> Result<Response<GetProtectionResponse>, Status> {
        let (caller, GetProtectionRequest { session_token }) = open(request)?;
        let protection = self.0.protection(&caller, &session_token).await.map_err(status)?;
        Ok(Response::new(of_factors::protection(protection)))
    }

    async fn begin_authenticator(
        &self,
        request: Request<BeginAuthenticatorRequest>,
    ) -> Result<Response<BeginAuthenticatorResponse>, Status> {
        let (caller, BeginAuthenticatorRequest { session_token }) = open(request)?;
        let draft = self.0.begin_authenticator(&caller, &session_token).await.map_err(status)?;
        Ok(Response::new(BeginAuthenticatorResponse { secret: draft.secret, uri: draft.uri }))
    }

    async fn confirm_authenticator(
        &self,
        request: Request<ConfirmAuthenticatorRequest>,
    ) -> Result<Response<ConfirmAuthenticatorResponse>, Status> {
        let (caller, ConfirmAuthenticatorRequest { session_token, code }) = open(request)?;
        let code = convert::parse(&code, "code").map_err(violation)?;
        let confirmed = self.0.confirm_authenticator(&caller, &session_token, &code).await;
        Ok(Response::new(of_factors::confirmed(confirmed.map_err(status)?)))
    }

    async fn remove_authenticator(
        &self,
        request: Request<RemoveAuthenticatorRequest>,
    ) -> Result<Response<RemoveAuthenticatorResponse>, Status> {
        let (caller, RemoveAuthenticatorRequest { session_token }) = open(request)?;
        self.0.remove_authenticator(&caller, &session_token).await.map_err(status)?;
        Ok(Response::new(RemoveAuthenticatorResponse {}))
    }

    async fn begin_key(
        &self,
        request: Request<BeginKeyRequest>,
    ) -> Result<Response<BeginKeyResponse>, Status> {
        let (caller, BeginKeyRequest { session_token, passkey }) = open(request)?;
        let options_json = self.0.begin_key(&caller, &session_token, passkey).await.map_err(status)?;
        Ok(Response::new(BeginKeyResponse { options_json }))
    }

    async fn add_key(&self, request: Request<AddKeyRequest>) -> Result<Response<AddKeyResponse>, Status> {
        let (caller, AddKeyRequest { session_token, name, credential_json }) = open(request)?;
        let name = convert::parse(&name, "name").map_err(violation)?;
        let answer = of_factors::answer(credential_json)?;
        let added = self.0.add_key(&caller, &session_token, name, &answer).await.map_err(status)?;
        Ok(Response::new(of_factors::added(added)))
    }

    async fn remove_key(
        &self,
        request: Request<RemoveKeyRequest>,
    ) -> Result<Response<RemoveKeyResponse>, Status> {
        let (caller, RemoveKeyRequest { session_token, key_id }) = open(request)?;
        let id = convert::id(&key_id, "key_id").map_err(violation)?;
        self.0.remove_key(&caller, &session_token, id).await.map_err(status)?;
        Ok(Response::new(RemoveKeyResponse {}))
    }

    async fn renew_recovery_codes(
        &self,
        request: Request<RenewRecoveryCodesRequest>,
    ) -> Result<Response<RenewRecoveryCodesResponse>, Status> {
        let (caller, RenewRecoveryCodesRequest { session_token }) = open(request)?;
        let recovery_codes = self.0.renew_recovery_codes(&caller, &session_token).await.map_err(status)?;
        Ok(Response::new(RenewRecoveryCodesResponse { recovery_codes }))
    }

    async fn disable_second_factors(
        &self,
        request: Request<DisableSecondFactorsRequest>,
    ) -> Result<Response<DisableSecondFactorsResponse>, Status> {
        let (caller, DisableSecondFactorsRequest { session_token }) = open(request)?;
        self.0.disable_second_factors(&caller, &session_token).await.map_err(status)?;
        Ok(Response::new(DisableSecondFactorsResponse {}))
    }

    async fn begin_step_up(
        &self,
        request: Request<BeginStepUpRequest>,
    ) -> Result<Response<BeginStepUpResponse>, Status> {
        let (_, BeginStepUpRequest { session_token }) = open(request)?;
        let step = self.0.begin_step_up(&session_token).await.map_err(status)?;
        Ok(Response::new(BeginStepUpResponse { second_step: Some(of_factors::step(&step)) }))
    }

    async fn get_second_step(
        &self,
        request: Request<GetSecondStepRequest>,
    ) -> Result<Response<GetSecondStepResponse>, Status> {
        let (_, GetSecondStepRequest { token }) = open(request)?;
        let offer = self.0.second_step(&of_factors::token(&token)?).await.map_err(status)?;
        Ok(Response::new(of_factors::offer(offer)))
    }

    async fn finish_second_step(
        &self,
        request: Request<FinishSecondStepRequest>,
    ) -> Result<Response<FinishSecondStepResponse>, Status> {
        let (caller, request) = open(request)?;
        let finish = of_factors::finish(request)?;
        let finished = self.0.finish_second_step(&caller, finish).await.map_err(status)?;
        Ok(Response::new(of_factors::finished(finished)))
    }

    async fn begin_passkey_sign_in(
        &self,
        request: Request<BeginPasskeySignInRequest>,
    ) -> Result<Response<BeginPasskeySignInResponse>, Status> {
        let (_, BeginPasskeySignInRequest {}) = open(request)?;
        let (step, options_json) = self.0.begin_passkey_sign_in().await.map_err(status)?;
        Ok(Response::new(of_factors::passkey_step(&step, options_json)))
    }

    async fn finish_passkey_sign_in(
        &self,
        request: Request<FinishPasskeySignInRequest>,
    ) -> Result<Response<FinishPasskeySignInResponse>, Status> {
        let (caller, request) = open(request)?;
        let shown = of_factors::passkey_sign_in(request)?;
        let session = self.0.finish_passkey_sign_in(&caller, shown).await.map_err(status)?;
        Ok(Response::new(of_factors::passkey_signed_in(&session)))
    }
}
