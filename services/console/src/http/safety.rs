//! What happened to the person's account (ACC-11): tries to sign in, and what changed its safety; and the switch of
//! login alerts (ACC-10).

use super::{
    Done, SignedIn, browsers,
    frame::{Frame, Pages, View},
    signed_in::to_fresh_sign_in,
};
use crate::{
    domain::Destination,
    grpc::{Login, SecurityEvent},
};
use askama::Template;
use axum::{extract::Query, response::Response};
use pass_proto::errors::v1::ErrorReason;
use pass_types::AccountKind;
use pass_web::{Form, Page, Refusal, html};

/// Tries to sign in.
#[derive(Template)]
#[template(path = "login_history.html")]
pub struct LoginHistoryPage {
    pub page: Page,
    pub frame: Frame,
    pub logins: Vec<Login>,
    pub pages: Pages,
}

/// What changed the account's safety.
#[derive(Template)]
#[template(path = "security_events.html")]
pub struct SecurityEventsPage {
    pub page: Page,
    pub frame: Frame,
    /// Whether login alerts are on; `None`: they are not the person's to switch (a Managed Account).
    pub login_alerts: Option<bool>,
    /// The gateway's page of password and second factors; `None`: the person has neither (a Managed Account).
    pub protection: Option<String>,
    pub events: Vec<SecurityEvent>,
    pub pages: Pages,
}

/// What a browser seems to be.
pub fn device(page: &Page, user_agent: &str) -> String {
    match browsers::device(user_agent) {
        nothing if nothing.is_empty() => page.t("unknown-browser"),
        device => device,
    }
}

/// What an event is called. One that a later version wrote has a general name.
pub fn event_name(page: &Page, kind: &str) -> String {
    page.t_or(&format!("security-event-{}", kind.replace('_', "-")), &page.t("security-event"))
}

/// How somebody signed in.
pub fn method_name(page: &Page, method: &str) -> String {
    page.t_or(&format!("method-{method}"), method)
}

/// Why a try was refused.
pub fn refusal_name(page: &Page, refused_because: &str) -> String {
    let key = format!("login-{}", refused_because.to_ascii_lowercase().replace('_', "-"));
    page.t_or(&key, &page.t("login-refused"))
}

/// Shows the login history.
pub async fn logins(me: SignedIn, Query(view): Query<View>) -> Result<Response, Response> {
    let found = me.suite.logins(&view.page).await.map_err(|refusal| me.failed(refusal))?;
    Ok(html(&LoginHistoryPage {
        page: view.noticed(me.page()),
        frame: Frame::of(&me, "sessions"),
        logins: found.items,
        pages: view.pages("/account/history", &found.next),
    }))
}

/// Shows the security events.
pub async fn events(me: SignedIn, Query(view): Query<View>) -> Result<Response, Response> {
    let found = me.suite.security_events(&view.page).await.map_err(|refusal| me.failed(refusal))?;
    let login_alerts = match me.account.kind {
        AccountKind::Nulab => Some(me.suite.login_alerts().await.map_err(|refusal| me.failed(refusal))?),
        AccountKind::Managed => None,
    };
    Ok(html(&SecurityEventsPage {
        page: view.noticed(me.page()),
        frame: Frame::of(&me, "sessions"),
        protection: login_alerts.map(|_| me.images.security()),
        login_alerts,
        events: found.items,
        pages: view.pages("/account/security-events", &found.next),
    }))
}

#[derive(Debug, serde::Deserialize)]
pub struct Alerts {
    login_alerts: String,
}

/// Switches login alerts; who has to sign in afresh for that comes back to the switch.
pub async fn switch_alerts(me: SignedIn, Form(fields): Form<Alerts>) -> Result<Response, Response> {
    let (on, done) = match fields.login_alerts.as_str() {
        "on" => (true, Done::AlertsOn),
        "off" => (false, Done::AlertsOff),
        _ => return Err(me.failed(Refusal::malformed())),
    };
    match me.suite.switch_login_alerts(on).await {
        Ok(()) => Ok(done.then("/account/security-events")),
        Err(refusal) if refusal.reason == ErrorReason::FreshSignInNeeded => {
            Ok(to_fresh_sign_in(&Destination::SecurityEventsAgain))
        }
        Err(refusal) => Err(me.failed(refusal)),
    }
}
