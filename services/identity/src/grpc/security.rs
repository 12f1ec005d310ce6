//! `pass.identity.v1.SecurityService`.

use super::Services;
use crate::{
    app::{AskedAbout, Owner},
    domain::{guessing::Attempted, login_alert::LoginAlert, security_event::SecurityEvent, session::Try},
};
use pass_mesh::{open, status, violation};
use pass_proto::{
    convert::{FromWire, timestamp},
    identity::v1::{
        self as wire, DisownSignInRequest, DisownSignInResponse, GetLoginAlertRequest, GetLoginAlertResponse,
        GetMySecuritySettingsRequest, GetMySecuritySettingsResponse, ListMyLoginHistoryRequest,
        ListMyLoginHistoryResponse, ListMySecurityEventsRequest, ListMySecurityEventsResponse,
        LoginHistoryEntry, PrepareLoginAlertMailResponse, SecuritySettings, UpdateMySecuritySettingsRequest,
        UpdateMySecuritySettingsResponse, security_service_server::SecurityService,
    },
};
use pass_types::{Invalid, PageSize, Violation};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl SecurityService for Services {
    async fn list_my_login_history(
        &self,
        request: Request<ListMyLoginHistoryRequest>,
    ) -> Result<Response<ListMyLoginHistoryResponse>, Status> {
        let (caller, ListMyLoginHistoryRequest { page_size, page_token }) = open(request)?;
        let (owner, size) = (Owner::of(&caller)?, size(page_size).map_err(violation)?);
        let page = self.0.login_history(&owner, size, &page_token).await.map_err(status)?;
        let entries = page.items.into_iter().map(entry).collect();
        Ok(Response::new(ListMyLoginHistoryResponse { entries, next_page_token: page.next }))
    }

    async fn list_my_security_events(
        &self,
        request: Request<ListMySecurityEventsRequest>,
    ) -> Result<Response<ListMySecurityEventsResponse>, Status> {
        let (caller, ListMySecurityEventsRequest { page_size, page_token }) = open(request)?;
        let (owner, size) = (Owner::of(&caller)?, size(page_size).map_err(violation)?);
        let page = self.0.security_events(&owner, size, &page_token).await.map_err(status)?;
        let events = page.items.into_iter().map(event).collect();
        Ok(Response::new(ListMySecurityEventsResponse { events, next_page_token: page.next }))
    }

    async fn get_my_security_settings(
        &self,
        request: Request<GetMySecuritySettingsRequest>,
    ) -> Result<Response<GetMySecuritySettingsResponse>, Status> {
        let (caller, GetMySecuritySettingsRequest {}) = open(request)?;
        let login_alerts = self.0.login_alerts(&Owner::of(&caller)?).await.map_err(status)?;
        Ok(Response::new(GetMySecuritySettingsResponse { settings: Some(SecuritySettings { login_alerts }) }))
    }

    async fn update_my_security_settings(
        &self,
        request: Request<UpdateMySecuritySettingsRequest>,
    ) -> Result<Response<UpdateMySecuritySettingsResponse>, Status> {
        let (caller, request) = open(request)?;
        let owner = Owner::of(&caller)?;
        let login_alerts = change(request).map_err(violation)?;
        self.0.switch_login_alerts(&owner, login_alerts).await.map_err(status)?;
        let settings = Some(SecuritySettings { login_alerts });
        Ok(Response::new(UpdateMySecuritySettingsResponse { settings }))
    }

    async fn get_login_alert(
        &self,
        request: Request<GetLoginAlertRequest>,
    ) -> Result<Response<GetLoginAlertResponse>, Status> {
        let (caller, GetLoginAlertRequest { token }) = open(request)?;
        let asked = self.0.login_alert_of_link(&token).await;
        let asked = self.0.counting(&caller, Attempted::Link, asked).await.map_err(status)?;
        let AskedAbout { alert, account, url: _ } = asked;
        Ok(Response::new(GetLoginAlertResponse {
            sign_in_time: Some(timestamp(alert.at)),
            user_agent: alert.user_agent,
            language: account.language.to_wire() as i32,
            time_zone: account.time_zone.as_str().to_owned(),
        }))
    }

    async fn disown_sign_in(
        &self,
        request: Request<DisownSignInRequest>,
    ) -> Result<Response<DisownSignInResponse>, Status> {
        let (caller, DisownSignInRequest { token }) = open(request)?;
        let disowned = self.0.disown_sign_in(&caller, &token).await;
        self.0.counting(&caller, Attempted::Link, disowned).await.map_err(status)?;
        Ok(Response::new(DisownSignInResponse {}))
    }
}

fn size(asked: i32) -> Result<PageSize, Violation> {
    PageSize::try_from(asked).map_err(|problem| problem.of("page_size"))
}

fn change(request: UpdateMySecuritySettingsRequest) -> Result<bool, Violation> {
    let UpdateMySecuritySettingsRequest { settings, update_mask } = request;
    let SecuritySettings { login_alerts } = settings.ok_or(Invalid("must be there").of("settings"))?;
    let paths = update_mask.map(|mask| mask.paths).unwrap_or_default();
    if paths != ["login_alerts"] {
        return Err(Invalid("must be login_alerts").of("update_mask"));
    }
    Ok(login_alerts)
}

fn entry(entry: Try) -> LoginHistoryEntry {
    let Try { id: _, at, origin, product, method, refused } = entry;
    LoginHistoryEntry {
        time: Some(timestamp(at)),
        address: origin.address,
        user_agent: origin.user_agent,
        product,
        method,
        refused_because: refused.unwrap_or_default(),
    }
}

fn event(event: SecurityEvent) -> wire::SecurityEvent {
    let SecurityEvent { id: _, account: _, at, kind, origin, detail } = event;
    wire::SecurityEvent {
        time: Some(timestamp(at)),
        kind,
        address: origin.address,
        user_agent: origin.user_agent,
        detail,
    }
}

/// What the mail of an alert says.
pub fn mail(asked: AskedAbout) -> PrepareLoginAlertMailResponse {
    let email = asked.email().as_str().to_owned();
    let AskedAbout { alert, account, url } = asked;
    let LoginAlert { id: _, account: _, session: _, email: _, at, user_agent, expires_at, until: _ } = alert;
    PrepareLoginAlertMailResponse {
        email,
        language: account.language.to_wire() as i32,
        time_zone: account.time_zone.as_str().to_owned(),
        sign_in_time: Some(timestamp(at)),
        user_agent,
        url,
        expire_time: Some(timestamp(expires_at)),
    }
}
