//! Resetting a password (ACC-8): the address, a mail, another password by its link. Nobody is signed in by it: a
//! second factor may be asked for, so it leads to the sign-in page; in the browser that asked, on with its flow.

use super::{
    Site,
    authorize::with_flow,
    binding,
    device::Device,
    fault, pages, see_other,
    sign_in::{Stage, refuse_call, with_retry_after},
};
use crate::grpc::PasswordReset;
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use pass_web::{Browser, Form, Page, Refusal, html, html_with, http_status};
use serde::Deserialize;
use uuid::Uuid;

/// `GET /reset-password`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    let hint = stage.flow.as_ref().and_then(|(flow, _)| flow.request.login_hint.clone());
    Ok(show(&stage, StatusCode::OK, stage.page(&browser), hint.unwrap_or_default()))
}

fn show(stage: &Stage, status: StatusCode, page: Page, email: String) -> Response {
    let action = with_flow("/reset-password", stage.id);
    html_with(status, &pages::ResetPassword { page, action, email, sign_in: with_flow("/sign-in", stage.id) })
}

/// What the form has.
#[derive(Deserialize)]
pub struct Fields {
    email: String,
}

/// `POST /reset-password`: the answer is the same whether or not the address has an account.
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Form(Fields { email }): Form<Fields>,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    let page = stage.page(&browser);
    let refuse = |refusal: Refusal| {
        show(&stage, http_status(refusal.kind), page.clone().refused(refusal), email.clone())
    };
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        return Err(with_retry_after(refuse(too_many.into()), too_many.retry_after));
    }
    let identity = &site.gateway.identity;
    let asked =
        identity.request_password_reset(browser.origin(), email.clone(), page.language, stage.id).await;
    asked.map_err(|failure| refuse_call(failure, refuse))?;
    if let Some((flow, hash)) = &stage.bound {
        let waits = site.gateway.reset_requested(*flow, hash).await;
        waits.map_err(|error| fault(&browser, &error))?;
    }
    Ok(see_other(&with_flow("/reset-password/sent", stage.id)))
}

/// `GET /reset-password/sent`
pub async fn sent(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    let (again, sign_in) = (with_flow("/reset-password", stage.id), with_flow("/sign-in", stage.id));
    Ok(html(&pages::ResetSent { page: stage.page(&browser), again, sign_in }))
}

/// `GET /reset-password/{token}`: the link of the mail. Opening it changes nothing.
pub async fn password_page(
    State(site): State<Site>,
    browser: Browser,
    Path(token): Path<String>,
) -> Result<Response, Response> {
    let reset = find(&site, &browser, &token).await?;
    Ok(choose(StatusCode::OK, browser.page().in_language(reset.language), &reset))
}

async fn find(site: &Site, browser: &Browser, token: &str) -> Result<PasswordReset, Response> {
    let found = site.gateway.identity.password_reset(browser.origin(), token).await;
    found.map_err(|failure| refuse_call(failure, |refusal| browser.refused(refusal)))
}

fn choose(status: StatusCode, page: Page, reset: &PasswordReset) -> Response {
    html_with(status, &pages::NewPassword { page, email: reset.email.clone() })
}

/// What the form has.
#[derive(Deserialize)]
pub struct Choice {
    password: String,
}

/// `POST /reset-password/{token}`: sets the password and ends every session.
pub async fn password(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(Choice { password }): Form<Choice>,
) -> Result<Response, Response> {
    let reset = find(&site, &browser, &token).await?;
    let refuse = |refusal: Refusal| {
        let page = browser.page().in_language(reset.language);
        choose(http_status(refusal.kind), page.refused(refusal), &reset)
    };
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        return Err(with_retry_after(refuse(too_many.into()), too_many.retry_after));
    }
    let device = Device::of(&headers, &site.gateway.entropy);
    let identity = &site.gateway.identity;
    match identity.complete_password_reset(browser.origin(), token, password, device.token()).await {
        Ok(flow) => {
            let flow = belonging(&site, &headers, flow).await;
            Ok(device.keep(see_other(&with_flow("/reset-password/done", flow))))
        }
        Err(failure) => Err(refuse_call(failure, refuse)),
    }
}

/// The flow in which the reset was asked for, if it is this browser's and not over. Whoever opened the link elsewhere
/// just signs in there, and goes on where the flow is.
async fn belonging(site: &Site, headers: &HeaderMap, flow: Option<Uuid>) -> Option<Uuid> {
    let (flow, browser) = (flow?, binding::known(headers)?);
    site.gateway.flow(flow, &browser).await.ok().map(|(flow, _)| flow.id)
}

/// `GET /reset-password/done`
pub async fn done(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    let sign_in = with_flow("/sign-in", stage.id);
    Ok(html(&pages::ResetDone { page: stage.page(&browser), sign_in }))
}
