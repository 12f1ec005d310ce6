//! The authorization endpoint, and going on after somebody signed in.

use super::{Site, see_other, session, stuck};
use crate::{
    app::{AuthorizeError, Next},
    domain::authorization::Parameters,
};
use axum::{
    extract::{RawForm, RawQuery, State},
    response::Response,
};
use http::HeaderMap;
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
    Ok(lead(&browser, next))
}

/// `POST /oauth/authorize`: browsers don't show our cookie with another site's post, so it goes on after a
/// redirect.
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    RawForm(form): RawForm,
) -> Result<Response, Response> {
    let parameters = parameters(&form).ok_or_else(|| browser.refused(Refusal::malformed()))?;
    match site.gateway.park(&parameters).await {
        Ok(Next::SignIn(flow)) => Ok(see_other(&resume_at(Some(flow)))),
        next => Ok(lead(&browser, next)),
    }
}

/// `GET /oauth/resume?flow=…`: after a sign-in or sign-up.
pub async fn resume(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let flow = flow(query.as_deref()).ok_or_else(|| stuck(&browser, &AuthorizeError::FlowOver))?;
    let signed_in = session::resolve(&site, &browser, &headers).await?;
    let next = site.gateway.resume(flow, signed_in.as_ref().map(|it| &it.session)).await;
    Ok(lead(&browser, next))
}

fn lead(browser: &Browser, next: Result<Next, AuthorizeError>) -> Response {
    match next {
        Ok(Next::Return(url)) => see_other(url.as_str()),
        Ok(Next::SignIn(flow)) => see_other(&with_flow("/sign-in", Some(flow))),
        Err(error) => stuck(browser, &error),
    }
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
