//! The pages' templates, and their words.

use crate::grpc::Key;
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use pass_web::{Page, Texts, html_with};
use time::OffsetDateTime;
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
    /// A page of ours sent them here, to prove who they are once more.
    pub then: bool,
    /// Where the form goes: this page, with the flow.
    pub action: String,
    pub email: String,
    pub sign_up: String,
    /// The page for who forgot the password.
    pub reset: String,
    /// The page for Managed Accounts.
    pub managed: String,
    /// The page for who has a passkey.
    pub passkey: String,
}

/// A passkey in place of both (ACC-9).
#[derive(Template)]
#[template(path = "passkey_sign_in.html")]
pub struct PasskeySignIn {
    pub page: Page,
    /// Where the person goes on to.
    pub client: Option<String>,
    /// A page of ours sent them here, to prove who they are once more.
    pub then: bool,
    /// Where the form goes: this page, with the flow.
    pub action: String,
    /// The challenge, as JSON.
    pub options: String,
    /// The page with the password.
    pub sign_in: String,
}

/// The second factor (ACC-9).
#[derive(Template)]
#[template(path = "second_step.html")]
pub struct SecondStep {
    pub page: Page,
    /// Where the forms go: this page, with the flow.
    pub action: String,
    /// Where it begins again.
    pub again: String,
    pub authenticator: bool,
    /// The challenge for keys, as JSON; empty: there are none.
    pub key_options: String,
    pub recovery_codes: bool,
    pub step_up: bool,
}

/// That took too long, or was wrong too often.
#[derive(Template)]
#[template(path = "second_step_over.html")]
pub struct SecondStepOver {
    pub page: Page,
    pub again: String,
}

/// What protects the account (ACC-9).
#[derive(Template)]
#[template(path = "security.html")]
pub struct Security {
    pub page: Page,
    pub email: String,
    /// The organization that manages the account; empty: its owner does.
    pub managed_by: String,
    pub password: bool,
    /// There is a second factor.
    pub on: bool,
    /// When the app was added, and used last.
    pub authenticator: Option<(OffsetDateTime, Option<OffsetDateTime>)>,
    pub keys: Vec<Key>,
    /// How many are left.
    pub recovery_codes: i32,
    pub home: Url,
}

/// A new authenticator app.
#[derive(Template)]
#[template(path = "add_authenticator.html")]
pub struct AddAuthenticator {
    pub page: Page,
    /// SVG of our own making.
    pub qr: String,
    pub uri: String,
    /// In groups.
    pub secret: String,
}

/// A new security key or passkey.
#[derive(Template)]
#[template(path = "add_key.html")]
pub struct AddKey {
    pub page: Page,
    pub passkey: bool,
    /// The challenge, as JSON.
    pub options: String,
    /// What was typed.
    pub name: String,
}

/// Recovery codes, this once.
#[derive(Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodes {
    pub page: Page,
    pub codes: Vec<String>,
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

/// Whose password (ACC-8)?
#[derive(Template)]
#[template(path = "reset_password.html")]
pub struct ResetPassword {
    pub page: Page,
    pub action: String,
    pub email: String,
    pub sign_in: String,
}

/// Check your mail.
#[derive(Template)]
#[template(path = "reset_sent.html")]
pub struct ResetSent {
    pub page: Page,
    pub again: String,
    pub sign_in: String,
}

/// Another password.
#[derive(Template)]
#[template(path = "new_password.html")]
pub struct NewPassword {
    pub page: Page,
    pub email: String,
}

/// On to the sign-in page.
#[derive(Template)]
#[template(path = "reset_done.html")]
pub struct ResetDone {
    pub page: Page,
    pub sign_in: String,
}

/// The current password and another one (ACC-12).
#[derive(Template)]
#[template(path = "change_password.html")]
pub struct ChangePassword {
    pub page: Page,
    pub email: String,
}

/// Really this address (ACC-7)?
#[derive(Template)]
#[template(path = "email_change.html")]
pub struct EmailChange {
    pub page: Page,
    /// The new one.
    pub email: String,
    /// When the link dies.
    pub expires: OffsetDateTime,
}

/// Was it really not you (ACC-10)?
#[derive(Template)]
#[template(path = "not_me.html")]
pub struct NotMe {
    pub page: Page,
    /// What the browser seems to be.
    pub device: Option<String>,
    /// When it signed in.
    pub at: OffsetDateTime,
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
