//! The browser's session: the cookie `__Host-pass`, whose value is identity's session token.

use super::{Site, fault};
use crate::grpc::Session;
use axum::response::Response;
use http::{HeaderMap, header};
use pass_types::Secret;
use pass_web::{Browser, HostCookie};

/// The session cookie.
pub const COOKIE: HostCookie = HostCookie::new("__Host-pass");

/// A signed-in browser.
pub struct SignedIn {
    /// The session's secret, as the cookie has it.
    pub token: String,
    /// The session.
    pub session: Session,
}

/// The token that the browser sent, if it can be one.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    COOKIE.read(headers).filter(|value| value.parse::<Secret>().is_ok())
}

/// Who the browser is signed in as; pages look as that person wants them from here on. The error is the answer.
pub async fn resolve(
    site: &Site,
    browser: &Browser,
    headers: &HeaderMap,
) -> Result<Option<SignedIn>, Response> {
    let Some(token) = token(headers) else { return Ok(None) };
    let session = site.gateway.identity.resolve(browser.origin(), token).await;
    let session = session.map_err(|failure| fault(browser, &failure.into()))?;
    if let Some(session) = &session {
        browser.remember(session.language, session.appearance);
    }
    Ok(session.map(|session| SignedIn { token: token.to_owned(), session }))
}

/// The answer that also keeps a new session.
pub fn keep(mut response: Response, token: &str) -> Response {
    response.headers_mut().append(header::SET_COOKIE, COOKIE.set(token, None));
    response
}

/// The answer that also forgets the session.
pub fn forget(mut response: Response) -> Response {
    response.headers_mut().append(header::SET_COOKIE, COOKIE.clear());
    response
}
