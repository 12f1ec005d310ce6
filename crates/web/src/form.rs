//! Forms that only our own pages can post (CSRF).
//!
//! Two independent checks. The *token*: each browser has a random value in a `__Host-` cookie, each form a
//! value derived from it with the service's key (signed double submit). The *origin*: what the browser
//! itself says about the page that posts. Under `Referrer-Policy: no-referrer` browsers send `Origin: null`
//! with form posts (Fetch, "append a request Origin header"); then `Sec-Fetch-Site` must say same-origin.

use crate::{Browser, HostCookie, Refusal};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use pass_types::{Entropy, LinkKey, Secret};
use serde::de::DeserializeOwned;

/// The field of every form that carries the token.
pub(crate) const FIELD: &str = "form_token";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What every form of a page must carry, as the hidden field `form_token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormToken(Secret);

impl FormToken {
    /// The value of the field.
    pub fn reveal(&self) -> String {
        self.0.reveal()
    }

    /// The token of this browser, and the cookie to set if it has none yet.
    pub(crate) fn of(
        headers: &HeaderMap,
        cookie: HostCookie,
        key: &LinkKey,
        entropy: &Entropy,
    ) -> (Self, Option<HeaderValue>) {
        let had = cookie.read(headers).and_then(|value| value.parse::<Secret>().ok());
        let fresh = had.is_none();
        let browser = had.unwrap_or_else(|| Secret::generate(entropy));
        let token = Self(Secret::derive(key, &[b"form", browser.hash().as_bytes()]));
        (token, fresh.then(|| cookie.set(&browser.reveal(), None)))
    }

    pub(crate) fn sample() -> Self {
        Self(Secret::generate(&Entropy::from_seed(0)))
    }
}

/// The fields of a form that one of our own pages posted. Refuses everything else with a page that says
/// so.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let browser = Browser::from_request_parts(&mut parts, state).await?;
        let headers = parts.headers.clone();
        let urlencoded = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !urlencoded {
            return Err(browser.refused(Refusal::malformed()));
        }
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|rejection| unread(&browser, rejection.status()))?;
        read(&browser, &headers, &body).map(Self).map_err(|refusal| browser.refused(refusal))
    }
}

/// What a browser gets whose form is too large, or broke off.
fn unread(browser: &Browser, status: StatusCode) -> Response {
    let mut response = browser.refused(Refusal::malformed());
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        *response.status_mut() = status;
    }
    response
}

fn read<T: DeserializeOwned>(browser: &Browser, headers: &HeaderMap, body: &[u8]) -> Result<T, Refusal> {
    let fields: Vec<(String, String)> =
        serde_urlencoded::from_bytes(body).map_err(|_| Refusal::malformed())?;
    let tokens: Vec<_> =
        fields.into_iter().filter(|(name, _)| name == FIELD).map(|(_, value)| value).collect();
    if !is_genuine(browser, headers, &tokens) {
        return Err(Refusal::form_invalid());
    }
    serde_urlencoded::from_bytes(body).map_err(|_| Refusal::malformed())
}

/// Whether a form that has these tokens is of one of our own pages.
pub(crate) fn is_genuine(browser: &Browser, headers: &HeaderMap, tokens: &[String]) -> bool {
    let [token] = tokens else { return false };
    // Compared by hash, so that the time it takes tells nothing.
    let known = token.parse::<Secret>().is_ok_and(|token| token.hash() == browser.form_token().0.hash());
    known && from_own_page(headers, &browser.0.own_origin)
}

/// Whether the browser says that a page of `own_origin` made this request.
fn from_own_page(headers: &HeaderMap, own_origin: &str) -> bool {
    match headers.get(header::ORIGIN).map(HeaderValue::as_bytes) {
        Some(b"null") | None => {
            headers.get(SEC_FETCH_SITE).is_some_and(|site| site.as_bytes() == b"same-origin")
        }
        Some(origin) => origin == own_origin.as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(pairs: &[(HeaderName, &'static str)]) -> bool {
        let headers = pairs.iter().map(|(n, v)| (n.clone(), HeaderValue::from_static(v))).collect();
        from_own_page(&headers, "https://pass.example")
    }

    #[test]
    fn only_our_own_pages_may_post() {
        assert!(asks(&[(header::ORIGIN, "https://pass.example")]));
        assert!(asks(&[(header::ORIGIN, "null"), (SEC_FETCH_SITE, "same-origin")]));
        assert!(!asks(&[(header::ORIGIN, "https://evil.example"), (SEC_FETCH_SITE, "same-origin")]));
        assert!(!asks(&[(header::ORIGIN, "null"), (SEC_FETCH_SITE, "same-site")]));
        assert!(!asks(&[(header::ORIGIN, "null")]));
        assert!(!asks(&[]));
    }

    #[test]
    fn a_token_is_of_one_browser_and_one_service() {
        let entropy = Entropy::from_seed(1);
        let cookie = HostCookie::new("__Host-form");
        let ours = LinkKey::new(b"0123456789abcdef").unwrap();
        let (first, set) = FormToken::of(&HeaderMap::new(), cookie, &ours, &entropy);
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            set.unwrap().to_str().unwrap().split(';').next().unwrap().parse().unwrap(),
        );
        let (again, set) = FormToken::of(&headers, cookie, &ours, &entropy);
        assert_eq!((&first, set), (&again, None));
        let theirs = LinkKey::new(b"fedcba9876543210").unwrap();
        assert_ne!(first, FormToken::of(&headers, cookie, &theirs, &entropy).0);
        assert_ne!(first, FormToken::of(&HeaderMap::new(), cookie, &ours, &entropy).0);
    }
}
