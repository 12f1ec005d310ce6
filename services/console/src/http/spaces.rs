//! Legacy spaces of the person's Nulab Account (SPC): the list, connecting, what each shows, disconnecting.

use super::{
    Done, SignedIn,
    frame::{Frame, View},
    sign_in::Nothing,
};
use crate::{
    domain::is_space_id,
    grpc::{ConnectedSpace, NewSpaceLink, SpaceProfile},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::{HeaderValue, StatusCode, header};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Product, SpaceLinkId};
use pass_web::{Form, Page, Refusal, html, html_with, http_status};
use std::time::Duration;

const LIST: &str = "/account/spaces";

/// The list, which is also the switcher (SPC-3).
#[derive(Template)]
#[template(path = "spaces.html")]
pub struct Spaces {
    pub page: Page,
    pub frame: Frame,
    pub connected: Vec<ConnectedSpace>,
    /// Whether there are products of which spaces can be connected.
    pub connectable: bool,
}

/// "Connect to Nulab Account".
#[derive(Template)]
#[template(path = "space_connect.html")]
pub struct SpaceConnect {
    pub page: Page,
    pub frame: Frame,
    pub products: Vec<(String, String)>,
    pub fields: Fields,
    /// Minutes until the next try is possible.
    pub wait: Option<u64>,
}

#[derive(serde::Deserialize)]
pub struct Fields {
    pub product: String,
    pub space: String,
    pub space_user: String,
    /// Never given back to the browser.
    pub space_password: String,
    #[serde(default)]
    pub account_information: Option<String>,
}

#[derive(serde::Deserialize)]
pub struct Choice {
    profile: String,
}

impl SpaceConnect {
    /// The form with what the fields have, but for the password.
    pub fn new(page: Page, frame: Frame, products: &[Product], fields: Fields) -> Self {
        let products = products.iter().map(|it| (it.as_str().to_owned(), page.word("product", it))).collect();
        Self { page, frame, products, fields, wait: None }
    }

    /// The same, and when the next try is possible.
    pub fn waiting(self, wait: Option<Duration>) -> Self {
        Self { wait: wait.map(|wait| wait.as_secs().div_ceil(60).max(1)), ..self }
    }
}

impl Fields {
    /// Of somebody who has not typed anything but came for this space. The box is ticked (SPC-2).
    pub fn of(product: &str, space: &str) -> Self {
        Self {
            product: product.to_owned(),
            space: space.to_owned(),
            space_user: String::new(),
            space_password: String::new(),
            account_information: Some("on".to_owned()),
        }
    }
}

/// Shows them.
pub async fn show(me: SignedIn, Query(view): Query<View>) -> Result<Response, Response> {
    list(&me, StatusCode::OK, view.noticed(me.page())).await
}

/// Shows the empty form.
pub async fn form(me: SignedIn) -> Result<Response, Response> {
    empty(&me, Fields::of("", "")).await
}

/// Shows the form for a space that sent the person here.
pub async fn form_of(
    me: SignedIn,
    Path((product, space)): Path<(String, String)>,
) -> Result<Response, Response> {
    let product = product.parse::<Product>().ok().filter(|_| is_space_id(&space));
    let product = product.ok_or_else(|| me.failed(Refusal::not_found()))?;
    empty(&me, Fields::of(product.as_str(), &space)).await
}

/// Connects a space. The password is the space's, not the suite's: it goes to identity and nowhere else.
pub async fn connect(me: SignedIn, Form(fields): Form<Fields>) -> Result<Response, Response> {
    let Fields { product, space, space_user, space_password, account_information } = fields;
    let ticked = account_information.is_some();
    let connected = match product.parse() {
        Ok(product) => {
            let new = NewSpaceLink {
                product,
                space_id: space.trim().to_owned(),
                user_id: space_user.trim().to_owned(),
                password: space_password,
                use_account_information: ticked,
            };
            me.suite.connect_space(new).await.map_err(about_space)
        }
        Err(_) => Err(Refusal::of_field("product", "must be one of the choices")),
    };
    let Err(refusal) = connected else { return Ok(Done::SpaceConnected.then(LIST)) };
    let wait = refusal.retry_after;
    let (status, page) = match refusal.reason {
        ErrorReason::RateLimited | ErrorReason::ProductUnavailable => {
            (http_status(refusal.kind), me.page().refused(refusal))
        }
        _ => me.again(refusal)?,
    };
    let account_information = ticked.then(|| "on".to_owned());
    let typed = Fields { product, space, space_user, space_password: String::new(), account_information };
    let form = SpaceConnect::new(page, Frame::of(&me, "spaces"), &products(&me).await?, typed);
    let mut response = html_with(status, &form.waiting(wait));
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    Ok(response)
}

/// Chooses what a space shows, and how it is logged in to (SPC-5).
pub async fn choose(
    me: SignedIn,
    Path(space): Path<String>,
    Form(Choice { profile }): Form<Choice>,
) -> Result<Response, Response> {
    let id = parse(&me, &space)?;
    let changed = match SpaceProfile::chosen(&profile) {
        Some(profile) => me.suite.change_space(id, profile).await,
        None => Err(Refusal::of_field("profile", "must be one of the choices")),
    };
    match changed {
        Ok(()) => Ok(Done::SpaceChanged.then(LIST)),
        Err(refusal) => {
            let (status, page) = me.again(refusal)?;
            list(&me, status, page).await
        }
    }
}

/// Disconnects a space (SPC-6).
pub async fn disconnect(
    me: SignedIn,
    Path(space): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let id = parse(&me, &space)?;
    me.suite.disconnect_space(id).await.map_err(|refusal| me.failed(refusal))?;
    Ok(Done::SpaceDisconnected.then(LIST))
}

async fn list(me: &SignedIn, status: StatusCode, page: Page) -> Result<Response, Response> {
    let (spaces, products) = me.suite.spaces().await.map_err(|refusal| me.failed(refusal))?;
    let (frame, connectable) = (Frame::of(me, "spaces"), !products.is_empty());
    Ok(html_with(status, &Spaces { page, frame, connected: spaces, connectable }))
}

async fn empty(me: &SignedIn, fields: Fields) -> Result<Response, Response> {
    let products = products(me).await?;
    Ok(html(&SpaceConnect::new(me.page(), Frame::of(me, "spaces"), &products, fields)))
}

async fn products(me: &SignedIn) -> Result<Vec<Product>, Response> {
    me.suite.spaces().await.map(|(_, products)| products).map_err(|refusal| me.failed(refusal))
}

#[expect(clippy::result_large_err, reason = "handlers answer with a response either way")]
fn parse(me: &SignedIn, id: &str) -> Result<SpaceLinkId, Response> {
    id.parse().map_err(|_| me.failed(Refusal::not_found()))
}

/// What is wrong with a legacy space's fields is said otherwise than with those of the suite's own.
fn about_space(refusal: Refusal) -> Refusal {
    let violations = refusal.violations.into_iter().map(|(path, problem)| {
        let path = match path.as_str() {
            "space_id" => "space".to_owned(),
            "user_id" => "space_user".to_owned(),
            "password" => "space_password".to_owned(),
            _ => path,
        };
        (path, problem)
    });
    Refusal { violations: violations.collect(), ..refusal }
}
