//! Switching SAML off: who loses access, and typing their number (SML-10).

use super::{
    Done, SignedIn,
    frame::{Frame, Head, View},
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
use pass_types::{AccountKind, OrganizationId};
use pass_web::{Form, Page, Refusal, html_with};

/// At most this many pages of members are looked through for those who lose access.
const PAGES: usize = 10;
/// At most so many of them are named.
const NAMED: usize = 100;

/// The question.
#[derive(Template)]
#[template(path = "saml_off.html")]
pub struct SamlOff {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    /// How many lose access.
    pub count: i32,
    /// Some of them, or all.
    pub losers: Vec<Member>,
    pub confirmation: String,
}

impl SamlOff {
    /// How many are not named.
    pub fn others(&self) -> i64 {
        i64::from(self.count).saturating_sub_unsigned(self.losers.len() as u64).max(0)
    }
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
    page_of(&me, (StatusCode::OK, view.noticed(me.page())), &membership, String::new()).await
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
            Ok(to_fresh_sign_in(&me, &Destination::SamlOffAgain(id)))
        }
        Err(refusal) => page_of(&me, me.again(refusal)?, &membership, confirmation).await,
    }
}

async fn page_of(
    me: &SignedIn,
    (status, page): (StatusCode, Page),
    membership: &Membership,
    confirmation: String,
) -> Result<Response, Response> {
    let id = membership.organization.id;
    let count = settings_of(me, id).await?.managed_accounts;
    let losers = losers(me, id).await.map_err(|refusal| me.failed(refusal))?;
    let (frame, head) = (Frame::of(me, "organizations"), Head::of(membership, "nulab-pass"));
    Ok(html_with(status, &SamlOff { page, frame, head, count, losers, confirmation }))
}

/// Managed Accounts that can sign in now, by name.
async fn losers(me: &SignedIn, organization: OrganizationId) -> Result<Vec<Member>, Refusal> {
    let mut found = Vec::new();
    let mut next = String::new();
    for _ in 0..PAGES {
        let page = me.suite.members(organization, "", &next).await?;
        found.extend(page.items.into_iter().filter(|it| it.kind == AccountKind::Managed && !it.suspended));
        next = page.next;
        if next.is_empty() || found.len() >= NAMED {
            break;
        }
    }
    found.truncate(NAMED);
    Ok(found)
}
