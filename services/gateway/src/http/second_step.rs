//! The second step (ACC-9): a code, a key or a recovery code, after the password or in a session that is to prove
//! itself again. What it is for is identity's to know: the browser keeps the step's token, and no more.

use super::{
    Site,
    device::Device,
    pages, see_other, session,
    sign_in::{Stage, refuse_call, with_retry_after},
    then::{arrival, on_the_way},
};
use crate::grpc::{Factor, Offer, Proved};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use pass_mesh::Failure;
use pass_proto::errors::v1::ErrorReason;
use pass_types::Secret;
use pass_web::{Browser, Form, HostCookie, Page, Refusal, html_with, http_status};
use serde::Deserialize;

/// What a browser keeps between the password and the second factor.
pub const COOKIE: HostCookie = HostCookie::new("__Host-pass-step");

/// On to the second step, with its token.
pub fn lead(stage: &Stage, token: &Secret) -> Response {
    keep(see_other(&on_the_way("/sign-in/second", stage.id, stage.then)), token)
}

/// The answer that also keeps the step's token.
pub fn keep(mut response: Response, token: &Secret) -> Response {
    response.headers_mut().append(header::SET_COOKIE, COOKIE.set(&token.reveal(), None));
    response
}

fn forget(mut response: Response) -> Response {
    response.headers_mut().append(header::SET_COOKIE, COOKIE.clear());
    response
}

/// `GET /sign-in/second`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    show(&site, &browser, &headers, &stage, None).await
}

/// The page, with a new challenge for keys; after a refusal with what was wrong. One that is over leads back to the
/// beginning.
async fn show(
    site: &Site,
    browser: &Browser,
    headers: &HeaderMap,
    stage: &Stage,
    refusal: Option<Refusal>,
) -> Result<Response, Response> {
    let begin = || forget(see_other(&on_the_way("/sign-in", stage.id, stage.then)));
    let Some(token) = token(headers) else { return Err(begin()) };
    let offer = site.gateway.identity.second_step(browser.origin(), &token).await;
    let offer = offer.map_err(|failure| over(browser, stage, failure))?;
    let page = if offer.step_up {
        let signed_in = session::resolve(site, browser, headers).await?.ok_or_else(begin)?;
        let session = signed_in.session;
        browser.page().for_person(session.language, session.appearance, session.time_zone)
    } else {
        stage.page(browser)
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| http_status(refusal.kind));
    let page = match refusal {
        Some(refusal) => page.refused(refusal),
        None => page,
    };
    Ok(stage.leading(site, html_with(status, &second_step(page, stage, offer))))
}

fn second_step(page: Page, stage: &Stage, offer: Offer) -> pages::SecondStep {
    pages::SecondStep {
        page,
        action: on_the_way("/sign-in/second", stage.id, stage.then),
        again: on_the_way("/sign-in", stage.id, stage.then),
        authenticator: offer.authenticator,
        key_options: offer.key_options,
        recovery_codes: offer.recovery_codes,
        step_up: offer.step_up,
    }
}

/// A page that says that the step is over, and where it begins again.
fn over(browser: &Browser, stage: &Stage, failure: Failure) -> Response {
    match failure.reason {
        ErrorReason::SecondStepOver | ErrorReason::SessionEnded => {
            let refusal = Refusal::from(failure);
            let status = http_status(refusal.kind);
            let again = on_the_way("/sign-in", stage.id, stage.then);
            let page = stage.page(browser).refused(refusal);
            forget(html_with(status, &pages::SecondStepOver { page, again }))
        }
        _ => refuse_call(failure, |refusal| browser.refused(refusal)),
    }
}

fn token(headers: &HeaderMap) -> Option<Secret> {
    COOKIE.read(headers).and_then(|value| value.parse().ok())
}

/// What the forms have: each one of these.
#[derive(Deserialize)]
pub struct Fields {
    code: Option<String>,
    recovery_code: Option<String>,
    credential: Option<String>,
}

impl Fields {
    /// The one thing that is shown.
    fn factor(self) -> Option<Factor> {
        match (self.code, self.recovery_code, self.credential) {
            (Some(code), None, None) => Some(Factor::Code(code)),
            (None, Some(code), None) => Some(Factor::RecoveryCode(code)),
            (None, None, Some(answer)) => Some(Factor::CredentialJson(answer)),
            _ => None,
        }
    }
}

/// `POST /sign-in/second`
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        let wait = too_many.retry_after;
        let shown = show(&site, &browser, &headers, &stage, Some(too_many.into())).await?;
        return Err(with_retry_after(shown, wait));
    }
    let again = || forget(see_other(&on_the_way("/sign-in", stage.id, stage.then)));
    let token = token(&headers).ok_or_else(again)?;
    let factor = fields.factor().ok_or_else(|| browser.refused(Refusal::malformed()))?;
    let device = Device::of(&headers, &site.gateway.entropy);
    let visit = device.visit(stage.client_name());
    let identity = &site.gateway.identity;
    let session = session::token(&headers);
    match identity.finish_second_step(browser.origin(), &token, factor, session, visit).await {
        Ok(Proved::SteppedUp(token)) => {
            Ok(forget(session::keep(see_other(&arrival(stage.id, stage.then)), &token)))
        }
        Ok(Proved::SignedIn(new)) => Ok(forget(stage.arrived(&site, &browser, &device, &new).await)),
        Err(failure) => Err(refuse(&site, &browser, &headers, &stage, failure).await),
    }
}

/// The page again, unless nothing can come of it any more.
async fn refuse(
    site: &Site,
    browser: &Browser,
    headers: &HeaderMap,
    stage: &Stage,
    failure: Failure,
) -> Response {
    match failure.reason {
        ErrorReason::SecondFactorInvalid
        | ErrorReason::SecondFactorLocked
        | ErrorReason::InvalidArgument
        | ErrorReason::RateLimited => {
            let wait = failure.retry_after;
            let shown = show(site, browser, headers, stage, Some(failure.into())).await;
            let shown = shown.unwrap_or_else(|answer| answer);
            match wait {
                Some(wait) => with_retry_after(shown, wait),
                None => shown,
            }
        }
        _ => over(browser, stage, failure),
    }
}
