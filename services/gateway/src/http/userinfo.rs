//! Userinfo (`OpenID` Connect Core, 5.3).

use super::Site;
use axum::{
    Json,
    extract::{RawForm, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pass_mesh::{Claims, Problem};
use pass_types::Kind;
use serde_json::{Value, json};

use super::authorize::parameters;
use crate::{app::Fault, grpc::Session};

/// `GET /oauth/userinfo`
pub async fn get(State(site): State<Site>, headers: HeaderMap) -> Response {
    answer(&site, bearer(&headers).as_deref()).await
}

/// `POST /oauth/userinfo`: the token in the header or in the form (RFC 6750, 2.2).
pub async fn post(State(site): State<Site>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    let token = bearer(&headers).or_else(|| parameters(&form)?.get("access_token").map(str::to_owned));
    answer(&site, token.as_deref()).await
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

async fn answer(site: &Site, token: Option<&str>) -> Response {
    let Some(token) = token else { return unauthorized("Bearer") };
    let claims = match site.feed.trust().verify(token).await {
        Ok(verified) => verified.claims,
        Err(refusal) if refusal.kind() == Kind::Unavailable => return unavailable(&refusal),
        Err(_) => return unauthorized("Bearer error=\"invalid_token\""),
    };
    if !claims.has_scope("openid") {
        let challenge = HeaderValue::from_static("Bearer error=\"insufficient_scope\", scope=\"openid\"");
        return (StatusCode::FORBIDDEN, [(header::WWW_AUTHENTICATE, challenge)]).into_response();
    }
    match site.gateway.identity.session(claims.sid, false).await {
        Ok(Some(session)) if session.account == claims.sub => {
            Json(about(&site.gateway.terms.issuer, &claims, &session)).into_response()
        }
        Ok(_) => unauthorized("Bearer error=\"invalid_token\""),
        Err(failure) => unavailable(&Fault::from(failure)),
    }
}

/// What the scopes allow.
fn about(issuer: &str, claims: &Claims, session: &Session) -> Value {
    let mut about = json!({ "sub": claims.sub });
    if claims.has_scope("profile") {
        about["name"] = session.name.as_str().into();
        about["preferred_username"] = session.unique_id.clone().into();
        about["locale"] = session.language.as_str().into();
        about["zoneinfo"] = session.time_zone.as_str().into();
        if !session.image.is_empty() {
            about["picture"] = format!("{issuer}/images/{}/192", session.image).into();
        }
    }
    if claims.has_scope("email") {
        about["email"] = session.email.as_str().into();
        // Every address was confirmed by a link (ACC-1, ACC-7).
        about["email_verified"] = true.into();
    }
    about
}

fn unauthorized(challenge: &'static str) -> Response {
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))])
        .into_response()
}

fn unavailable(problem: &impl Problem) -> Response {
    // Logs it, once.
    let _ = pass_mesh::status(problem);
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
