//! The members of an organization (ORG-12).

use super::{
    SignedIn,
    frame::{Frame, Head, Pages, View},
    organization::of_path,
};
use crate::grpc::Member;
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use pass_types::AccountKind;
use pass_web::{Page, html};

/// The list.
#[derive(Template)]
#[template(path = "members.html")]
pub struct Members {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub entries: Vec<Member>,
    pub query: String,
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
    let found = me.suite.members(id, &view.query, &view.page).await.map_err(|refusal| me.failed(refusal))?;
    Ok(html(&Members {
        page: view.noticed(me.page()),
        frame: Frame::of(&me, "organizations"),
        head: Head::of(&membership, "members"),
        entries: found.items,
        pages: view.pages(&format!("/organizations/{id}/members"), &found.next),
        query: view.query,
    }))
}

/// The letter that stands for a name.
pub fn initial(name: &str) -> String {
    name.chars().next().map(|c| c.to_uppercase().collect()).unwrap_or_default()
}
