//! Adding and removing an authenticator app.

use super::{Done, changed, page_of, person, qr, refuse};
use crate::http::{Site, pages, session::SignedIn, sign_in::with_retry_after};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use pass_web::{Browser, Form, Refusal, html_with, http_status};
use serde::Deserialize;

/// `GET /security/authenticator`: the QR code. The session has the same one until it is confirmed or expires.
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    show(&site, &browser, &person, None).await
}

async fn show(
    site: &Site,
    browser: &Browser,
    person: &SignedIn,
    refusal: Option<Refusal>,
) -> Result<Response, Response> {
    let draft = match site.gateway.identity.begin_authenticator(browser.origin(), &person.token).await {
        Ok(draft) => draft,
        Err(failure) => return Err(refuse(site, browser, person, failure, |it| browser.refused(it)).await),
    };
    let qr = qr::svg(&draft.uri).ok_or_else(|| browser.refused(Refusal::internal()))?;
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| http_status(refusal.kind));
    let page = page_of(browser, person);
    let page = match refusal {
        Some(refusal) => page.refused(refusal),
        None => page,
    };
    let groups: Vec<&str> =
        draft.secret.as_bytes().chunks(4).map(|group| std::str::from_utf8(group).unwrap_or("")).collect();
    let page = pages::AddAuthenticator { page, qr, uri: draft.uri.clone(), secret: groups.join(" ") };
    Ok(html_with(status, &page))
}

/// What the form has.
#[derive(Deserialize)]
pub struct Fields {
    code: String,
}

/// `POST /security/authenticator`
pub async fn confirm(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        let wait = too_many.retry_after;
        let shown = show(&site, &browser, &person, Some(too_many.into())).await?;
        return Err(with_retry_after(shown, wait));
    }
    let identity = &site.gateway.identity;
    match identity.confirm_authenticator(browser.origin(), &person.token, fields.code).await {
        Ok(added) => Ok(changed(&site, &person, added, Done::AppAdded)),
        Err(failure) if !failure.violations.is_empty() => {
            Err(show(&site, &browser, &person, Some(failure.into())).await?)
        }
        Err(failure) => Err(refuse(&site, &browser, &person, failure, |it| browser.refused(it)).await),
    }
}

/// What a form has that says all by its address.
#[derive(Deserialize)]
pub struct Nothing {}

/// `POST /security/authenticator/remove`
pub async fn remove(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    site.limits.check(&browser, &headers).map_err(|too_many| browser.refused(too_many.into()))?;
    match site.gateway.identity.remove_authenticator(browser.origin(), &person.token).await {
        Ok(()) => Ok(Done::AppRemoved.answer()),
        Err(failure) => Err(refuse(&site, &browser, &person, failure, |it| browser.refused(it)).await),
    }
}
