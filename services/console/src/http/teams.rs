//! Teams of an organization (ORG-8).

use super::{
    Console, Done, SignedIn,
    frame::{Frame, Head, Pages, View},
    organization::of_path,
};
use crate::grpc::{Membership, Team};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use http::StatusCode;
use pass_types::{RequestId, Role};
use pass_web::{Form, Page, Refusal, html_with};

/// The list, with a form to make one.
#[derive(Template)]
#[template(path = "teams.html")]
pub struct Teams {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub entries: Vec<Team>,
    pub pages: Pages,
    /// Whether the person may make teams: guests may not (ORG-5).
    pub may_create: bool,
    pub fields: Fields,
}

#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    pub request_id: String,
    pub name: String,
}

/// Shows them.
pub async fn show(
    State(console): State<Console>,
    me: SignedIn,
    Path(organization): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let (membership, _) = of_path(&me, &organization).await?;
    let request_id = RequestId::generate(&console.entropy, console.clock.now()).to_string();
    let fields = Fields { request_id, name: String::new() };
    page_of(&me, (StatusCode::OK, view.noticed(me.page())), &membership, &view, fields).await
}

/// Makes one.
pub async fn create(
    me: SignedIn,
    Path(organization): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let (membership, _) = of_path(&me, &organization).await?;
    let id = membership.organization.id;
    let created = match fields.request_id.parse() {
        Ok(request) => me.suite.create_team(id, request, fields.name.trim()).await,
        Err(_) => Err(Refusal::malformed()),
    };
    match created {
        Ok(()) => Ok(Done::TeamCreated.then(&format!("/organizations/{id}/teams"))),
        Err(refusal) => page_of(&me, me.again(refusal)?, &membership, &View::default(), fields).await,
    }
}

async fn page_of(
    me: &SignedIn,
    (status, page): (StatusCode, Page),
    membership: &Membership,
    view: &View,
    fields: Fields,
) -> Result<Response, Response> {
    let id = membership.organization.id;
    let found = me.suite.teams(id, &view.page).await.map_err(|refusal| me.failed(refusal))?;
    let teams = Teams {
        page,
        frame: Frame::of(me, "organizations"),
        head: Head::of(membership, "teams"),
        entries: found.items,
        pages: view.pages(&format!("/organizations/{id}/teams"), &found.next),
        may_create: membership.role != Role::Guest,
        fields,
    };
    Ok(html_with(status, &teams))
}
