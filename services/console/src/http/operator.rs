//! Operators' pages: applications for Nulab Pass (BIL-1). The service lets nobody else see or decide them.

use super::{
    Done, SignedIn,
    frame::{Frame, Pages, View},
    sign_in::Nothing,
};
use crate::grpc::{Application, ApplicationState};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use pass_types::ApplicationId;
use pass_web::{Form, Page, Refusal, html, html_with};

/// The states that the list can be narrowed to.
pub const STATES: [ApplicationState; 3] =
    [ApplicationState::Open, ApplicationState::Approved, ApplicationState::Rejected];

/// The list.
#[derive(Template)]
#[template(path = "applications.html")]
pub struct Applications {
    pub page: Page,
    pub frame: Frame,
    /// Of which state; `None`: of all.
    pub state: Option<ApplicationState>,
    pub entries: Vec<Application>,
    pub pages: Pages,
}

/// One application.
#[derive(Template)]
#[template(path = "application.html")]
pub struct ApplicationPage {
    pub page: Page,
    pub frame: Frame,
    pub application: Application,
    /// Why it is rejected, as typed.
    pub reason: String,
}

#[derive(Debug, serde::Deserialize)]
pub struct Rejection {
    reason: String,
}

/// Lists them: those that wait first.
pub async fn list(me: SignedIn, Query(view): Query<View>) -> Result<Response, Response> {
    let state = STATES.into_iter().find(|state| state.as_str() == view.state);
    let found = me.suite.applications(state, &view.page).await.map_err(|refusal| me.failed(refusal))?;
    let frame = Frame::of(&me, "operator");
    let pages = view.pages("/operator/applications", &found.next);
    Ok(html(&Applications { page: view.noticed(me.page()), frame, state, entries: found.items, pages }))
}

/// Shows one.
pub async fn show(
    me: SignedIn,
    Path(application): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let application = of_path(&me, &application).await?;
    let (page, frame) = (view.noticed(me.page()), Frame::of(&me, "operator"));
    Ok(html(&ApplicationPage { page, frame, application, reason: String::new() }))
}

/// Approves one: the trial starts.
pub async fn approve(
    me: SignedIn,
    Path(application): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let id = parse(&application).map_err(|refusal| me.failed(refusal))?;
    let approved = me.suite.approve(id).await;
    decided(&me, &application, Done::Approved, approved, String::new()).await
}

/// Rejects one; the reason is mailed.
pub async fn reject(
    me: SignedIn,
    Path(application): Path<String>,
    Form(Rejection { reason }): Form<Rejection>,
) -> Result<Response, Response> {
    let id = parse(&application).map_err(|refusal| me.failed(refusal))?;
    // Browsers send line breaks as CR LF.
    let rejected = me.suite.reject(id, &reason.trim().replace("\r\n", "\n")).await;
    decided(&me, &application, Done::Rejected, rejected, reason).await
}

async fn decided(
    me: &SignedIn,
    id: &str,
    done: Done,
    decided: Result<(), Refusal>,
    reason: String,
) -> Result<Response, Response> {
    let Err(refusal) = decided else { return Ok(done.then(&format!("/operator/applications/{id}"))) };
    let (status, page) = me.again(refusal)?;
    let application = of_path(me, id).await?;
    Ok(html_with(status, &ApplicationPage { page, frame: Frame::of(me, "operator"), application, reason }))
}

fn parse(id: &str) -> Result<ApplicationId, Refusal> {
    id.parse().map_err(|_| Refusal::not_found())
}

async fn of_path(me: &SignedIn, id: &str) -> Result<Application, Response> {
    let id = parse(id).map_err(|refusal| me.failed(refusal))?;
    me.suite.application(id).await.map_err(|refusal| me.failed(refusal))
}
