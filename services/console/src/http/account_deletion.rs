//! Deleting one's account (ACC-13): what will happen, what stands in the way, and typing the address.

use super::{
    SESSION, SignedIn, frame::Frame, frame::View, signed_in::session_cookie, signed_in::to_fresh_sign_in,
};
use crate::{
    domain::Destination,
    grpc::{DeletionPlace, DeletionPreview},
    http::Console,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use pass_proto::errors::v1::ErrorReason;
use pass_types::AccountKind;
use pass_web::{Browser, Form, Page, html, html_with};

/// The question.
#[derive(Template)]
#[template(path = "account_deletion.html")]
pub struct AccountDeletion {
    pub page: Page,
    pub frame: Frame,
    pub email: String,
    /// Organizations that are left.
    pub left: Vec<DeletionPlace>,
    /// Organizations that need the account.
    pub needed_by: Vec<DeletionPlace>,
    pub connected_spaces: i32,
    /// What was typed.
    pub confirmation: String,
}

impl AccountDeletion {
    /// The question for an account with this address.
    pub fn new(
        page: Page,
        frame: Frame,
        email: String,
        preview: DeletionPreview,
        confirmation: String,
    ) -> Self {
        let DeletionPreview { places, connected_spaces } = preview;
        let (needed_by, left) = places.into_iter().partition(|place| place.obstacle.is_some());
        Self { page, frame, email, left, needed_by, connected_spaces, confirmation }
    }

    /// Whether any space is disconnected.
    pub fn disconnects(&self) -> bool {
        self.connected_spaces > 0
    }
}

/// The answer.
#[derive(Template)]
#[template(path = "account_deleted.html")]
pub struct AccountDeleted {
    pub page: Page,
}

/// The answer when a neighbour of identity does not answer just now.
#[derive(Template)]
#[template(path = "account_deleting.html")]
pub struct AccountDeleting {
    pub page: Page,
}

#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    confirmation: String,
}

/// Asks.
pub async fn show(me: SignedIn, Query(view): Query<View>) -> Result<Response, Response> {
    page_of(&me, (StatusCode::OK, view.noticed(me.page())), String::new()).await
}

/// Deletes it, and forgets who was signed in.
pub async fn delete(
    State(console): State<Console>,
    me: SignedIn,
    headers: HeaderMap,
    Form(Fields { confirmation }): Form<Fields>,
) -> Result<Response, Response> {
    match me.suite.delete_account(confirmation.clone()).await {
        Ok(()) => {
            if let Some(cookie) = session_cookie(&headers)
                && let Err(error) = console.sessions.forget(&cookie).await
            {
                // It is void, and gone at the latest when its time is over.
                super::signed_in::report(&error);
            }
            Ok(([(header::SET_COOKIE, SESSION.clear())], Redirect::to("/account-deleted")).into_response())
        }
        Err(refusal) if refusal.reason == ErrorReason::FreshSignInNeeded => {
            Ok(to_fresh_sign_in(&Destination::AccountDeletionAgain))
        }
        // Identity goes on with it; whoever is signed in is so until it is done.
        Err(refusal) if refusal.reason == ErrorReason::AccountDeleting => {
            Ok(Redirect::to("/account-deleting").into_response())
        }
        Err(refusal) => page_of(&me, me.again(refusal)?, confirmation).await,
    }
}

/// Says that it is done, to nobody in particular.
pub async fn deleted(browser: Browser) -> Response {
    html(&AccountDeleted { page: browser.page() })
}

/// Says that it has begun and goes on by itself, to nobody in particular.
pub async fn deleting(browser: Browser) -> Response {
    html(&AccountDeleting { page: browser.page() })
}

async fn page_of(
    me: &SignedIn,
    (status, page): (StatusCode, Page),
    confirmation: String,
) -> Result<Response, Response> {
    if me.account.kind == AccountKind::Managed {
        return Err(Redirect::to("/account").into_response());
    }
    let preview = me.suite.preview_deletion().await.map_err(|refusal| me.failed(refusal))?;
    let (frame, email) = (Frame::of(me, "account"), me.account.email.clone());
    Ok(html_with(status, &AccountDeletion::new(page, frame, email, preview, confirmation)))
}
