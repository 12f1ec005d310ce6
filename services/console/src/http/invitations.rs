//! The invitations of an organization (ORG-6).

use super::{
    Done, SignedIn,
    frame::{Frame, Head, Pages, View},
    organization::of_path,
    sign_in::Nothing,
};
use crate::grpc::{Invitation, InvitationState};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use pass_types::{InvitationId, OrganizationId};
use pass_web::{Form, Page, Refusal, html};

/// The list.
#[derive(Template)]
#[template(path = "invitations.html")]
pub struct Invitations {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub entries: Vec<Invitation>,
    pub pages: Pages,
}

/// Shows it.
pub async fn show(
    me: SignedIn,
    Path(organization): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let (membership, _) = of_path(&me, &organization).await?;
    let id = membership.organization.id;
    let found = me.suite.invitations(id, &view.page).await.map_err(|refusal| me.failed(refusal))?;
    Ok(html(&Invitations {
        page: view.noticed(me.page()),
        frame: Frame::of(&me, "organizations"),
        head: Head::of(&membership, "invitations"),
        entries: found.items,
        pages: view.pages(&format!("/organizations/{id}/invitations"), &found.next),
    }))
}

/// Mails one again.
pub async fn resend(
    me: SignedIn,
    Path(ids): Path<(String, String)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let (organization, invitation) = parse(&ids).ok_or_else(|| me.failed(Refusal::not_found()))?;
    me.suite.resend(organization, invitation).await.map_err(|refusal| me.failed(refusal))?;
    Ok(Done::Resent.then(&format!("/organizations/{organization}/invitations")))
}

/// Withdraws one.
pub async fn cancel(
    me: SignedIn,
    Path(ids): Path<(String, String)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let (organization, invitation) = parse(&ids).ok_or_else(|| me.failed(Refusal::not_found()))?;
    me.suite.cancel(organization, invitation).await.map_err(|refusal| me.failed(refusal))?;
    Ok(Done::Canceled.then(&format!("/organizations/{organization}/invitations")))
}

fn parse(ids: &(String, String)) -> Option<(OrganizationId, InvitationId)> {
    Some((ids.0.parse().ok()?, ids.1.parse().ok()?))
}
