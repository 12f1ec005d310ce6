//! The headers that every response has (security.md, "OpenID provider").

use crate::Nonce;
use http::{HeaderName, HeaderValue, Response, header};

/// Where forms of a page may lead besides this origin. Browsers hold redirects after a form post to the
/// policy too: a sign-in page lists the product's redirect URI. Put it into a response's extensions.
#[derive(Debug, Clone, Default)]
pub struct FormTargets(pub Vec<url::Url>);

const STATIC: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// Adds them. A `Cache-Control` or `Content-Security-Policy` of the response's own stays.
pub(crate) fn secure<B>(
    response: &mut Response<B>,
    nonce: &Nonce,
    (targets, images): (&[url::Url], &[url::Url]),
    https: bool,
) {
    let more = response.extensions_mut().remove::<FormTargets>().unwrap_or_default();
    let policy = policy(nonce, targets.iter().chain(&more.0), images);
    let headers = response.headers_mut();
    for (name, value) in STATIC {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
}

fn policy<'t>(
    nonce: &Nonce,
    targets: impl Iterator<Item = &'t url::Url>,
    images: &[url::Url],
) -> HeaderValue {
    let nonce = nonce.as_str();
    let images: String =
        images.iter().flat_map(|url| [" ".to_owned(), url.origin().ascii_serialization()]).collect();
    let mut policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self'{images}; \
         base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    );
    let mut origins: Vec<String> = targets.map(|url| url.origin().ascii_serialization()).collect();
    origins.sort();
    origins.dedup();
    // An opaque origin ("null", of an app's own scheme) can't be named as one: its scheme can't either.
    for origin in origins.iter().filter(|origin| *origin != "null") {
        policy.push(' ');
        policy.push_str(origin);
    }
    HeaderValue::try_from(policy).expect("nonces and origins are ASCII")
}
