//! Signing in and out.

use super::{
    Console, SESSION, SIGN_IN,
    signed_in::{report, session_cookie},
};
use crate::{
    app::{Returned, Wanted},
    domain::Destination,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, header};
use pass_types::Secret;
use pass_web::{Browser, Form, Page, html};

/// What a link says of signing in. Never whose address it is for: nothing personal is in a URL (security.md).
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Wish {
    to: String,
    /// `true`: the person must sign in anew.
    fresh: String,
}

/// To the gateway, to sign in.
pub async fn begin(
    State(console): State<Console>,
    browser: Browser,
    headers: HeaderMap,
    Query(wish): Query<Wish>,
) -> Response {
    if let Err(too_many) = console.check_pace(&browser) {
        return browser.refused(too_many.into());
    }
    let destination = wish.to.parse().unwrap_or(Destination::Home);
    let kept = SIGN_IN.read(&headers).and_then(|value| value.parse::<Secret>().ok());
    let fresh = wish.fresh == "true";
    let wanted = Wanted { destination: &destination, language: browser.language(), fresh };
    match console.sessions.begin(kept, wanted).await {
        Ok(begun) => {
            let cookie = SIGN_IN.set(&begun.browser.reveal(), None);
            ([(header::SET_COOKIE, cookie)], Redirect::to(begun.location.as_str())).into_response()
        }
        Err(error) => browser.refused(report(&error)),
    }
}

/// Back from the gateway.
pub async fn finish(
    State(console): State<Console>,
    browser: Browser,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Response {
    if let Err(too_many) = console.check_pace(&browser) {
        return browser.refused(too_many.into());
    }
    let kept = SIGN_IN.read(&headers).and_then(|value| value.parse::<Secret>().ok());
    match console.sessions.finish(returned, kept, session_cookie(&headers)).await {
        Ok(finished) => {
            let cookie = SESSION.set(&finished.cookie.reveal(), None);
            let location = finished.destination.to_string();
            ([(header::SET_COOKIE, cookie)], Redirect::to(&location)).into_response()
        }
        Err(error) => browser.refused(report(&error)),
    }
}

#[derive(serde::Deserialize)]
pub struct Nothing {}

/// Out here, and on to the gateway.
pub async fn out(
    State(console): State<Console>,
    browser: Browser,
    headers: HeaderMap,
    Form(Nothing {}): Form<Nothing>,
) -> Response {
    match console.sessions.sign_out(session_cookie(&headers).as_ref()).await {
        Ok(location) => {
            ([(header::SET_COOKIE, SESSION.clear())], Redirect::to(location.as_str())).into_response()
        }
        Err(error) => {
            let mut page = browser.refused(report(&error));
            page.headers_mut().append(header::SET_COOKIE, SESSION.clear());
            page
        }
    }
}

/// Signed out everywhere.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut {
    pub page: Page,
}

/// Back from the gateway, signed out.
pub async fn signed_out(browser: Browser) -> Response {
    html(&SignedOut { page: browser.page() })
}
