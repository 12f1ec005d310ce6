//! What browsers and relying parties talk to. One table lists every route; the router is made from it, so
//! nothing is served that is not in it.

mod authorize;
mod away;
mod binding;
mod device;
mod email_change;
mod images;
mod limits;
mod logout;
mod managed;
mod metadata;
mod not_me;
mod oauth;
mod pages;
mod passkey;
mod reset;
mod saml;
mod second_step;
mod security;
mod session;
mod sign_in;
mod sign_up;
mod then;
mod userinfo;

pub use limits::Limits;
pub use pages::texts;
pub use session::COOKIE;

use crate::{
    app::{AuthorizeError, Fault, Gateway},
    feed::Feed,
};
use axum::{
    Router,
    response::Response,
    routing::{MethodRouter, get, post},
};
use http::HeaderValue;
use pages::Message;
use pass_mesh::Failure;
use pass_runtime::seal::Envelope;
use pass_web::Browser;
use std::sync::Arc;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody.
    Anybody,
    /// Anybody, from one of our own pages (form token and Origin).
    OwnPage,
    /// A client that proves who it is.
    Client,
    /// Whoever has an access token.
    AccessToken,
}

/// A route: one line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The methods.
    pub methods: &'static [&'static str],
    /// The path, as axum has it.
    pub path: &'static str,
    /// Who may.
    pub who: Who,
    endpoint: Endpoint,
}

#[derive(Debug, Clone, Copy)]
enum Endpoint {
    Discovery,
    Jwks,
    AuthorizeGet,
    AuthorizePost,
    Resume,
    Token,
    Revoke,
    UserInfoGet,
    UserInfoPost,
    Image,
    LogoutGet,
    LogoutPost,
    LogoutConfirm,
    SignedOut,
    Start,
    SignInPage,
    SignIn,
    SecondStepPage,
    SecondStep,
    PasskeyPage,
    Passkey,
    ResetPage,
    Reset,
    ResetSent,
    ResetDone,
    NewPasswordPage,
    NewPassword,
    EmailChangePage,
    EmailChange,
    EmailChangeDone,
    Security,
    ChangePasswordPage,
    ChangePassword,
    AuthenticatorPage,
    Authenticator,
    RemoveAuthenticator,
    KeyPage,
    Key,
    RemoveKey,
    RecoveryCodesPage,
    RecoveryCodes,
    SecurityOff,
    SignUpPage,
    SignUp,
    SignUpSent,
    PasswordPage,
    Password,
    NotMePage,
    NotMe,
    NotMeDone,
    ManagedPage,
    Managed,
    ManagedInvitation,
    SamlTest,
    SamlMetadata,
    SamlAcs,
    SamlFinish,
    SamlContinuePage,
    SamlContinue,
}

/// Every route of the gateway; the style sheet and the icon, served by `pass-web`, come on top.
pub const ROUTES: &[Route] = &[
    route(&["GET"], "/.well-known/openid-configuration", Who::Anybody, Endpoint::Discovery),
    route(&["GET"], "/oauth/jwks", Who::Anybody, Endpoint::Jwks),
    route(&["GET"], "/oauth/authorize", Who::Anybody, Endpoint::AuthorizeGet),
    route(&["POST"], "/oauth/authorize", Who::Anybody, Endpoint::AuthorizePost),
    route(&["GET"], "/oauth/resume", Who::Anybody, Endpoint::Resume),
    route(&["POST"], "/oauth/token", Who::Client, Endpoint::Token),
    route(&["POST"], "/oauth/revoke", Who::Client, Endpoint::Revoke),
    route(&["GET"], "/oauth/userinfo", Who::AccessToken, Endpoint::UserInfoGet),
    route(&["POST"], "/oauth/userinfo", Who::AccessToken, Endpoint::UserInfoPost),
    route(&["GET"], "/images/{image}/{size}", Who::Anybody, Endpoint::Image),
    route(&["GET"], "/oauth/logout", Who::Anybody, Endpoint::LogoutGet),
    route(&["POST"], "/oauth/logout", Who::Anybody, Endpoint::LogoutPost),
    route(&["POST"], "/oauth/logout/confirm", Who::OwnPage, Endpoint::LogoutConfirm),
    route(&["GET"], "/signed-out", Who::Anybody, Endpoint::SignedOut),
    route(&["GET"], "/", Who::Anybody, Endpoint::Start),
    route(&["GET"], "/sign-in", Who::Anybody, Endpoint::SignInPage),
    route(&["POST"], "/sign-in", Who::OwnPage, Endpoint::SignIn),
    route(&["GET"], "/sign-in/second", Who::Anybody, Endpoint::SecondStepPage),
    route(&["POST"], "/sign-in/second", Who::OwnPage, Endpoint::SecondStep),
    route(&["GET"], "/sign-in/passkey", Who::Anybody, Endpoint::PasskeyPage),
    route(&["POST"], "/sign-in/passkey", Who::OwnPage, Endpoint::Passkey),
    route(&["GET"], "/reset-password", Who::Anybody, Endpoint::ResetPage),
    route(&["POST"], "/reset-password", Who::OwnPage, Endpoint::Reset),
    route(&["GET"], "/reset-password/sent", Who::Anybody, Endpoint::ResetSent),
    route(&["GET"], "/reset-password/done", Who::Anybody, Endpoint::ResetDone),
    route(&["GET"], "/reset-password/{token}", Who::Anybody, Endpoint::NewPasswordPage),
    route(&["POST"], "/reset-password/{token}", Who::OwnPage, Endpoint::NewPassword),
    route(&["GET"], "/email-change/done", Who::Anybody, Endpoint::EmailChangeDone),
    route(&["GET"], "/email-change/{token}", Who::Anybody, Endpoint::EmailChangePage),
    route(&["POST"], "/email-change/{token}", Who::OwnPage, Endpoint::EmailChange),
    route(&["GET"], "/security", Who::Anybody, Endpoint::Security),
    route(&["GET"], "/security/password", Who::Anybody, Endpoint::ChangePasswordPage),
    route(&["POST"], "/security/password", Who::OwnPage, Endpoint::ChangePassword),
    route(&["GET"], "/security/authenticator", Who::Anybody, Endpoint::AuthenticatorPage),
    route(&["POST"], "/security/authenticator", Who::OwnPage, Endpoint::Authenticator),
    route(&["POST"], "/security/authenticator/remove", Who::OwnPage, Endpoint::RemoveAuthenticator),
    route(&["GET"], "/security/keys/new", Who::Anybody, Endpoint::KeyPage),
    route(&["POST"], "/security/keys", Who::OwnPage, Endpoint::Key),
    route(&["POST"], "/security/keys/{key}/remove", Who::OwnPage, Endpoint::RemoveKey),
    route(&["GET"], "/security/recovery-codes", Who::Anybody, Endpoint::RecoveryCodesPage),
    route(&["POST"], "/security/recovery-codes", Who::OwnPage, Endpoint::RecoveryCodes),
    route(&["POST"], "/security/off", Who::OwnPage, Endpoint::SecurityOff),
    route(&["GET"], "/sign-up", Who::Anybody, Endpoint::SignUpPage),
    route(&["POST"], "/sign-up", Who::OwnPage, Endpoint::SignUp),
    route(&["GET"], "/sign-up/sent", Who::Anybody, Endpoint::SignUpSent),
    route(&["GET"], "/sign-up/{token}", Who::Anybody, Endpoint::PasswordPage),
    route(&["POST"], "/sign-up/{token}", Who::OwnPage, Endpoint::Password),
    route(&["GET"], "/not-me/done", Who::Anybody, Endpoint::NotMeDone),
    route(&["GET"], "/not-me/{token}", Who::Anybody, Endpoint::NotMePage),
    route(&["POST"], "/not-me/{token}", Who::OwnPage, Endpoint::NotMe),
    route(&["GET"], "/managed", Who::Anybody, Endpoint::ManagedPage),
    route(&["POST"], "/managed", Who::OwnPage, Endpoint::Managed),
    route(&["GET"], "/managed/invitations/{token}", Who::Anybody, Endpoint::ManagedInvitation),
    route(&["GET"], "/saml/tests/{token}", Who::Anybody, Endpoint::SamlTest),
    route(&["GET"], "/saml/{space_key}", Who::Anybody, Endpoint::SamlMetadata),
    route(&["POST"], "/saml/{space_key}/acs", Who::Anybody, Endpoint::SamlAcs),
    route(&["GET"], "/saml/finish", Who::Anybody, Endpoint::SamlFinish),
    route(&["GET"], "/saml/continue", Who::Anybody, Endpoint::SamlContinuePage),
    route(&["POST"], "/saml/continue", Who::OwnPage, Endpoint::SamlContinue),
];

const fn route(methods: &'static [&'static str], path: &'static str, who: Who, endpoint: Endpoint) -> Route {
    Route { methods, path, who, endpoint }
}

fn handler(endpoint: Endpoint) -> MethodRouter<Site> {
    match endpoint {
        Endpoint::Discovery => get(metadata::discovery),
        Endpoint::Jwks => get(metadata::jwks),
        Endpoint::AuthorizeGet => get(authorize::ask),
        Endpoint::AuthorizePost => post(authorize::post),
        Endpoint::Resume => get(authorize::resume),
        Endpoint::Token => post(oauth::token),
        Endpoint::Revoke => post(oauth::revoke),
        Endpoint::UserInfoGet => get(userinfo::get),
        Endpoint::UserInfoPost => post(userinfo::post),
        Endpoint::Image => get(images::get),
        Endpoint::LogoutGet => get(logout::get),
        Endpoint::LogoutPost => post(logout::post),
        Endpoint::LogoutConfirm => post(logout::confirm),
        Endpoint::SignedOut => get(logout::signed_out),
        Endpoint::Start => get(sign_in::start),
        Endpoint::SignInPage => get(sign_in::page),
        Endpoint::SignIn => post(sign_in::post),
        Endpoint::SecondStepPage => get(second_step::page),
        Endpoint::SecondStep => post(second_step::post),
        Endpoint::PasskeyPage => get(passkey::page),
        Endpoint::Passkey => post(passkey::post),
        Endpoint::ResetPage => get(reset::page),
        Endpoint::Reset => post(reset::post),
        Endpoint::ResetSent => get(reset::sent),
        Endpoint::ResetDone => get(reset::done),
        Endpoint::NewPasswordPage => get(reset::password_page),
        Endpoint::NewPassword => post(reset::password),
        Endpoint::EmailChangePage => get(email_change::page),
        Endpoint::EmailChange => post(email_change::post),
        Endpoint::EmailChangeDone => get(email_change::done),
        Endpoint::Security => get(security::page),
        Endpoint::ChangePasswordPage => get(security::password_page),
        Endpoint::ChangePassword => post(security::change_password),
        Endpoint::AuthenticatorPage => get(security::authenticator_page),
        Endpoint::Authenticator => post(security::confirm),
        Endpoint::RemoveAuthenticator => post(security::remove_authenticator),
        Endpoint::KeyPage => get(security::key_page),
        Endpoint::Key => post(security::add_key),
        Endpoint::RemoveKey => post(security::remove_key),
        Endpoint::RecoveryCodesPage => get(security::recovery_codes_page),
        Endpoint::RecoveryCodes => post(security::renew),
        Endpoint::SecurityOff => post(security::off),
        Endpoint::SignUpPage => get(sign_up::page),
        Endpoint::SignUp => post(sign_up::post),
        Endpoint::SignUpSent => get(sign_up::sent),
        Endpoint::PasswordPage => get(sign_up::password_page),
        Endpoint::Password => post(sign_up::password),
        Endpoint::NotMePage => get(not_me::page),
        Endpoint::NotMe => post(not_me::post),
        Endpoint::NotMeDone => get(not_me::done),
        Endpoint::ManagedPage => get(managed::page),
        Endpoint::Managed => post(managed::post),
        Endpoint::ManagedInvitation => get(managed::invitation),
        Endpoint::SamlTest => get(managed::test),
        Endpoint::SamlMetadata => get(saml::metadata),
        Endpoint::SamlAcs => post(saml::acs),
        Endpoint::SamlFinish => get(saml::finish),
        Endpoint::SamlContinuePage => get(saml::unsolicited),
        Endpoint::SamlContinue => post(saml::go_on),
    }
}

/// All routes of the table.
pub fn router() -> Router<Site> {
    ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, handler(route.endpoint)))
}

/// What the handlers work with.
#[derive(Clone)]
pub struct Site {
    /// The use cases.
    pub gateway: Gateway,
    /// Judges access tokens.
    pub feed: Feed,
    /// Slows down who posts, or begins, too fast.
    pub limits: Arc<Limits>,
    /// Seals recovery codes for the browser that is to show them.
    pub codes: Envelope,
}

/// 303: whatever it was, get that.
fn see_other(location: &str) -> Response {
    use axum::response::IntoResponse;
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
    (http::StatusCode::SEE_OTHER, [(http::header::LOCATION, location)]).into_response()
}

/// A page for a fault of ours, which is logged here, once.
fn fault(browser: &Browser, fault: &Fault) -> Response {
    browser.refused(Failure::of(&pass_mesh::status(fault)).into())
}

/// A page for an authorization that can't go on.
fn stuck(browser: &Browser, error: &AuthorizeError) -> Response {
    use crate::domain::authorization::Nowhere;
    let (heading, text) = match error {
        AuthorizeError::Fault(error) => return fault(browser, error),
        AuthorizeError::Nowhere(Nowhere::UnknownClient) => ("client-unknown", "client-unknown-hint"),
        AuthorizeError::Nowhere(Nowhere::UnknownRedirectUri) => ("redirect-unknown", "redirect-unknown-hint"),
        AuthorizeError::FlowOver => ("flow-over", "flow-over-hint"),
    };
    tracing::info!(error = error as &dyn std::error::Error, "refused");
    Message::refusing(browser.page(), heading, text)
}
