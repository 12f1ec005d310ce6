//! The start page: the person's organizations.

use super::{
    Console, SignedIn,
    frame::{Frame, Pages, View},
};
use crate::grpc::Membership;
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use pass_web::{Page, html};

/// The start page.
#[derive(Template)]
#[template(path = "home.html")]
pub struct Home {
    pub page: Page,
    pub frame: Frame,
    pub memberships: Vec<Membership>,
    pub pages: Pages,
}

/// Shows it.
pub async fn show(
    State(_): State<Console>,
    me: SignedIn,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let found = me.suite.organizations(&view.page).await.map_err(|refusal| me.failed(refusal))?;
    let frame = Frame::of(&me, "organizations");
    let pages = view.pages("/", &found.next);
    Ok(html(&Home { page: view.noticed(me.page()), frame, memberships: found.items, pages }))
}
