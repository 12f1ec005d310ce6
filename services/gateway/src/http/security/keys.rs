//! Adding and removing security keys and passkeys. The page carries the challenge; its script has the browser
//! answer it and posts what it says with the form.

use super::{Done, authenticator::Nothing, changed, page_of, person, refuse};
use crate::http::{Site, pages, session::SignedIn, sign_in::with_retry_after};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use pass_web::{Browser, Form, Refusal, html_with, http_status};
use serde::Deserialize;

/// `GET /security/keys/new`: for a security key, or with `?passkey` for a passkey.
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    let passkey = query.as_deref() == Some("passkey");
    show(&site, &browser, &person, passkey, None, String::new()).await
}

async fn show(
    site: &Site,
    browser: &Browser,
    person: &SignedIn,
    passkey: bool,
    refusal: Option<Refusal>,
    name: String,
) -> Result<Response, Response> {
    let options = match site.gateway.identity.begin_key(browser.origin(), &person.token, passkey).await {
        Ok(options) => options,
        Err(failure) => return Err(refuse(site, browser, person, failure, |it| browser.refused(it)).await),
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| http_status(refusal.kind));
    let page = page_of(browser, person);
    let page = match refusal {
        Some(refusal) => page.refused(refusal),
        None => page,
    };
    Ok(html_with(status, &pages::AddKey { page, passkey, options, name }))
}

/// What the form has.
#[derive(Deserialize)]
pub struct Fields {
    name: String,
    credential: String,
    #[serde(default)]
    passkey: bool,
}

/// `POST /security/keys`
pub async fn add(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    let Fields { name, credential, passkey } = fields;
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        let wait = too_many.retry_after;
        let shown = show(&site, &browser, &person, passkey, Some(too_many.into()), name).await?;
        return Err(with_retry_after(shown, wait));
    }
    let identity = &site.gateway.identity;
    match identity.add_key(browser.origin(), &person.token, name.clone(), credential).await {
        Ok(added) => Ok(changed(&site, &person, added, Done::KeyAdded)),
        Err(failure) if !failure.violations.is_empty() => {
            Err(show(&site, &browser, &person, passkey, Some(failure.into()), name).await?)
        }
        Err(failure) => Err(refuse(&site, &browser, &person, failure, |it| browser.refused(it)).await),
    }
}

/// `POST /security/keys/{key}/remove`
pub async fn remove(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Path(key): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    site.limits.check(&browser, &headers).map_err(|too_many| browser.refused(too_many.into()))?;
    match site.gateway.identity.remove_key(browser.origin(), &person.token, key).await {
        Ok(()) => Ok(Done::KeyRemoved.answer()),
        Err(failure) => Err(refuse(&site, &browser, &person, failure, |it| browser.refused(it)).await),
    }
}
