//! RP-initiated logout. Whoever shows an ID token of the browser's very session signs it out at once; anybody
//! else only gets the question asked.

use super::{
    Site,
    authorize::parameters,
    fault,
    pages::{self, Message},
    see_other,
    session::{self, SignedIn},
};
use crate::{app::WishError, domain::authorization::Parameters};
use axum::{
    extract::{RawForm, RawQuery, State},
    response::Response,
};
use http::HeaderMap;
use pass_web::{Browser, Form, FormTargets, Refusal, html};
use serde::Deserialize;
use url::Url;

/// `GET /oauth/logout`
pub async fn get(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    answer(&site, &browser, &headers, query.unwrap_or_default().as_bytes()).await
}

/// `POST /oauth/logout`: the same with a form; a post of another site comes without our cookie, so it asks
/// again by a redirect.
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, Response> {
    if session::token(&headers).is_some() {
        return answer(&site, &browser, &headers, &form).await;
    }
    let query = std::str::from_utf8(&form).map_err(|_| browser.refused(Refusal::malformed()))?;
    Ok(see_other(&format!("/oauth/logout?{query}")))
}

async fn answer(
    site: &Site,
    browser: &Browser,
    headers: &HeaderMap,
    encoded: &[u8],
) -> Result<Response, Response> {
    let parameters = parameters(encoded).ok_or_else(|| browser.refused(Refusal::malformed()))?;
    let wish = site.gateway.logout_wish(&parameters).await.map_err(|error| refused(browser, &error))?;
    match session::resolve(site, browser, headers).await? {
        None => Ok(session::forget(afterwards(wish.afterwards.as_ref()))),
        Some(signed_in) if wish.of_session == Some(signed_in.session.id) => {
            end(site, browser, &signed_in, wish.afterwards.as_ref()).await
        }
        Some(signed_in) => Ok(question(browser, &signed_in, &parameters, wish.afterwards)),
    }
}

/// Asks the person; what the client wants is carried along, and judged again.
fn question(
    browser: &Browser,
    signed_in: &SignedIn,
    parameters: &Parameters,
    target: Option<Url>,
) -> Response {
    let session = &signed_in.session;
    let carried = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];
    let carried = carried.iter().filter_map(|name| Some((*name, parameters.get(name)?.to_owned())));
    let mut response = html(&pages::SignOut {
        page: browser.page().for_person(session.language, session.appearance, session.time_zone.clone()),
        email: session.email.as_str().to_owned(),
        carried: carried.collect(),
    });
    response.extensions_mut().insert(FormTargets(target.into_iter().collect()));
    response
}

/// What the question's form has.
#[derive(Deserialize)]
pub struct Confirmed {
    id_token_hint: Option<String>,
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

/// `POST /oauth/logout/confirm`
pub async fn confirm(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Form(fields): Form<Confirmed>,
) -> Result<Response, Response> {
    let pairs = [
        ("id_token_hint", fields.id_token_hint),
        ("client_id", fields.client_id),
        ("post_logout_redirect_uri", fields.post_logout_redirect_uri),
        ("state", fields.state),
    ];
    let parameters =
        Parameters::new(pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let wish = site.gateway.logout_wish(&parameters).await.map_err(|error| refused(&browser, &error))?;
    match session::resolve(&site, &browser, &headers).await? {
        None => Ok(session::forget(afterwards(wish.afterwards.as_ref()))),
        Some(signed_in) => end(&site, &browser, &signed_in, wish.afterwards.as_ref()).await,
    }
}

async fn end(
    site: &Site,
    browser: &Browser,
    who: &SignedIn,
    target: Option<&Url>,
) -> Result<Response, Response> {
    let ended = site.gateway.sign_out(browser.origin(), &who.token, Some(&who.session)).await;
    ended.map_err(|error| fault(browser, &error))?;
    Ok(session::forget(afterwards(target)))
}

fn afterwards(target: Option<&Url>) -> Response {
    see_other(target.map_or("/signed-out", Url::as_str))
}

/// `GET /signed-out`
pub async fn signed_out(browser: Browser) -> Response {
    html(&Message { page: browser.page(), heading: "signed-out", text: "signed-out-hint" })
}

fn refused(browser: &Browser, error: &WishError) -> Response {
    if let WishError::Fault(error) = error {
        return fault(browser, error);
    }
    tracing::info!(error = error as &dyn std::error::Error, "refused");
    Message::refusing(browser.page(), "logout-unknown", "logout-unknown-hint")
}
