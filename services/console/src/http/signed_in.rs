//! Who asks: the signed-in person, or a detour to sign in.

use super::{Console, SESSION};
use crate::{
    app::Session,
    domain::Destination,
    grpc::{Account, AsPerson},
};
use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, request::Parts};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Secret};
use pass_web::{Browser, Page, Refusal};

/// The signed-in person who asks.
pub struct SignedIn {
    /// The browser.
    pub browser: Browser,
    /// The session.
    pub session: Session,
    /// The account, as it is now.
    pub account: Account,
    /// The services, on the person's behalf.
    pub suite: AsPerson,
    /// Where a new sign-in would lead back to.
    here: Destination,
}

impl SignedIn {
    /// A page in the person's language, appearance and time zone (ACC-3).
    pub fn page(&self) -> Page {
        page_for(&self.browser, &self.account)
    }

    /// The answer to somebody whom a service refused: to sign in anew when that helps, else a page.
    pub fn failed(&self, refusal: Refusal) -> Response {
        if ended(&refusal) {
            return to_sign_in(&self.here);
        }
        pass_web::error_page(self.page(), refusal)
    }
}

impl FromRequestParts<Console> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let browser = Browser::from_request_parts(parts, console).await?;
        let here: Destination = parts.uri.path().parse().unwrap_or(Destination::Home);
        match signed_in(parts, console, &browser).await {
            Ok(Some((session, suite, account))) => Ok(Self { browser, session, account, suite, here }),
            Ok(None) => Err(to_sign_in(&here)),
            Err(refusal) => Err(browser.refused(refusal)),
        }
    }
}

/// The person who asks, if somebody is signed in: for pages that are for everybody.
pub struct MaybeSignedIn(pub Option<SignedIn>);

impl FromRequestParts<Console> for MaybeSignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let browser = Browser::from_request_parts(parts, console).await?;
        let here: Destination = parts.uri.path().parse().unwrap_or(Destination::Home);
        match signed_in(parts, console, &browser).await {
            Ok(Some((session, suite, account))) => {
                Ok(Self(Some(SignedIn { browser, session, account, suite, here })))
            }
            Ok(None) => Ok(Self(None)),
            Err(refusal) => Err(browser.refused(refusal)),
        }
    }
}

type Found = Option<(Session, AsPerson, Account)>;

async fn signed_in(parts: &Parts, console: &Console, browser: &Browser) -> Result<Found, Refusal> {
    let Some(cookie) = session_cookie(&parts.headers) else { return Ok(None) };
    let Some(session) = console.sessions.session(&cookie).await.map_err(|error| report(&error))? else {
        return Ok(None);
    };
    let suite = console.suite.as_person(&session.access_token, browser.origin().clone());
    match suite.account().await {
        Ok(account) => Ok(Some((session, suite, account))),
        Err(refusal) if ended(&refusal) => {
            console.sessions.forget(&cookie).await.map_err(|error| report(&error))?;
            Ok(None)
        }
        Err(refusal) => Err(refusal),
    }
}

/// The session cookie's secret, if the browser has one.
pub fn session_cookie(headers: &HeaderMap) -> Option<Secret> {
    SESSION.read(headers)?.parse().ok()
}

/// A page in the settings of an account (ACC-3).
pub fn page_for(browser: &Browser, account: &Account) -> Page {
    browser.page().for_person(account.language, account.appearance, account.time_zone.clone())
}

/// Logs why a session could not be used, and says what the person is told.
pub fn report(problem: &(impl Problem + 'static)) -> Refusal {
    let (kind, reason) = (problem.kind(), problem.reason());
    if matches!(kind, Kind::Internal | Kind::Unavailable) {
        tracing::error!(error.reason = reason.code(), error = problem as &dyn std::error::Error, "failed");
    } else {
        tracing::info!(error.reason = reason.code(), error = problem as &dyn std::error::Error, "refused");
    }
    Refusal::new(kind, reason)
}

fn ended(refusal: &Refusal) -> bool {
    refusal.kind == Kind::Unauthenticated
        || matches!(refusal.reason, ErrorReason::TokenRevoked | ErrorReason::SessionEnded)
}

fn to_sign_in(destination: &Destination) -> Response {
    let query = serde_urlencoded::to_string([("to", destination.to_string())]).unwrap_or_default();
    Redirect::to(&format!("/sign-in?{query}")).into_response()
}
