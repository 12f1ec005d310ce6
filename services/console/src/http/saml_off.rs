//! Switching SAML off: who loses access, and typing their number (SML-10).

use super::{
    Done, SignedIn,
    frame::{Frame, Head, Pages, View},
    organization::administered,
    saml::settings_of,
    signed_in::to_fresh_sign_in,
};
use crate::{
    domain::Destination,
    grpc::{Member, Membership},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use pass_proto::errors::v1::ErrorReason;
use pass_web::{Form, Page, Refusal, html_with};

/// The question.
#[derive(Template)]
#[template(path = "saml_off.html")]
pub struct SamlOff {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    /// How many lose access, on all pages together.
    pub count: i32,
    /// A page of them.
    pub losers: Vec<Member>,
    pub pages: Pages,
    pub confirmation: String,
}

#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    confirmation: String,
}

/// Asks.
pub async fn show(
    me: SignedIn,
    Path(organization): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let page = view.noticed(me.page());
    page_of(&me, (StatusCode::OK, page), &membership, &view, String::new()).await
}

/// Switches it off.
pub async fn switch_off(
    me: SignedIn,
    Path(organization): Path<String>,
    Form(Fields { confirmation }): Form<Fields>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    let switched = match confirmation.trim().parse() {
        Ok(number) => me.suite.disable_saml(id, number).await,
        Err(_) => Err(Refusal::of_field("confirmation", "must be a number")),
    };
    match switched {
        Ok(()) => Ok(Done::SamlOff.then(&format!("/organizations/{id}/saml"))),
        Err(refusal) if refusal.reason == ErrorReason::FreshSignInNeeded => {
            Ok(to_fresh_sign_in(&Destination::SamlOffAgain(id)))
        }
        Err(refusal) => page_of(&me, me.again(refusal)?, &membership, &View::default(), confirmation).await,
    }
}

async fn page_of(
    me: &SignedIn,
    (status, page): (StatusCode, Page),
    membership: &Membership,
    view: &View,
    confirmation: String,
) -> Result<Response, Response> {
    let id = membership.organization.id;
    let count = settings_of(me, id).await?.managed_accounts;
    let found = me.suite.managed_members(id, &view.page).await.map_err(|refusal| me.failed(refusal))?;
    let pages = view.pages(&format!("/organizations/{id}/saml/switch-off"), &found.next);
    let (frame, head) = (Frame::of(me, "organizations"), Head::of(membership, "nulab-pass"));
    let losers = found.items;
    Ok(html_with(status, &SamlOff { page, frame, head, count, losers, pages, confirmation }))
}
