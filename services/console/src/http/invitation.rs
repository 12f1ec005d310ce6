//! Where the link of an invitation leads (ORG-6): who invites, and a button to accept. Opening it changes
//! nothing.

use super::{
    Console, Done, SignedIn,
    signed_in::{MaybeSignedIn, page_for},
};
use crate::grpc::{InvitationState, InvitationView};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use pass_proto::errors::v1::ErrorReason;
use pass_types::Email;
use pass_web::{Browser, Form, Page, Refusal, error_page, html, html_with, http_status};

use super::sign_in::Nothing;

/// The invitation.
#[derive(Template)]
#[template(path = "invitation.html")]
pub struct InvitationPage {
    pub page: Page,
    pub invitation: InvitationView,
    pub token: String,
    pub visitor: Visitor,
}

/// Who looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visitor {
    /// Nobody has signed in.
    Stranger,
    /// The address that is invited.
    Invited(String),
    /// Somebody else's address.
    SomebodyElse(String),
}

impl Visitor {
    fn of(me: Option<&SignedIn>, invited: &str) -> Self {
        let Some(me) = me else { return Self::Stranger };
        let email = me.account.email.clone();
        match (email.parse::<Email>(), invited.parse::<Email>()) {
            (Ok(mine), Ok(invited)) if mine == invited => Self::Invited(email),
            _ => Self::SomebodyElse(email),
        }
    }
}

impl InvitationPage {
    /// Where to sign in or up, and come back.
    pub fn sign_in_url(&self) -> String {
        let to = format!("/invitations/{}", self.token);
        let query = serde_urlencoded::to_string([("to", to)]);
        format!("/sign-in?{}", query.unwrap_or_default())
    }
}

/// Shows it, to everybody.
pub async fn show(
    State(console): State<Console>,
    browser: Browser,
    MaybeSignedIn(me): MaybeSignedIn,
    Path(token): Path<String>,
) -> Response {
    if let Err(too_many) = console.check_pace(&browser) {
        return browser.refused(too_many.into());
    }
    let page = match &me {
        Some(me) => page_for(&browser, &me.account),
        None => browser.page(),
    };
    match console.suite.invitation(&token, browser.origin().clone()).await {
        Ok(invitation) => {
            let visitor = Visitor::of(me.as_ref(), &invitation.email);
            html(&InvitationPage { page, invitation, token, visitor })
        }
        Err(refusal) => error_page(page, refusal),
    }
}

/// Accepts it.
pub async fn accept(
    State(console): State<Console>,
    me: SignedIn,
    Path(token): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Response {
    let refusal = match me.suite.accept(&token).await {
        Ok(organization) => return Done::Joined.then(&format!("/organizations/{organization}")),
        Err(refusal) => refusal,
    };
    let about_invitation =
        matches!(refusal.reason, ErrorReason::InvitationForOther | ErrorReason::InvitationClosed);
    if !about_invitation {
        return me.failed(refusal);
    }
    match console.suite.invitation(&token, me.browser.origin().clone()).await {
        Ok(invitation) => refused(&me, invitation, token, refusal),
        Err(gone) => me.failed(gone),
    }
}

/// The invitation as it is now, and why it could not be accepted.
fn refused(me: &SignedIn, invitation: InvitationView, token: String, refusal: Refusal) -> Response {
    let visitor = Visitor::of(Some(me), &invitation.email);
    let status = http_status(refusal.kind);
    html_with(status, &InvitationPage { page: me.page().refused(refusal), invitation, token, visitor })
}
