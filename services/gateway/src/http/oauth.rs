//! The token and revocation endpoints.

use super::{Site, authorize::parameters};
use crate::{
    app::{Credentials, Proof, Redemption, TokenError},
    domain::{
        assertion,
        authorization::{Parameters, Refusal},
        client::Client,
    },
};
use axum::{
    Json,
    extract::{RawForm, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pass_mesh::Problem;
use pass_types::Kind;
use serde_json::json;

/// `POST /oauth/token` (RFC 6749, 4.1.3 and 6)
pub async fn token(State(site): State<Site>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    match grant(&site, &headers, &form).await {
        Ok(tokens) => tokens,
        Err(error) => refused(&error),
    }
}

async fn grant(site: &Site, headers: &HeaderMap, form: &[u8]) -> Result<Response, TokenError> {
    let parameters = parameters(form).ok_or(Refusal::invalid("the form is malformed"))?;
    parameters.once()?;
    let client = client(site, headers, &parameters).await?;
    let must = |name: &'static str, missing: &'static str| {
        parameters.get(name).map(str::to_owned).ok_or(Refusal::invalid(missing))
    };
    let tokens = match parameters.get("grant_type") {
        Some("authorization_code") => {
            let redemption = Redemption {
                code: must("code", "code is missing")?,
                redirect_uri: must("redirect_uri", "redirect_uri is missing")?,
                verifier: must("code_verifier", "PKCE is required: code_verifier is missing")?,
            };
            site.gateway.exchange(&client, &redemption).await?
        }
        Some("refresh_token") => {
            let token = must("refresh_token", "refresh_token is missing")?;
            site.gateway.refresh(&client, &token, parameters.get("scope")).await?
        }
        Some(_) => {
            let description = "grant_type must be authorization_code or refresh_token";
            return Err(Refusal { code: "unsupported_grant_type", description }.into());
        }
        None => return Err(Refusal::invalid("grant_type is missing").into()),
    };
    Ok(Json(tokens).into_response())
}

/// `POST /oauth/revoke` (RFC 7009). An access token is not taken back: it is over in minutes.
pub async fn revoke(State(site): State<Site>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    match give_back(&site, &headers, &form).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => refused(&error),
    }
}

async fn give_back(site: &Site, headers: &HeaderMap, form: &[u8]) -> Result<(), TokenError> {
    let parameters = parameters(form).ok_or(Refusal::invalid("the form is malformed"))?;
    parameters.once()?;
    let client = client(site, headers, &parameters).await?;
    let token = parameters.get("token").ok_or(Refusal::invalid("token is missing"))?;
    site.gateway.give_back(&client, token).await
}

async fn client(site: &Site, headers: &HeaderMap, parameters: &Parameters) -> Result<Client, TokenError> {
    let credentials = credentials(headers, parameters)?;
    site.gateway.authenticate(&credentials).await
}

/// One way to prove who it is, never two (RFC 6749, 2.3).
fn credentials(headers: &HeaderMap, parameters: &Parameters) -> Result<Credentials, TokenError> {
    let (said, secret) = (parameters.get("client_id"), parameters.get("client_secret"));
    let header = headers.get(header::AUTHORIZATION).map(|value| basic(value).ok_or_else(TokenError::client));
    let (id, proof) = match (header.transpose()?, secret, shown_assertion(parameters)?) {
        (Some((id, password)), None, None) if said.is_none_or(|said| said == id) => {
            (Some(id), Proof::Secret(password))
        }
        (None, Some(secret), None) => (said.map(str::to_owned), Proof::Secret(secret.to_owned())),
        (None, None, Some(assertion)) => {
            let id = said.map(str::to_owned).or_else(|| assertion::claimed_client(assertion));
            (id, Proof::Assertion(assertion.to_owned()))
        }
        (None, None, None) => (said.map(str::to_owned), Proof::None),
        _ => return Err(Refusal::invalid("a client proves who it is in one way only").into()),
    };
    Ok(Credentials { id: id.ok_or_else(TokenError::client)?, proof })
}

/// RFC 7521, 4.2.
fn shown_assertion(parameters: &Parameters) -> Result<Option<&str>, TokenError> {
    match (parameters.get("client_assertion"), parameters.get("client_assertion_type")) {
        (None, None) => Ok(None),
        (Some(assertion), Some(assertion::TYPE)) => Ok(Some(assertion)),
        (Some(_), Some(_)) => Err(TokenError::client()),
        _ => Err(Refusal::invalid("client_assertion and client_assertion_type go together").into()),
    }
}

/// Both halves are form-encoded (RFC 6749, 2.3.1).
fn basic(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&format!("it={text}")).ok()?;
        pairs.into_iter().next().map(|(_, value)| value)
    };
    Some((plain(id)?, plain(secret)?))
}

/// RFC 6749, 5.2.
fn refused(error: &TokenError) -> Response {
    let (status, refusal) = match error {
        TokenError::Refused(refusal) => {
            tracing::info!(error.reason = refusal.code, error = refusal.description, "refused");
            let status = if refusal.code == "invalid_client" {
                StatusCode::UNAUTHORIZED
            } else {
                StatusCode::BAD_REQUEST
            };
            (status, *refusal)
        }
        TokenError::Fault(fault) => {
            // Logs it, once.
            let _ = pass_mesh::status(fault);
            match fault.kind() {
                Kind::Unavailable => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    Refusal { code: "temporarily_unavailable", description: "try again in a moment" },
                ),
                _ => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    Refusal { code: "server_error", description: "something went wrong on our side" },
                ),
            }
        }
    };
    let body = Json(json!({ "error": refusal.code, "error_description": refusal.description }));
    let mut response = (status, body).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
