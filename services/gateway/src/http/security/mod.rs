//! What protects an account (ACC-9): the page, and what is changed from it. Passwords and second factors are typed
//! and used here and nowhere else: this origin is the WebAuthn relying party.
//!
//! Every decision is identity's. What it wants proved first is asked for, and the person comes back here.

mod authenticator;
mod codes;
mod keys;
mod password;
mod qr;
mod recovery;

pub use authenticator::{confirm, page as authenticator_page, remove as remove_authenticator};
pub use codes::page as recovery_codes_page;
pub use keys::{add as add_key, page as key_page, remove as remove_key};
pub use password::{change as change_password, page as password_page};
pub use recovery::{off, renew};

use super::{
    Site, pages, second_step, see_other,
    session::{self, SignedIn},
    sign_in::refuse_call,
    then::Then,
};
use crate::grpc::{Added, Protection};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::HeaderMap;
use pass_mesh::Failure;
use pass_proto::errors::v1::ErrorReason;
use pass_web::{Browser, Page, Refusal, html};

/// Good news at the top of the page, after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    AppAdded,
    AppRemoved,
    /// Recovery codes are not shown any more.
    CodesGone,
    /// Only that it is them: what they wanted to change is still to be done.
    Confirmed,
    KeyAdded,
    KeyRemoved,
    Off,
    PasswordChanged,
}

impl Done {
    const ALL: [Self; 8] = [
        Self::AppAdded,
        Self::AppRemoved,
        Self::CodesGone,
        Self::Confirmed,
        Self::KeyAdded,
        Self::KeyRemoved,
        Self::Off,
        Self::PasswordChanged,
    ];

    /// The key of its text; its name in the address is what follows "security-done-".
    fn key(self) -> &'static str {
        match self {
            Self::AppAdded => "security-done-app-added",
            Self::AppRemoved => "security-done-app-removed",
            Self::CodesGone => "security-done-codes-gone",
            Self::Confirmed => "security-done-confirmed",
            Self::KeyAdded => "security-done-key-added",
            Self::KeyRemoved => "security-done-key-removed",
            Self::Off => "security-done-off",
            Self::PasswordChanged => "security-done-password-changed",
        }
    }

    /// The key of what is said of it to whom has a second factor, or has none any more.
    fn notice(self, on: bool) -> &'static str {
        match self {
            Self::AppRemoved | Self::KeyRemoved if !on => "security-done-last-removed",
            _ => self.key(),
        }
    }

    fn name(self) -> &'static str {
        self.key().trim_start_matches("security-done-")
    }

    fn of(query: Option<&str>) -> Option<Self> {
        let name = query?.strip_prefix("done=")?;
        Self::ALL.into_iter().find(|done| done.name() == name)
    }

    /// Back to the page, which says so.
    fn answer(self) -> Response {
        see_other(&format!("/security?done={}", self.name()))
    }
}

/// `GET /security`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    let protection = site.gateway.identity.protection(browser.origin(), &person.token).await;
    let protection = match protection {
        Ok(protection) => protection,
        Err(failure) => return Err(refuse(&site, &browser, &person, failure, |it| browser.refused(it)).await),
    };
    let Protection { managed_by, password, authenticator, keys, recovery_codes } = protection;
    let on = authenticator.is_some() || !keys.is_empty();
    let mut page = page_of(&browser, &person);
    if let Some(done) = Done::of(query.as_deref()) {
        page = page.noticed(done.notice(on));
    }
    Ok(html(&pages::Security {
        page,
        email: person.session.email.as_str().to_owned(),
        managed_by,
        password,
        on,
        authenticator,
        keys,
        recovery_codes,
        home: site.gateway.terms.home.clone(),
    }))
}

/// Who is signed in; else the way to the sign-in, and back here.
async fn person(site: &Site, browser: &Browser, headers: &HeaderMap) -> Result<SignedIn, Response> {
    let signed_in = session::resolve(site, browser, headers).await?;
    signed_in.ok_or_else(|| see_other(&Then::Security.on("/sign-in")))
}

fn page_of(browser: &Browser, person: &SignedIn) -> Page {
    let session = &person.session;
    browser.page().for_person(session.language, session.appearance, session.time_zone.clone())
}

/// What comes of a refusal: a proof that is missing is asked for, and the person comes back here; all else is
/// shown.
async fn refuse(
    site: &Site,
    browser: &Browser,
    person: &SignedIn,
    failure: Failure,
    show: impl Fn(Refusal) -> Response,
) -> Response {
    match failure.reason {
        ErrorReason::SessionEnded => see_other(&Then::Security.on("/sign-in")),
        ErrorReason::FreshSignInNeeded => see_other(&Then::SecurityChange.on("/sign-in")),
        ErrorReason::SecondFactorNeeded => {
            match site.gateway.identity.begin_step_up(browser.origin(), &person.token).await {
                Ok(token) => {
                    second_step::keep(see_other(&Then::SecurityChange.on("/sign-in/second")), &token)
                }
                Err(failure) => refuse_call(failure, |refusal| browser.refused(refusal)),
            }
        }
        _ => refuse_call(failure, show),
    }
}

/// Where a factor that was added leads: to new recovery codes, which are shown this once, or back to the page. The
/// browser keeps the session's new token.
fn changed(site: &Site, person: &SignedIn, added: Added, done: Done) -> Response {
    let Added { recovery_codes, token } = added;
    let answer = if recovery_codes.is_empty() {
        done.answer()
    } else {
        codes::lead(site, person, &recovery_codes, Some(done))
    };
    session::keep(answer, &token)
}
