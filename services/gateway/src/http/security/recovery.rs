//! Recovery codes anew, and switching everything off.

use super::{Done, authenticator::Nothing, codes, person, refuse};
use crate::http::Site;
use axum::{extract::State, response::Response};
use http::HeaderMap;
use pass_web::{Browser, Form};

/// `POST /security/recovery-codes`
pub async fn renew(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    site.limits.check(&browser, &headers).map_err(|too_many| browser.refused(too_many.into()))?;
    match site.gateway.identity.renew_recovery_codes(browser.origin(), &person.token).await {
        Ok(codes) => Ok(codes::lead(&site, &person, &codes, None)),
        Err(failure) => Err(refuse(&site, &browser, &person, failure, |it| browser.refused(it)).await),
    }
}

/// `POST /security/off`
pub async fn off(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    site.limits.check(&browser, &headers).map_err(|too_many| browser.refused(too_many.into()))?;
    match site.gateway.identity.disable_second_factors(browser.origin(), &person.token).await {
        Ok(()) => Ok(Done::Off.answer()),
        Err(failure) => Err(refuse(&site, &browser, &person, failure, |it| browser.refused(it)).await),
    }
}
