//! What happened to the person's account, and what they chose, from identity.

use super::{AsPerson, List, list, refused, unusable};
use pass_proto::{convert::instant, identity::v1 as wire};
use pass_types::Invalid;
use pass_web::Refusal;
use prost_types::FieldMask;
use time::OffsetDateTime;

/// A try to sign in.
#[derive(Debug, Clone)]
pub struct Login {
    /// When.
    pub time: OffsetDateTime,
    /// Where from.
    pub address: String,
    /// What the browser said it is.
    pub user_agent: String,
    /// What it was for; empty: no product, or it is not known.
    pub product: String,
    /// `pwd`, …
    pub method: String,
    /// The refusal's reason; empty: signed in.
    pub refused_because: String,
}

/// Something that happened to the account's safety.
#[derive(Debug, Clone)]
pub struct SecurityEvent {
    /// When.
    pub time: OffsetDateTime,
    /// What: `password_changed`, …
    pub kind: String,
    /// Where from.
    pub address: String,
    /// What the browser said it is.
    pub user_agent: String,
    /// What it was about; may be empty.
    pub detail: String,
}

impl AsPerson {
    /// A page of the tries to sign in to the person's account, latest first (ACC-11).
    pub async fn logins(&self, page_token: &str) -> Result<List<Login>, Refusal> {
        let message = wire::ListMyLoginHistoryRequest { page_size: 0, page_token: page_token.to_owned() };
        let request = self.context.request(message);
        let answer = self.suite.security.clone().list_my_login_history(request).await.map_err(refused)?;
        let wire::ListMyLoginHistoryResponse { entries, next_page_token } = answer.into_inner();
        list(entries, next_page_token, login)
    }

    /// A page of what happened to the account's safety, latest first (ACC-11).
    pub async fn security_events(&self, page_token: &str) -> Result<List<SecurityEvent>, Refusal> {
        let message = wire::ListMySecurityEventsRequest { page_size: 0, page_token: page_token.to_owned() };
        let request = self.context.request(message);
        let answer = self.suite.security.clone().list_my_security_events(request).await.map_err(refused)?;
        let wire::ListMySecurityEventsResponse { events, next_page_token } = answer.into_inner();
        list(events, next_page_token, event)
    }

    /// Whether the person is mailed after sign-ins from something new (ACC-10).
    pub async fn login_alerts(&self) -> Result<bool, Refusal> {
        let request = self.context.request(wire::GetMySecuritySettingsRequest {});
        let answer = self.suite.security.clone().get_my_security_settings(request).await.map_err(refused)?;
        let wire::GetMySecuritySettingsResponse { settings } = answer.into_inner();
        let settings = settings.ok_or(Invalid("no settings")).map_err(unusable("security settings"))?;
        Ok(settings.login_alerts)
    }

    /// Switches that.
    pub async fn switch_login_alerts(&self, login_alerts: bool) -> Result<(), Refusal> {
        let message = wire::UpdateMySecuritySettingsRequest {
            settings: Some(wire::SecuritySettings { login_alerts }),
            update_mask: Some(FieldMask { paths: vec!["login_alerts".to_owned()] }),
        };
        let request = self.context.request(message);
        self.suite.security.clone().update_my_security_settings(request).await.map_err(refused)?;
        Ok(())
    }
}

fn login(entry: wire::LoginHistoryEntry) -> Result<Login, Invalid> {
    let wire::LoginHistoryEntry { time, address, user_agent, product, method, refused_because } = entry;
    Ok(Login { time: instant(time)?, address, user_agent, product, method, refused_because })
}

fn event(event: wire::SecurityEvent) -> Result<SecurityEvent, Invalid> {
    let wire::SecurityEvent { time, kind, address, user_agent, detail } = event;
    Ok(SecurityEvent { time: instant(time)?, kind, address, user_agent, detail })
}
