//! Who asks: the signed-in person, or a detour to sign in.

use super::{ANEW, Console, Images, SESSION};
use crate::{
    app::Session,
    domain::Destination,
    grpc::{Account, AsPerson},
};
use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Secret};
use pass_web::{Browser, Page, Refusal, http_status};
use std::time::Duration;

/// How long it is remembered that a browser was sent to sign in anew: longer than going there and back takes.
const ROUND: Duration = Duration::from_secs(30);

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
    /// Where people's images are.
    pub images: Images,
    /// Where a new sign-in would lead back to.
    here: Destination,
    /// Whether the browser was sent to sign in anew just now.
    anew: bool,
}

impl SignedIn {
    /// A page in the person's language, appearance and time zone (ACC-3).
    pub fn page(&self) -> Page {
        page_for(&self.browser, &self.account)
    }

    /// The answer to somebody whom a service refused: to sign in anew when that helps, else a page.
    pub fn failed(&self, refusal: Refusal) -> Response {
        if ended(&refusal) {
            return sign_in_anew(&self.here, self.anew, self.page(), refusal);
        }
        pass_web::error_page(self.page(), refusal)
    }

    /// A form's page again, with its status, after a refusal that the person can do something about there;
    /// else the answer to whoever was refused.
    #[expect(clippy::result_large_err, reason = "handlers answer with a response either way")]
    pub fn again(&self, refusal: Refusal) -> Result<(StatusCode, Page), Response> {
        let about_form = matches!(
            refusal.kind,
            Kind::InvalidInput | Kind::AlreadyExists | Kind::Conflict | Kind::Precondition
        );
        if !about_form && refusal.fields().is_empty() {
            return Err(self.failed(refusal));
        }
        Ok((http_status(refusal.kind), self.page().refused(refusal)))
    }
}

impl FromRequestParts<Console> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let browser = Browser::from_request_parts(parts, console).await?;
        let here: Destination = parts.uri.path().parse().unwrap_or(Destination::Home);
        let anew = was_sent_anew(&parts.headers);
        match signed_in(parts, console, &browser).await {
            Ok(Found::Somebody(somebody)) => {
                let (session, suite, account) = *somebody;
                Ok(Self { browser, session, account, suite, images: console.images.clone(), here, anew })
            }
            Ok(Found::Nobody) => Err(to_sign_in(&here)),
            Ok(Found::Ended(refusal)) => Err(sign_in_anew(&here, anew, browser.page(), refusal)),
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
        let anew = was_sent_anew(&parts.headers);
        match signed_in(parts, console, &browser).await {
            Ok(Found::Somebody(somebody)) => {
                let (session, suite, account) = *somebody;
                let images = console.images.clone();
                Ok(Self(Some(SignedIn { browser, session, account, suite, images, here, anew })))
            }
            Ok(Found::Nobody | Found::Ended(_)) => Ok(Self(None)),
            Err(refusal) => Err(browser.refused(refusal)),
        }
    }
}

/// Whom a session cookie belongs to.
enum Found {
    Nobody,
    Somebody(Box<(Session, AsPerson, Account)>),
    /// Somebody whose session a service says has ended. It is forgotten here.
    Ended(Refusal),
}

async fn signed_in(parts: &Parts, console: &Console, browser: &Browser) -> Result<Found, Refusal> {
    let Some(cookie) = session_cookie(&parts.headers) else { return Ok(Found::Nobody) };
    let Some(session) = console.sessions.session(&cookie).await.map_err(|error| report(&error))? else {
        return Ok(Found::Nobody);
    };
    if parts.method == Method::POST {
        console.posts.check(&session.id)?;
    }
    let suite = console.suite.as_person(&session.access_token, browser.origin().clone());
    match suite.account().await {
        Ok(account) => {
            browser.remember(account.language, account.appearance);
            Ok(Found::Somebody(Box::new((session, suite, account))))
        }
        Err(refusal) if ended(&refusal) => {
            console.sessions.forget(&cookie).await.map_err(|error| report(&error))?;
            Ok(Found::Ended(refusal))
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

/// To the gateway, to sign in there again although somebody is signed in (security.md, "Organizations apart").
pub fn to_fresh_sign_in(destination: &Destination) -> Response {
    let pairs = [("to", destination.to_string()), ("fresh", "true".to_owned())];
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    Redirect::to(&format!("/sign-in?{query}")).into_response()
}

fn was_sent_anew(headers: &HeaderMap) -> bool {
    ANEW.read(headers).is_some_and(|value| !value.is_empty())
}

/// To sign in anew after a refused token, but once: while the gateway's own session lives it answers without
/// asking anybody, and if its fresh token is refused as well, the browser would go round for ever.
fn sign_in_anew(destination: &Destination, anew: bool, page: Page, refusal: Refusal) -> Response {
    let (mut response, cookie) = if anew {
        (pass_web::error_page(page, refusal), ANEW.clear())
    } else {
        (to_sign_in(destination), ANEW.set("1", Some(ROUND)))
    };
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
