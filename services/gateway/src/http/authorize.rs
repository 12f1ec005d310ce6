//! The authorization endpoint, and going on after somebody signed in.

use super::{Site, binding::Binding, see_other, session, stuck};
use crate::{
    app::{AuthorizeError, Next},
    domain::authorization::{Flow, Parameters},
};
use axum::{
    extract::{RawForm, RawQuery, State},
    response::Response,
};
use http::HeaderMap;
use pass_types::SecretHash;
use pass_web::{Browser, Refusal};
use uuid::Uuid;

/// The decoded parameters of a query or form.
pub fn parameters(encoded: &[u8]) -> Option<Parameters> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(encoded).ok()?;
    Some(Parameters::new(pairs))
}

/// `GET /oauth/authorize`
pub async fn ask(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let parameters = parameters(query.unwrap_or_default().as_bytes());
    let parameters = parameters.ok_or_else(|| browser.refused(Refusal::malformed()))?;
    let signed_in = session::resolve(&site, &browser, &headers).await?;
    let next = site.gateway.authorize(&parameters, signed_in.as_ref().map(|it| &it.session)).await;
    match next.map_err(|error| stuck(&browser, &error))? {
        Next::Return(url) => Ok(see_other(url.as_str())),
        Next::SignIn(flow) => {
            let binding = Binding::of(&headers, &site.gateway.entropy);
            begin(&site, &browser, &headers, &flow, Some(&binding.hash())).await?;
            Ok(binding.keep(see_other(&with_flow("/sign-in", Some(flow.id)))))
        }
    }
}

/// `POST /oauth/authorize`: browsers don't show our cookies with another site's post, so it goes on after a
/// redirect. The flow belongs to the browser that follows it: no more than with a link to `GET`.
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, Response> {
    let parameters = parameters(&form).ok_or_else(|| browser.refused(Refusal::malformed()))?;
    let next = site.gateway.park(&parameters).await;
    match next.map_err(|error| stuck(&browser, &error))? {
        Next::Return(url) => Ok(see_other(url.as_str())),
        Next::SignIn(flow) => {
            begin(&site, &browser, &headers, &flow, None).await?;
            Ok(see_other(&resume_at(Some(flow.id))))
        }
    }
}

/// Keeps a flow, unless there are too many from there.
async fn begin(
    site: &Site,
    browser: &Browser,
    headers: &HeaderMap,
    flow: &Flow,
    bound: Option<&SecretHash>,
) -> Result<(), Response> {
    site.limits.check_flow(browser, headers).map_err(|refusal| browser.refused(refusal))?;
    site.gateway.keep_flow(flow, bound).await.map_err(|error| stuck(browser, &error))
}

/// `GET /oauth/resume?flow=…`: after a sign-in or sign-up, in the browser of the flow.
pub async fn resume(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let flow = flow(query.as_deref()).ok_or_else(|| stuck(&browser, &AuthorizeError::FlowOver))?;
    let signed_in = session::resolve(&site, &browser, &headers).await?;
    let binding = Binding::of(&headers, &site.gateway.entropy);
    let session = signed_in.as_ref().map(|it| &it.session);
    let next = site.gateway.resume(flow, &binding.hash(), session).await;
    let next = next.map_err(|error| stuck(&browser, &error))?;
    Ok(binding.keep(match next {
        Next::Return(url) => see_other(url.as_str()),
        Next::SignIn(flow) => see_other(&with_flow("/sign-in", Some(flow.id))),
    }))
}

/// The flow that a page's address names.
pub fn flow(query: Option<&str>) -> Option<Uuid> {
    parameters(query?.as_bytes())?.get("flow").and_then(|text| Uuid::try_parse(text).ok())
}

/// A page of ours, in a flow.
pub fn with_flow(path: &str, flow: Option<Uuid>) -> String {
    flow.map_or_else(|| path.to_owned(), |flow| format!("{path}?flow={flow}"))
}

/// Where somebody goes on who has just signed in.
pub fn resume_at(flow: Option<Uuid>) -> String {
    flow.map_or_else(|| "/".to_owned(), |flow| format!("/oauth/resume?flow={flow}"))
}
