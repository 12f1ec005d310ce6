//! Asking for another address (ACC-7). The link that confirms it is in the mail, and leads to the gateway.

use super::{
    Done, SignedIn,
    frame::{Frame, View},
    signed_in::to_fresh_sign_in,
};
use crate::domain::Destination;
use askama::Template;
use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use pass_proto::errors::v1::ErrorReason;
use pass_types::AccountKind;
use pass_web::{Form, Page, html_with};

/// The form.
#[derive(Template)]
#[template(path = "email_change.html")]
pub struct EmailChange {
    pub page: Page,
    pub frame: Frame,
    /// The address so far.
    pub current: String,
    /// What was typed.
    pub email: String,
}

/// What the form has.
#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    email: String,
}

/// Shows it. A Managed Account's page says whose the address is to change (MAN-4).
pub async fn show(me: SignedIn, Query(view): Query<View>) -> Response {
    if me.account.kind == AccountKind::Managed {
        return Redirect::to("/account").into_response();
    }
    page_of(&me, (StatusCode::OK, view.noticed(me.page())), String::new())
}

/// Has the link mailed.
pub async fn send(me: SignedIn, Form(Fields { email }): Form<Fields>) -> Result<Response, Response> {
    match me.suite.request_email_change(&email).await {
        Ok(()) => Ok(Done::EmailChangeSent.then("/account")),
        Err(refusal) if refusal.reason == ErrorReason::FreshSignInNeeded => {
            Ok(to_fresh_sign_in(&Destination::EmailChangeAgain))
        }
        Err(refusal) => Ok(page_of(&me, me.again(refusal)?, email)),
    }
}

fn page_of(me: &SignedIn, (status, page): (StatusCode, Page), email: String) -> Response {
    let (frame, current) = (Frame::of(me, "account"), me.account.email.clone());
    html_with(status, &EmailChange { page, frame, current, email })
}
