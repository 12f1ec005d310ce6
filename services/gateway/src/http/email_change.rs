//! Confirming a new address (ACC-7): the link of the mail to it. Opening it changes nothing, because mail programs do;
//! its button does. Nobody needs to be signed in: the link proves whose the address is, and a fresh sign-in asked for
//! it.

use super::{
    Site, pages, see_other,
    sign_in::{refuse_call, with_retry_after},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use pass_web::{Browser, Form, html};
use serde::Deserialize;

/// `GET /email-change/{token}`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    Path(token): Path<String>,
) -> Result<Response, Response> {
    let change = site.gateway.identity.email_change(browser.origin(), token).await;
    let change = change.map_err(|failure| refuse_call(failure, |refusal| browser.refused(refusal)))?;
    let page = browser.page().for_person(change.language, browser.appearance(), change.time_zone);
    Ok(html(&pages::EmailChange { page, email: change.email, expires: change.expires }))
}

/// Nothing but the form's token.
#[derive(Deserialize)]
pub struct Nothing {}

/// `POST /email-change/{token}`
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        return Err(with_retry_after(browser.refused(too_many.into()), too_many.retry_after));
    }
    let done = site.gateway.identity.confirm_email_change(browser.origin(), token).await;
    done.map_err(|failure| refuse_call(failure, |refusal| browser.refused(refusal)))?;
    Ok(see_other("/email-change/done"))
}

/// `GET /email-change/done`
pub async fn done(browser: Browser) -> Response {
    html(&pages::Message {
        page: browser.page(),
        heading: "email-change-done",
        text: "email-change-done-hint",
    })
}
