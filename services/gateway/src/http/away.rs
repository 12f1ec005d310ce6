//! What a browser keeps while its person is at an identity provider: the cookie `__Host-pass-saml`, with a token of
//! each sign-in that is under way in it. Without its token nobody finishes a sign-in (login CSRF); identity knows
//! which one belongs to which.

use axum::response::Response;
use http::{HeaderMap, header};
use pass_types::Secret;
use pass_web::HostCookie;

/// The cookie.
const COOKIE: HostCookie = HostCookie::new("__Host-pass-saml");
/// How many sign-ins may be under way in a browser, in tabs of its own; the oldest is forgotten for another one.
const MOST: usize = 4;
/// Between tokens; of no token's alphabet.
const BETWEEN: &str = ".";

/// The tokens that the browser shows, the latest first; what is none is left out.
fn tokens(headers: &HeaderMap) -> Vec<&str> {
    let tokens = COOKIE.read(headers).unwrap_or_default().split(BETWEEN);
    tokens.filter(|token| token.parse::<Secret>().is_ok()).take(MOST).collect()
}

/// What identity is shown of them. A browser without any is another one than began it: what can't be a token says
/// so, as a wrong one would.
pub fn shown(headers: &HeaderMap) -> String {
    let tokens = tokens(headers);
    if tokens.is_empty() { "-".to_owned() } else { tokens.join(BETWEEN) }
}

/// The answer that also keeps another token.
pub fn keep(headers: &HeaderMap, mut response: Response, token: &Secret) -> Response {
    let new = token.reveal();
    let kept: Vec<_> = [new.as_str()].into_iter().chain(tokens(headers)).take(MOST).collect();
    response.headers_mut().append(header::SET_COOKIE, COOKIE.set(&kept.join(BETWEEN), None));
    response
}

/// The answer that also forgets one, which has done its work.
pub fn forget(headers: &HeaderMap, mut response: Response, done: &str) -> Response {
    let left: Vec<_> = tokens(headers).into_iter().filter(|token| *token != done).collect();
    let cookie = if left.is_empty() { COOKIE.clear() } else { COOKIE.set(&left.join(BETWEEN), None) };
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
