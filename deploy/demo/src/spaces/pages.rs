//! The pages of a legacy space.

use super::{
    Space, User,
    settings::{administration, choose, settings, switch},
    words::Words,
};
use crate::{
    backlog::{Backlog, COOKIE},
    relying_party::Tokens,
};
use askama::Template;
use axum::{
    Form, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use pass_mesh::{CallContext, Failure};
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{
        BatchGetSpaceLinksRequest, ConnectedSpace, ConnectedUser, ListMySpacesRequest,
        ResolveSpaceUserRequest, SpaceProfile,
    },
};
use pass_types::{Origin, Secret};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The cookie of a browser that is logged in by a space's own password.
const SPACE_COOKIE: &str = "__Host-backlog-spaces";

/// How somebody is in a space.
pub(super) struct Entry {
    pub(super) user: User,
    /// By the Nulab Account; else by the space's own password.
    by_account: bool,
}

/// Why somebody is not.
pub(super) enum Outside {
    /// Nobody is logged in.
    Nobody,
    /// SPC-1.
    Closed,
    /// The Nulab Account is not connected.
    NotConnected,
    /// SPC-5.
    OwnUsersOnly,
    /// The suite does not say.
    Unknown(ErrorReason),
}

#[derive(Template)]
#[template(path = "space_login.html")]
struct LoginPage<'a> {
    words: Words,
    id: &'a str,
    space: &'a Space,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "space.html")]
struct HomePage<'a> {
    words: Words,
    id: &'a str,
    space: &'a Space,
    me: Shown,
    user_id: &'a str,
    by_account: bool,
    administrator: bool,
    members: Vec<Shown>,
    switcher: Vec<Door>,
    connect: String,
}

/// A connected space, in the switcher.
struct Door {
    name: String,
    /// Where it is entered; `None`: it is this one.
    path: Option<String>,
}

/// Somebody, as the space shows them.
struct Shown {
    name: String,
    email: String,
    /// From the Nulab Account.
    account: bool,
}

#[derive(Template)]
#[template(path = "space_refused.html")]
struct RefusedPage<'a> {
    words: Words,
    id: &'a str,
    space: &'a Space,
    why: &'static str,
    console: String,
    connect: String,
}

#[derive(Deserialize)]
struct Credentials {
    user_id: String,
    password: String,
}

/// Everything under `/spaces`.
pub(crate) fn routes() -> Router<Backlog> {
    Router::new()
        .route("/spaces/{space}", get(home))
        .route("/spaces/{space}/login", get(login).post(log_in))
        .route("/spaces/{space}/nulab", get(by_account))
        .route("/spaces/{space}/logout", post(log_out))
        .route("/spaces/{space}/settings", get(settings).post(choose))
        .route("/spaces/{space}/administration", get(administration).post(switch))
}

impl Backlog {
    #[expect(clippy::result_large_err, reason = "handlers answer with a response either way")]
    pub(super) fn space(&self, id: &str) -> Result<Space, Response> {
        self.spaces
            .get(id)
            .ok_or_else(|| (StatusCode::NOT_FOUND, "There is no such space.\n").into_response())
    }

    /// The tokens of a browser that is signed in with a Nulab Account.
    pub(super) async fn account(&self, cookies: &CookieJar) -> Option<Tokens> {
        let (tokens, _) = self.signed_in(cookie(cookies, COOKIE)).await.ok()??;
        Some(tokens)
    }

    /// Somebody who is in the space; else the page that says why not.
    pub(super) async fn inside(
        &self,
        id: &str,
        words: Words,
        cookies: &CookieJar,
    ) -> Result<(Space, Entry), Response> {
        let space = self.space(id)?;
        match self.entry(id, &space, cookies).await {
            Ok(entry) => Ok((space, entry)),
            Err(outside) => Err(self.outside(id, words, &space, &outside)),
        }
    }

    /// Who a browser is in a space.
    pub(super) async fn entry(&self, id: &str, space: &Space, cookies: &CookieJar) -> Result<Entry, Outside> {
        let own = self.logins().user(cookie(cookies, SPACE_COOKIE), id);
        if let Some(user) = own.and_then(|own| space.user(&own).cloned()) {
            return Ok(Entry { user, by_account: false });
        }
        self.entry_by_account(id, space, cookies).await
    }

    /// Who a browser is in a space by its Nulab Account.
    async fn entry_by_account(&self, id: &str, space: &Space, cookies: &CookieJar) -> Result<Entry, Outside> {
        let tokens = self.account(cookies).await.ok_or(Outside::Nobody)?;
        if !space.nulab_account {
            return Err(Outside::Closed);
        }
        let request = person(&tokens).request(ResolveSpaceUserRequest { space_id: id.to_owned() });
        match self.links.clone().resolve_space_user(request).await {
            Ok(answer) => {
                let user = space.user(&answer.into_inner().space_user_id).cloned();
                Ok(Entry { user: user.ok_or(Outside::NotConnected)?, by_account: true })
            }
            Err(status) => Err(match Failure::of(&status).reason {
                ErrorReason::SpaceNotConnected => Outside::NotConnected,
                ErrorReason::SpaceUsesOwnUsers => Outside::OwnUsersOnly,
                other => Outside::Unknown(other),
            }),
        }
    }

    /// What the suite says of a space's users who are connected, by their ids. Asked by the product itself: who
    /// looks at the page may have no Nulab Account.
    pub(super) async fn connected(&self, id: &str, space: &Space) -> BTreeMap<String, ConnectedUser> {
        let space_user_ids = space.users.iter().map(|user| user.id.clone()).take(100).collect();
        let request = BatchGetSpaceLinksRequest { space_id: id.to_owned(), space_user_ids };
        let answer = self.links.clone().batch_get_space_links(CallContext::system().request(request)).await;
        let users = answer.map(|answer| answer.into_inner().users).unwrap_or_default();
        users.into_iter().map(|user| (user.space_user_id.clone(), user)).collect()
    }

    /// The spaces that are connected to the Nulab Account that the browser is signed in with, if it is with any.
    async fn my_spaces(&self, cookies: &CookieJar) -> Vec<ConnectedSpace> {
        let Some(tokens) = self.account(cookies).await else { return Vec::new() };
        let request = person(&tokens).request(ListMySpacesRequest {});
        let answer = self.links.clone().list_my_spaces(request).await;
        answer.map(|answer| answer.into_inner().spaces).unwrap_or_default()
    }

    /// Whether a user of a space is connected to that Nulab Account: somebody else may have logged in to the space
    /// with its own password, in the same browser.
    pub(super) async fn is_mine(&self, id: &str, user: &User, cookies: &CookieJar) -> bool {
        let mut mine = self.my_spaces(cookies).await.into_iter();
        mine.any(|connected| connected.space_id == id && connected.space_user_id == user.id)
    }

    /// The person's connected spaces, for the switcher (SPC-3). Where they are logged in with the space's own password,
    /// that login goes on: the space may be one that takes no other (SPC-5).
    async fn switcher(&self, here: &str, cookies: &CookieJar) -> Vec<Door> {
        let doors = self.my_spaces(cookies).await.into_iter().filter_map(|connected| {
            let ConnectedSpace { space_id: id, space_user_id: user, .. } = connected;
            let name = self.spaces.get(&id)?.name;
            let own = self.logins().user(cookie(cookies, SPACE_COOKIE), &id);
            let by = if own == Some(user) { "" } else { "/nulab" };
            Some(Door { name, path: (id != here).then(|| format!("/spaces/{id}{by}")) })
        });
        doors.collect()
    }

    pub(super) fn outside(&self, id: &str, words: Words, space: &Space, outside: &Outside) -> Response {
        let console = format!("{}account/spaces", self.console);
        let why = match outside {
            Outside::Nobody => return Redirect::to(&format!("/spaces/{id}/login")).into_response(),
            // A page and no redirect: who comes from the gateway's sign-in form is held to its `form-action`, which
            // names this product and no other site.
            Outside::NotConnected => "not-connected",
            Outside::Closed => "closed",
            Outside::OwnUsersOnly => "own-users",
            Outside::Unknown(reason) => {
                tracing::warn!(reason = reason.code(), "who somebody is in a space can't be told");
                "unknown"
            }
        };
        let status = if why == "unknown" { StatusCode::BAD_GATEWAY } else { StatusCode::FORBIDDEN };
        let connect = format!("{console}/new/backlog/{id}");
        page(status, &RefusedPage { words, id, space, why, console, connect })
    }
}

pub(super) fn person(tokens: &Tokens) -> CallContext {
    CallContext::person(tokens.access_token.clone(), Origin::default())
}

fn cookie<'a>(cookies: &'a CookieJar, name: &str) -> &'a str {
    cookies.get(name).map(Cookie::value).unwrap_or_default()
}

pub(super) fn page(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(page) => (status, [(header::CACHE_CONTROL, "no-store")], Html(page)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// As the space shows a user: as the Nulab Account has them where they chose so, else as itself does.
fn shown(user: &User, connected: Option<&ConnectedUser>) -> Shown {
    match connected {
        Some(connected) if connected.profile() == SpaceProfile::Account => {
            Shown { name: connected.name.clone(), email: connected.email.clone(), account: true }
        }
        _ => Shown { name: user.name.clone(), email: user.email.clone(), account: false },
    }
}

async fn home(
    State(backlog): State<Backlog>,
    Path(id): Path<String>,
    words: Words,
    cookies: CookieJar,
) -> Result<Response, Response> {
    let space = backlog.space(&id)?;
    let entry = backlog.entry(&id, &space, &cookies).await;
    // Who is not connected yet may have come to log in otherwise.
    let entry = match entry {
        Err(Outside::NotConnected) => return Ok(backlog.outside(&id, words, &space, &Outside::Nobody)),
        entry => entry.map_err(|outside| backlog.outside(&id, words, &space, &outside))?,
    };
    let connected = backlog.connected(&id, &space).await;
    let me = shown(&entry.user, connected.get(&entry.user.id));
    let members = space.users.iter().map(|user| shown(user, connected.get(&user.id))).collect();
    Ok(page(
        StatusCode::OK,
        &HomePage {
            words,
            id: &id,
            space: &space,
            me,
            user_id: &entry.user.user_id,
            by_account: entry.by_account,
            administrator: entry.user.administrator,
            members,
            switcher: backlog.switcher(&id, &cookies).await,
            connect: format!("{}account/spaces", backlog.console),
        },
    ))
}

async fn login(
    State(backlog): State<Backlog>,
    Path(id): Path<String>,
    words: Words,
) -> Result<Response, Response> {
    let space = backlog.space(&id)?;
    Ok(page(StatusCode::OK, &LoginPage { words, id: &id, space: &space, problem: None }))
}

async fn log_in(
    State(backlog): State<Backlog>,
    Path(id): Path<String>,
    words: Words,
    cookies: CookieJar,
    Form(Credentials { user_id, password }): Form<Credentials>,
) -> Result<Response, Response> {
    let space = backlog.space(&id)?;
    let user_id = user_id.trim();
    let refused = |status, why| {
        page(status, &LoginPage { words, id: &id, space: &space, problem: Some(words.say(why)) })
    };
    if !backlog.tries().begin(&id, user_id, backlog.context.clock.now()) {
        return Ok(refused(StatusCode::TOO_MANY_REQUESTS, "locked"));
    }
    let Some(user) = backlog.spaces.check(&space, user_id, password).await else {
        return Ok(refused(StatusCode::FORBIDDEN, "wrong"));
    };
    backlog.tries().forget(&id, user_id);
    let browser = Secret::generate(&backlog.context.entropy).reveal();
    backlog.logins().enter(browser.clone(), cookie(&cookies, SPACE_COOKIE), id.clone(), user.id);
    let kept = Cookie::build((SPACE_COOKIE, browser)).path("/").secure(true).http_only(true);
    Ok((cookies.add(kept.same_site(SameSite::Lax)), Redirect::to(&format!("/spaces/{id}"))).into_response())
}

/// "Log in with Nulab Account": by the gateway, if nobody is signed in yet. If the space is not connected, the page
/// leads on to "Connect to Nulab Account".
async fn by_account(
    State(backlog): State<Backlog>,
    Path(id): Path<String>,
    words: Words,
    cookies: CookieJar,
) -> Result<Response, Response> {
    let space = backlog.space(&id)?;
    match backlog.entry_by_account(&id, &space, &cookies).await {
        Ok(_) => {
            // Who is let in by the account is that person from now on. Who is not stays who they are.
            backlog.logins().leave(cookie(&cookies, SPACE_COOKIE), &id);
            Ok(Redirect::to(&format!("/spaces/{id}")).into_response())
        }
        Err(Outside::Nobody) if space.nulab_account => Ok(backlog.depart(cookies, Some(id)).await),
        Err(Outside::Nobody) => Ok(backlog.outside(&id, words, &space, &Outside::Closed)),
        Err(outside) => Ok(backlog.outside(&id, words, &space, &outside)),
    }
}

async fn log_out(State(backlog): State<Backlog>, Path(id): Path<String>, cookies: CookieJar) -> Response {
    backlog.logins().leave(cookie(&cookies, SPACE_COOKIE), &id);
    Redirect::to(&format!("/spaces/{id}/login")).into_response()
}
