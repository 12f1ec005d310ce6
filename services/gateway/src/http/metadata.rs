//! Discovery (`OpenID` Connect Discovery, 4; RFC 8414) and JWKS.

use super::Site;
use crate::domain::{client_keys::ClientKeys, scope::Scope};
use axum::{Json, extract::State, response::IntoResponse};
use http::{HeaderValue, header};
use pass_types::Language;
use serde_json::{Value, json};

/// How clients prove who they are.
const AUTHENTICATION: [&str; 4] = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];

/// `/.well-known/openid-configuration`
pub async fn discovery(State(site): State<Site>) -> impl IntoResponse {
    let issuer = &site.gateway.terms.issuer;
    cached(Json(document(issuer)))
}

fn document(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "jwks_uri": at("/oauth/jwks"),
        "revocation_endpoint": at("/oauth/revoke"),
        "end_session_endpoint": at("/oauth/logout"),
        "scopes_supported": Scope::KNOWN,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": AUTHENTICATION,
        "token_endpoint_auth_signing_alg_values_supported": ClientKeys::ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": AUTHENTICATION,
        "revocation_endpoint_auth_signing_alg_values_supported": ClientKeys::ALGORITHMS,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "amr",
            "name", "preferred_username", "picture", "locale", "zoneinfo", "email", "email_verified",
        ],
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "ui_locales_supported": Language::ALL,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}

/// `/oauth/jwks`: the next, the current and the previous keys.
pub async fn jwks(State(site): State<Site>) -> impl IntoResponse {
    let kind = HeaderValue::from_static("application/jwk-set+json");
    cached(([(header::CONTENT_TYPE, kind)], site.gateway.keys.jwks()))
}

/// A minute: far less than a key is published before it signs.
fn cached(body: impl IntoResponse) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"))], body)
}
