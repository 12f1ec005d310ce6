//! "This was not me" (ACC-10): the link of a login alert's mail. Opening it changes nothing, because mail programs do;
//! its button ends every session of the account and starts a password reset.

use super::{Site, pages, see_other, sign_in::refuse_call};
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use pass_web::{Browser, Form, html};
use serde::Deserialize;

/// `GET /not-me/{token}`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    Path(token): Path<String>,
) -> Result<Response, Response> {
    let alert = site.gateway.identity.login_alert(browser.origin(), token).await;
    let alert = alert.map_err(|failure| refuse_call(failure, |refusal| browser.refused(refusal)))?;
    let page = browser.page().for_person(alert.language, browser.appearance(), alert.time_zone.clone());
    Ok(html(&pages::NotMe { page, device: alert.device, at: alert.sign_in_time }))
}

/// Nothing but the form's token.
#[derive(Deserialize)]
pub struct Nothing {}

/// `POST /not-me/{token}`
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    site.limits.check(&browser, &headers).map_err(|too_many| browser.refused(too_many.into()))?;
    let done = site.gateway.identity.disown_sign_in(browser.origin(), token).await;
    done.map_err(|failure| refuse_call(failure, |refusal| browser.refused(refusal)))?;
    Ok(see_other("/not-me/done"))
}

/// `GET /not-me/done`
pub async fn done(browser: Browser) -> Response {
    html(&pages::Message { page: browser.page(), heading: "not-me-done", text: "not-me-done-hint" })
}
