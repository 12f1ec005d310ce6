//! `pass.identity.v1.SamlSignInService`.

use super::{Services, convert, saml_convert};
use crate::app::saml::{Finish, SamlError, Shown};
use pass_mesh::{open, status, violation};
use pass_proto::identity::v1::{
    BeginSamlSignInRequest, BeginSamlSignInResponse, BeginSamlTestRequest, BeginSamlTestResponse,
    ConsumeSamlResponseRequest, ConsumeSamlResponseResponse, FinishSamlSignInRequest,
    FinishSamlSignInResponse, GetPendingSamlSignInRequest, GetPendingSamlSignInResponse,
    GetServiceProviderMetadataRequest, GetServiceProviderMetadataResponse,
    saml_sign_in_service_server::SamlSignInService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl SamlSignInService for Services {
    async fn begin_saml_sign_in(
        &self,
        request: Request<BeginSamlSignInRequest>,
    ) -> Result<Response<BeginSamlSignInResponse>, Status> {
        let (caller, request) = open(request)?;
        let wish = saml_convert::wish(request).map_err(violation)?;
        let begun = self.0.begin_saml_sign_in(&caller, wish).await;
        let begun = begun.map_err(status)?;
        let (redirect_url, browser_token) = (begun.redirect_url, begun.browser.reveal());
        Ok(Response::new(BeginSamlSignInResponse { redirect_url, browser_token }))
    }

    async fn begin_saml_test(
        &self,
        request: Request<BeginSamlTestRequest>,
    ) -> Result<Response<BeginSamlTestResponse>, Status> {
        let (caller, BeginSamlTestRequest { token }) = open(request)?;
        let begun = self.0.begin_saml_test(&caller, &token).await.map_err(status)?;
        let (redirect_url, browser_token) = (begun.redirect_url, begun.browser.reveal());
        Ok(Response::new(BeginSamlTestResponse { redirect_url, browser_token }))
    }

    async fn consume_saml_response(
        &self,
        request: Request<ConsumeSamlResponseRequest>,
    ) -> Result<Response<ConsumeSamlResponseResponse>, Status> {
        let (caller, ConsumeSamlResponseRequest { space_key, saml_response, relay_state }) = open(request)?;
        let space_key = convert::parse(&space_key, "space_key").map_err(violation)?;
        let consumed = self.0.consume_saml_response(&caller, &space_key, saml_response, &relay_state).await;
        let consumed = consumed.map_err(status)?;
        let (handle, unsolicited) = (consumed.handle.reveal(), consumed.unsolicited);
        Ok(Response::new(ConsumeSamlResponseResponse { handle, unsolicited }))
    }

    async fn get_pending_saml_sign_in(
        &self,
        request: Request<GetPendingSamlSignInRequest>,
    ) -> Result<Response<GetPendingSamlSignInResponse>, Status> {
        let (caller, GetPendingSamlSignInRequest { handle }) = open(request)?;
        let handle = handle.parse().map_err(|_| status(SamlError::LinkInvalid))?;
        let waiting = self.0.pending_saml_sign_in(&caller, &handle).await.map_err(status)?;
        Ok(Response::new(saml_convert::waiting(waiting)))
    }

    async fn finish_saml_sign_in(
        &self,
        request: Request<FinishSamlSignInRequest>,
    ) -> Result<Response<FinishSamlSignInResponse>, Status> {
        let (caller, FinishSamlSignInRequest { handle, browser_token, replaced_token }) = open(request)?;
        let handle = handle.parse().map_err(|_| status(SamlError::LinkInvalid))?;
        // A browser may send anything; what is no token was not kept, and is no session's.
        let finish =
            Finish { handle, browser: Shown::of(&browser_token), replaced: replaced_token.parse().ok() };
        let done = self.0.finish_saml_sign_in(&caller, finish).await.map_err(status)?;
        Ok(Response::new(saml_convert::done(done)))
    }

    async fn get_service_provider_metadata(
        &self,
        request: Request<GetServiceProviderMetadataRequest>,
    ) -> Result<Response<GetServiceProviderMetadataResponse>, Status> {
        let (_, GetServiceProviderMetadataRequest { space_key }) = open(request)?;
        // What is no Space Key is no organization's.
        let space_key = space_key.parse().map_err(|_| status(SamlError::NotFound))?;
        let xml = self.0.sp_metadata(&space_key).await.map_err(status)?;
        Ok(Response::new(GetServiceProviderMetadataResponse { xml }))
    }
}
