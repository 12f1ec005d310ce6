//! Signing in with a passkey alone (ACC-9): no address, no password. The page carries the challenge, its script has the
//! browser answer it; whose passkey it is, identity learns from the answer.

use super::{
    Site,
    device::Device,
    pages, session,
    sign_in::{Stage, refuse_call, with_retry_after},
    then::on_the_way,
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use pass_mesh::Failure;
use pass_proto::errors::v1::ErrorReason;
use pass_types::Secret;
use pass_web::{Browser, Form, HostCookie, Refusal, html_with, http_status};
use serde::Deserialize;

/// What a browser keeps between the challenge and the answer.
const COOKIE: HostCookie = HostCookie::new("__Host-pass-passkey");

/// `GET /sign-in/passkey`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    // Looking at it posts no credential: any site can have a browser do that.
    site.limits.check_flow(&browser, &headers).map_err(|refusal| browser.refused(refusal))?;
    show(&site, &browser, &stage, None).await
}

/// The page, with a new challenge; after a refusal with what was wrong.
async fn show(
    site: &Site,
    browser: &Browser,
    stage: &Stage,
    refusal: Option<Refusal>,
) -> Result<Response, Response> {
    let begun = site.gateway.identity.begin_passkey_sign_in(browser.origin()).await;
    let (token, options) = begun.map_err(|failure| refuse_call(failure, |it| browser.refused(it)))?;
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| http_status(refusal.kind));
    let page = stage.page(browser);
    let page = match refusal {
        Some(refusal) => page.refused(refusal),
        None => page,
    };
    let page = pages::PasskeySignIn {
        page,
        client: stage.client_name().map(str::to_owned),
        then: stage.then.is_some(),
        action: on_the_way("/sign-in/passkey", stage.id, stage.then),
        options,
        sign_in: on_the_way("/sign-in", stage.id, stage.then),
    };
    let mut response = stage.leading(site, html_with(status, &page));
    response.headers_mut().append(header::SET_COOKIE, COOKIE.set(&token.reveal(), None));
    Ok(response)
}

/// What the form has.
#[derive(Deserialize)]
pub struct Fields {
    credential: String,
}

/// `POST /sign-in/passkey`
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Form(Fields { credential }): Form<Fields>,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        return Err(with_retry_after(browser.refused(too_many.into()), too_many.retry_after));
    }
    let token = COOKIE.read(&headers).and_then(|value| value.parse::<Secret>().ok());
    let Some(token) = token else {
        let over = Refusal::new(pass_types::Kind::Precondition, ErrorReason::SecondStepOver);
        return Err(show(&site, &browser, &stage, Some(over)).await?);
    };
    let device = Device::of(&headers, &site.gateway.entropy);
    let (visit, session) = (device.visit(stage.client_name()), session::token(&headers));
    let identity = &site.gateway.identity;
    match identity.finish_passkey_sign_in(browser.origin(), &token, credential, session, visit).await {
        Ok(new) => {
            let mut response = stage.arrived(&site, &browser, &device, &new).await;
            response.headers_mut().append(header::SET_COOKIE, COOKIE.clear());
            Ok(response)
        }
        Err(failure) => Err(refuse(&site, &browser, &stage, failure).await),
    }
}

/// The page again, whose next challenge may be answered better.
async fn refuse(site: &Site, browser: &Browser, stage: &Stage, failure: Failure) -> Response {
    match failure.reason {
        ErrorReason::SecondFactorInvalid | ErrorReason::SecondStepOver | ErrorReason::InvalidArgument => {
            show(site, browser, stage, Some(failure.into())).await.unwrap_or_else(|answer| answer)
        }
        _ => refuse_call(failure, |refusal| browser.refused(refusal)),
    }
}
