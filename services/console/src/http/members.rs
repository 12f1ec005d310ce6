//! The members of an organization (ORG-12).

use super::{
    SignedIn,
    frame::{Frame, Head, View, list_address},
    organization::of_path,
};
use crate::grpc::Member;
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
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
    /// Whether this is not the first page.
    pub later: bool,
    pub next: String,
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
    let path = format!("/organizations/{id}/members");
    let next =
        if found.next.is_empty() { String::new() } else { list_address(&path, &view.query, &found.next) };
    Ok(html(&Members {
        page: view.noticed(me.page()),
        frame: Frame::of(&me, "organizations"),
        head: Head::of(&membership, "members"),
        entries: found.items,
        later: !view.page.is_empty(),
        query: view.query,
        next,
    }))
}

/// The letter that stands for a name.
pub fn initial(name: &str) -> String {
    name.chars().next().map(|c| c.to_uppercase().collect()).unwrap_or_default()
}
