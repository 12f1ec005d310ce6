//! The SAML endpoints of an organization (SML-1, SML-2): its metadata, its ACS, and the pages that finish a
//! sign-in in the browser that began it. Every decision is identity's.

use super::{
    Site, authorize::resume_at, away, binding, fault, pages, see_other, session, sign_in::refuse_call,
};
use crate::grpc::{Arrival, Finished};
use axum::{
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pass_mesh::Failure;
use pass_proto::errors::v1::ErrorReason;
use pass_types::SpaceKey;
use pass_web::{Browser, Form, FormTargets, Refusal, html, html_with, http_status};
use serde::Deserialize;

/// How large a posted response may be: 256 KiB of XML in base64, percent-encoded, and a relay state.
const BODY_LIMIT: usize = 1_200 * 1024;
/// How much of a larger one is read all the same, to be heard.
const HEARD: usize = 4 * BODY_LIMIT;

/// The page after a sign-in that came to nothing: why, the reference for the administrator if there is one
/// (SML-5), what to do (`hint`), and the way back to the sign-in.
pub fn refuse(browser: &Browser, failure: Failure, hint: &'static str) -> Response {
    refuse_call(failure, |refusal| match refusal.reason {
        ErrorReason::NotFound
        | ErrorReason::RateLimited
        | ErrorReason::Unavailable
        | ErrorReason::Internal => browser.refused(refusal),
        _ => {
            let status = http_status(refusal.kind);
            html_with(status, &pages::SignInRefused { page: browser.page().refused(refusal), hint })
        }
    })
}

/// The hint on that page after the identity provider.
const BEGIN_AGAIN: &str = "saml-begin-again";

/// `GET /saml/{space_key}`: who we are for the organization's identity provider; the address is our entity ID.
pub async fn metadata(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Path(space_key): Path<String>,
) -> Result<Response, Response> {
    site.limits.check_flow(&browser, &headers).map_err(|refusal| browser.refused(refusal))?;
    let space_key: SpaceKey = space_key.parse().map_err(|_| browser.refused(Refusal::not_found()))?;
    let found = site.gateway.identity.saml_metadata(browser.origin(), &space_key).await;
    let xml = found.map_err(|failure| refuse_call(failure, |refusal| browser.refused(refusal)))?;
    let kind = HeaderValue::from_static("application/samlmetadata+xml");
    Ok(([(header::CONTENT_TYPE, kind)], xml).into_response())
}

/// What an identity provider has a browser post. Each exactly once.
#[derive(Deserialize)]
struct Posted {
    #[serde(rename = "SAMLResponse")]
    response: String,
    #[serde(rename = "RelayState", default)]
    relay_state: String,
}

/// `POST /saml/{space_key}/acs`: another site's post, without our cookies. What it says is kept, and the browser
/// is sent on to a page of ours, which sees them.
pub async fn acs(
    State(site): State<Site>,
    browser: Browser,
    Path(space_key): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    site.limits.check_flow(&browser, &headers).map_err(|refusal| browser.refused(refusal))?;
    let space_key: SpaceKey = space_key.parse().map_err(|_| browser.refused(Refusal::not_found()))?;
    let body = whole(body).await.map_err(|status| unread(&browser, status))?;
    let posted = read(&headers, &body).ok_or_else(|| browser.refused(Refusal::malformed()))?;
    let identity = &site.gateway.identity;
    let consumed =
        identity.consume_saml(browser.origin(), &space_key, posted.response, posted.relay_state).await;
    let Arrival { handle, unsolicited } =
        consumed.map_err(|failure| refuse(&browser, failure, BEGIN_AGAIN))?;
    let page = if unsolicited { "/saml/continue" } else { "/saml/finish" };
    let query = serde_urlencoded::to_string([("handle", handle)]).unwrap_or_default();
    Ok(see_other(&format!("{page}?{query}")))
}

/// A body within the limit. More is read too, as far as it goes, and forgotten at once: a browser that is
/// still sending would find the connection broken and not see what it is told.
async fn whole(body: Body) -> Result<Vec<u8>, StatusCode> {
    let (mut kept, mut length) = (Vec::new(), 0);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
        length += chunk.len();
        if length <= BODY_LIMIT {
            kept.extend_from_slice(&chunk);
        } else if length <= HEARD {
            kept = Vec::new();
        } else {
            break;
        }
    }
    if length <= BODY_LIMIT { Ok(kept) } else { Err(StatusCode::PAYLOAD_TOO_LARGE) }
}

/// What a browser gets whose post is too large, or broke off.
fn unread(browser: &Browser, status: StatusCode) -> Response {
    let mut response = browser.refused(Refusal::malformed());
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        *response.status_mut() = status;
    }
    response
}

/// The form, if it is one. A field that is there twice is refused: another reader might take the other one.
fn read(headers: &HeaderMap, body: &[u8]) -> Option<Posted> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    form.then(|| serde_urlencoded::from_bytes(body).ok()).flatten()
}

/// What the pages after the ACS are told.
#[derive(Deserialize)]
pub struct Handle {
    handle: String,
}

/// `GET /saml/finish?handle=…`: the sign-in ends in the browser that began it. Like an authorization code, the
/// handle works once, and not without the browser's cookie.
pub async fn finish(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    query: Result<Query<Handle>, QueryRejection>,
) -> Result<Response, Response> {
    let Ok(Query(Handle { handle })) = query else { return Err(browser.refused(Refusal::malformed())) };
    let (response, done) = end(&site, &browser, &headers, handle, away::shown(&headers)).await?;
    Ok(away::forget(&headers, response, &done))
}

/// `GET /saml/continue?handle=…`: the identity provider began it, so no cookie of ours vouches for the browser:
/// the person is asked.
pub async fn unsolicited(
    State(site): State<Site>,
    browser: Browser,
    query: Result<Query<Handle>, QueryRejection>,
) -> Result<Response, Response> {
    let Ok(Query(Handle { handle })) = query else { return Err(browser.refused(Refusal::malformed())) };
    let pending = site.gateway.identity.pending_saml(browser.origin(), handle.clone()).await;
    let (organization, email) = pending.map_err(|failure| refuse(&browser, failure, BEGIN_AGAIN))?;
    let mut response = html(&pages::ContinueAs { page: browser.page(), organization, email, handle });
    response.extensions_mut().insert(FormTargets(vec![site.gateway.terms.home.clone()]));
    Ok(response)
}

/// `POST /saml/continue`: "Continue as …".
pub async fn go_on(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Form(Handle { handle }): Form<Handle>,
) -> Result<Response, Response> {
    site.limits.check(&browser, &headers).map_err(|too_many| browser.refused(too_many.into()))?;
    let (response, _) = end(&site, &browser, &headers, handle, String::new()).await?;
    Ok(response)
}

/// Finishes the sign-in, and goes on where the person started; and which of the browser's tokens has done its
/// work.
async fn end(
    site: &Site,
    browser: &Browser,
    headers: &HeaderMap,
    handle: String,
    browser_token: String,
) -> Result<(Response, String), Response> {
    let replaced = session::token(headers);
    let finished = site.gateway.identity.finish_saml(browser.origin(), handle, browser_token, replaced).await;
    let (finished, done) = finished.map_err(|failure| refuse(browser, failure, BEGIN_AGAIN))?;
    let response = match finished {
        Finished::Test(url) => see_other(url.as_str()),
        Finished::SignedIn(new) => {
            let noted = match (new.continuation, binding::known(headers)) {
                (Some(flow), Some(hash)) => {
                    site.gateway.signed_in(flow, &hash, new.id).await.map(|known| known.then_some(flow))
                }
                _ => Ok(None),
            };
            let on = noted.map_or_else(|error| fault(browser, &error), |flow| see_other(&resume_at(flow)));
            session::keep(on, &new.token)
        }
    };
    Ok((response, done))
}
