//! Login alerts, as identity keeps them.

use super::{Neighbours, refused};
use pass_mesh::open;
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{security_service_server::SecurityService, *},
    types::v1::Language,
};
use pass_types::Kind;
use time::macros::datetime;
use tonic::{Request, Response, Status};

/// Which alerts there are.
#[derive(Default)]
pub struct Alerts {
    /// Tokens of links that work.
    pub open: Vec<String>,
    /// Those that were disowned.
    pub disowned: Vec<String>,
}

fn over() -> Status {
    refused(Kind::Precondition, ErrorReason::LinkInvalid)
}

#[tonic::async_trait]
impl SecurityService for Neighbours {
    async fn get_login_alert(
        &self,
        request: Request<GetLoginAlertRequest>,
    ) -> Result<Response<GetLoginAlertResponse>, Status> {
        let (_, GetLoginAlertRequest { token }) = open(request)?;
        if !self.state().alerts.open.contains(&token) {
            return Err(over());
        }
        Ok(Response::new(GetLoginAlertResponse {
            sign_in_time: Some(timestamp(datetime!(2026-03-02 09:00 UTC))),
            user_agent: "<b>evil.example</b> (Windows) Firefox/140.0".to_owned(),
            language: Language::Ja.into(),
            time_zone: "Asia/Tokyo".to_owned(),
        }))
    }

    async fn disown_sign_in(
        &self,
        request: Request<DisownSignInRequest>,
    ) -> Result<Response<DisownSignInResponse>, Status> {
        let (_, DisownSignInRequest { token }) = open(request)?;
        let mut state = self.state();
        let at = state.alerts.open.iter().position(|it| *it == token).ok_or_else(over)?;
        let token = state.alerts.open.remove(at);
        state.alerts.disowned.push(token);
        Ok(Response::new(DisownSignInResponse {}))
    }

    async fn list_my_login_history(
        &self,
        _: Request<ListMyLoginHistoryRequest>,
    ) -> Result<Response<ListMyLoginHistoryResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn list_my_security_events(
        &self,
        _: Request<ListMySecurityEventsRequest>,
    ) -> Result<Response<ListMySecurityEventsResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn get_my_security_settings(
        &self,
        _: Request<GetMySecuritySettingsRequest>,
    ) -> Result<Response<GetMySecuritySettingsResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn update_my_security_settings(
        &self,
        _: Request<UpdateMySecuritySettingsRequest>,
    ) -> Result<Response<UpdateMySecuritySettingsResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }
}
