//! The style sheet, the mark and the scripts, at addresses that name their content, so that browsers keep them for good.

use axum::{Router, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("../assets/style.css");
const MARK: &str = include_str!("../assets/mark.svg");
const KEYS: &str = include_str!("../assets/keys.js");
const EXTRAS: &str = include_str!("../assets/extras.js");

/// Where the style sheet is.
pub static STYLE_URL: LazyLock<String> = LazyLock::new(|| address("style", "css", STYLE));
/// Where the mark (the icon of the pages) is.
pub static MARK_URL: LazyLock<String> = LazyLock::new(|| address("mark", "svg", MARK));
/// Where the script is that security keys and passkeys need: the one thing that is not done without.
pub static KEYS_SCRIPT_URL: LazyLock<String> = LazyLock::new(|| address("keys", "js", KEYS));
/// Where the script is of what pages do a little better with one, and do without.
pub static EXTRAS_SCRIPT_URL: LazyLock<String> = LazyLock::new(|| address("extras", "js", EXTRAS));

fn address(name: &str, ending: &str, content: &str) -> String {
    let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(content)[..9]);
    format!("/assets/{name}-{hash}.{ending}")
}

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(&STYLE_URL, get(|| async { immutable("text/css; charset=utf-8", STYLE) }))
        .route(&MARK_URL, get(|| async { immutable("image/svg+xml", MARK) }))
        .route(&KEYS_SCRIPT_URL, get(|| async { immutable("text/javascript; charset=utf-8", KEYS) }))
        .route(&EXTRAS_SCRIPT_URL, get(|| async { immutable("text/javascript; charset=utf-8", EXTRAS) }))
}

type Asset = ([(HeaderName, HeaderValue); 2], &'static str);

fn immutable(kind: &'static str, content: &'static str) -> Asset {
    let keep = HeaderValue::from_static("public, max-age=31536000, immutable");
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CACHE_CONTROL, keep)], content)
}
