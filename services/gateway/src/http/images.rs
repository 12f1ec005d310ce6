//! Accounts' images (ACC-5), for every page and product that was told an image's id. Another image has another id, so
//! what is at an address never changes and browsers keep it for good: only they, since it goes with its account (ACC-13),
//! and who asks afterwards is told that it is gone.

use super::Site;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use pass_mesh::Failure;
use pass_web::{Browser, Refusal};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// `GET /images/{image}/{size}`
pub async fn get(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Path((image, edge)): Path<(String, String)>,
) -> Result<Response, Response> {
    let nowhere = || browser.refused(Refusal::not_found());
    let pixels = match edge.as_str() {
        "48" => 48,
        "192" => 192,
        _ => return Err(nowhere()),
    };
    let known =
        image.len() == 32 && image.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !known {
        return Err(nowhere());
    }
    let tag = format!("\"{image}-{pixels}\"");
    let content = site.gateway.identity.image(browser.origin(), image, pixels).await;
    let content = content.map_err(|failure| refused(&browser, failure))?;
    if is_known(&headers, &tag) {
        return Ok(with_headers(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    let mut response = with_headers(content.into_response(), &tag);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"image.png\""));
    Ok(response)
}

/// Whether the browser has it already (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let shown = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    shown.flat_map(|value| value.split(',')).any(|shown| shown.trim().trim_start_matches("W/") == tag)
}

fn with_headers(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    let keep = HeaderValue::from_static("private, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, keep);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    // Opened by itself it can do nothing; products' pages may show it.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    response
}

fn refused(browser: &Browser, failure: Failure) -> Response {
    super::sign_in::refuse_call(failure, |refusal| browser.refused(refusal))
}
