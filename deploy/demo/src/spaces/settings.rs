//! What people and administrators set in a legacy space: whose profile it shows (SPC-5), and who may connect (SPC-1).

use super::{
    Space,
    pages::{Outside, page, person},
    words::Words,
};
use crate::backlog::Backlog;
use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use pass_mesh::Failure;
use pass_proto::identity::v1::{SetMySpaceProfileRequest, SpaceProfile};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "space_settings.html")]
struct SettingsPage<'a> {
    words: Words,
    id: &'a str,
    space: &'a Space,
    /// `None`: not connected.
    profile: Option<&'static str>,
    /// Whether the choice can be made here: it is the connected Nulab Account's, which has to be signed in.
    here: bool,
    console: String,
}

#[derive(Template)]
#[template(path = "space_administration.html")]
struct AdministrationPage<'a> {
    words: Words,
    id: &'a str,
    space: &'a Space,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    profile: String,
}

#[derive(Deserialize)]
pub(super) struct Switch {
    nulab_account: Option<String>,
}

/// "Personal Settings", "User Information" (SPC-5).
pub(super) async fn settings(
    State(backlog): State<Backlog>,
    Path(id): Path<String>,
    words: Words,
    cookies: CookieJar,
) -> Result<Response, Response> {
    let (space, entry) = backlog.inside(&id, words, &cookies).await?;
    let connected = backlog.connected(&id, &space).await;
    let profile = connected.get(&entry.user.id).map(|connected| match connected.profile() {
        SpaceProfile::Account => "account",
        SpaceProfile::Space | SpaceProfile::Unspecified => "space",
        SpaceProfile::SpaceOnly => "space-only",
    });
    let here = backlog.is_mine(&id, &entry.user, &cookies).await;
    let console = format!("{}account/spaces", backlog.console);
    Ok(page(StatusCode::OK, &SettingsPage { words, id: &id, space: &space, profile, here, console }))
}

pub(super) async fn choose(
    State(backlog): State<Backlog>,
    Path(id): Path<String>,
    words: Words,
    cookies: CookieJar,
    Form(Choice { profile }): Form<Choice>,
) -> Result<Response, Response> {
    let (space, entry) = backlog.inside(&id, words, &cookies).await?;
    let tokens = match backlog.account(&cookies).await {
        Some(tokens) if backlog.is_mine(&id, &entry.user, &cookies).await => tokens,
        // Who looks at the form again sees why.
        _ => return Ok(Redirect::to(&format!("/spaces/{id}/settings")).into_response()),
    };
    let profile = if profile == "account" { SpaceProfile::Account } else { SpaceProfile::SpaceOnly };
    let request = SetMySpaceProfileRequest { space_id: id.clone(), profile: profile.into() };
    match backlog.links.clone().set_my_space_profile(person(&tokens).request(request)).await {
        Ok(_) => Ok(Redirect::to(&format!("/spaces/{id}")).into_response()),
        Err(status) => {
            Err(backlog.outside(&id, words, &space, &Outside::Unknown(Failure::of(&status).reason)))
        }
    }
}

/// The administrators' pages; for everybody else there is none.
async fn administered(
    backlog: &Backlog,
    id: &str,
    words: Words,
    cookies: &CookieJar,
) -> Result<Space, Response> {
    match backlog.inside(id, words, cookies).await? {
        (space, entry) if entry.user.administrator => Ok(space),
        _ => Err((StatusCode::NOT_FOUND, "There is no such page.\n").into_response()),
    }
}

pub(super) async fn administration(
    State(backlog): State<Backlog>,
    Path(id): Path<String>,
    words: Words,
    cookies: CookieJar,
) -> Result<Response, Response> {
    let space = administered(&backlog, &id, words, &cookies).await?;
    Ok(page(StatusCode::OK, &AdministrationPage { words, id: &id, space: &space }))
}

/// The switch (SPC-1).
pub(super) async fn switch(
    State(backlog): State<Backlog>,
    Path(id): Path<String>,
    words: Words,
    cookies: CookieJar,
    Form(Switch { nulab_account }): Form<Switch>,
) -> Result<Response, Response> {
    administered(&backlog, &id, words, &cookies).await?;
    match backlog.spaces.switch(&id, nulab_account.is_some()) {
        Ok(()) => Ok(Redirect::to(&format!("/spaces/{id}/administration")).into_response()),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a switch can't be kept");
            Err((StatusCode::INTERNAL_SERVER_ERROR, "The switch could not be kept.\n").into_response())
        }
    }
}
