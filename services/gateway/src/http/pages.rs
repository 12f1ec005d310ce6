//! The pages' templates, and their words.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use pass_web::{Page, Texts, html_with};
use url::Url;

fluent_templates::static_loader! {
    static OWN = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The gateway's own words, and behind them those that all pages share.
pub fn texts() -> Texts {
    Texts::new(&OWN)
}

/// Address and password on one page.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    pub page: Page,
    /// Where the person goes on to.
    pub client: Option<String>,
    /// Where the form goes: this page, with the flow.
    pub action: String,
    pub email: String,
    pub sign_up: String,
    /// The page for Managed Accounts.
    pub managed: String,
}

/// Which organization (SML-8).
#[derive(Template)]
#[template(path = "managed.html")]
pub struct Managed {
    pub page: Page,
    /// Where the person goes on to.
    pub client: Option<String>,
    pub action: String,
    pub identifier: String,
    pub sign_in: String,
}

/// On to the identity provider.
#[derive(Template)]
#[template(path = "leave.html")]
pub struct Leave {
    pub page: Page,
    /// Whose page comes next.
    pub host: String,
    pub url: Url,
    /// It goes on without a click.
    pub by_itself: bool,
}

/// A sign-in that came to nothing, and the way back to its beginning.
#[derive(Template)]
#[template(path = "sign_in_refused.html")]
pub struct SignInRefused {
    pub page: Page,
    /// Key of the sentence that says what to do.
    pub hint: &'static str,
}

/// Is that you? The identity provider began it.
#[derive(Template)]
#[template(path = "continue_as.html")]
pub struct ContinueAs {
    pub page: Page,
    pub organization: String,
    pub email: String,
    pub handle: String,
}

/// How to sign in with a new Managed Account (MAN-2).
#[derive(Template)]
#[template(path = "managed_invitation.html")]
pub struct ManagedInvitation {
    pub page: Page,
    pub name: String,
    pub organization: String,
    pub handle: String,
}

/// Name and address.
#[derive(Template)]
#[template(path = "sign_up.html")]
pub struct SignUp {
    pub page: Page,
    pub action: String,
    pub typed_name: String,
    pub email: String,
    pub sign_in: String,
}

/// Check your mail.
#[derive(Template)]
#[template(path = "sign_up_sent.html")]
pub struct SignUpSent {
    pub page: Page,
    pub sign_up: String,
}

/// The first password.
#[derive(Template)]
#[template(path = "choose_password.html")]
pub struct ChoosePassword {
    pub page: Page,
    pub name: String,
    pub email: String,
}

/// Really sign out?
#[derive(Template)]
#[template(path = "sign_out.html")]
pub struct SignOut {
    pub page: Page,
    pub email: String,
    /// The client's parameters, to be judged again.
    pub carried: Vec<(&'static str, String)>,
}

/// A heading and a sentence.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message {
    pub page: Page,
    pub heading: &'static str,
    pub text: &'static str,
}

impl Message {
    /// A page that says what can't be.
    pub fn refusing(page: Page, heading: &'static str, text: &'static str) -> Response {
        html_with(StatusCode::BAD_REQUEST, &Self { page, heading, text })
    }
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
