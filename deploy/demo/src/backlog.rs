//! The sample product: "Backlog", with one page that shows who is signed in and what the suite says.

use crate::relying_party::{
    AccessClaims, Departure, RelyingParty, RelyingPartyConfig, RelyingPartyError, Tokens,
};
use askama::Template;
use axum::{
    Form, Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use pass_mesh::{CallContext, Channel, Failure, Mesh, MeshConfig};
use pass_proto::{
    identity::v1::{GetAccountRequest, account_service_client::AccountServiceClient},
    organization::v1::{
        CheckAccessRequest, CheckAccessResponse, access_service_client::AccessServiceClient,
        check_access_response::Reason,
    },
};
use pass_runtime::{Context, Shutdown};
use pass_types::{Origin, Secret};
use serde::Deserialize;
use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::net::TcpListener;

const COOKIE: &str = "__Host-backlog";

/// Why the sample product can't start.
#[derive(Debug, thiserror::Error)]
pub enum BacklogError {
    /// Its place in the mesh.
    #[error(transparent)]
    Mesh(#[from] pass_mesh::MeshError),
    /// Its place at the gateway.
    #[error(transparent)]
    RelyingParty(#[from] RelyingPartyError),
}

/// A browser's place in the product.
enum Visit {
    /// It left for the gateway.
    Away(Departure),
    /// It is signed in.
    Here { tokens: Tokens, sid: String },
    /// The gateway said that the session is over (back-channel logout).
    Ended,
}

/// The sample product.
#[derive(Clone)]
pub struct Backlog {
    party: Arc<RelyingParty>,
    accounts: AccountServiceClient<Channel>,
    access: AccessServiceClient<Channel>,
    visits: Arc<Mutex<HashMap<String, Visit>>>,
    context: Context,
}

#[derive(Template)]
#[template(path = "backlog.html")]
struct Page<'a> {
    ended: bool,
    person: Option<Shown<'a>>,
}

struct Shown<'a> {
    claims: &'a AccessClaims,
    account: Result<(String, String), String>,
    access: Result<Decision, String>,
}

struct Decision {
    allowed: bool,
    reason: String,
    detail: String,
}

#[derive(Deserialize)]
struct Callback {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Logout {
    logout_token: String,
}

impl Backlog {
    /// Connects nothing yet.
    pub fn new(party: RelyingPartyConfig, mesh: MeshConfig, context: &Context) -> Result<Self, BacklogError> {
        let mesh = Mesh::new(mesh, "backlog", context)?;
        Ok(Self {
            party: Arc::new(RelyingParty::new(party, context.clock.clone(), context.entropy.clone())?),
            accounts: AccountServiceClient::new(mesh.channel("identity")?),
            access: AccessServiceClient::new(mesh.channel("organization")?),
            visits: Arc::default(),
            context: context.clone(),
        })
    }

    /// Serves the product until the end is asked for.
    pub async fn serve(self, listener: TcpListener, shutdown: Shutdown) -> std::io::Result<()> {
        let router = Router::new()
            .route("/", get(home))
            .route("/sign-in", get(sign_in))
            .route("/callback", get(callback))
            .route("/sign-out", post(sign_out))
            .route("/back-channel-logout", post(back_channel_logout))
            .with_state(self);
        axum::serve(listener, router).with_graceful_shutdown(async move { shutdown.requested().await }).await
    }

    fn visits(&self) -> MutexGuard<'_, HashMap<String, Visit>> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tokens and verified claims of a browser, refreshed when the access token has expired.
    async fn signed_in(&self, visit: &str) -> Result<Option<(Tokens, AccessClaims)>, RelyingPartyError> {
        let tokens = match self.visits().get(visit) {
            Some(Visit::Here { tokens, .. }) => tokens.clone(),
            _ => return Ok(None),
        };
        if let Ok(claims) = self.party.access(&tokens.access_token).await {
            return Ok(Some((tokens, claims)));
        }
        match self.party.refresh(&tokens).await {
            Ok(tokens) => {
                let claims = self.party.access(&tokens.access_token).await?;
                let here = Visit::Here { tokens: tokens.clone(), sid: claims.sid.clone() };
                self.visits().insert(visit.to_owned(), here);
                Ok(Some((tokens, claims)))
            }
            Err(RelyingPartyError::Refused(_)) => {
                self.visits().insert(visit.to_owned(), Visit::Ended);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What the suite says about the person, over the mesh.
    async fn ask<'a>(&self, tokens: &Tokens, claims: &'a AccessClaims) -> Shown<'a> {
        let context = CallContext::person(tokens.access_token.clone(), Origin::default());
        let account = self
            .accounts
            .clone()
            .get_account(context.request(GetAccountRequest { account_id: claims.sub.clone() }))
            .await
            .map(|answer| answer.into_inner().account.unwrap_or_default())
            .map(|account| (account.name, account.email));
        let access = self
            .access
            .clone()
            .check_access(context.request(CheckAccessRequest::default()))
            .await
            .map(|answer| decision(answer.into_inner()));
        let refusal = |status: tonic::Status| Failure::of(&status).reason.code().to_owned();
        Shown { claims, account: account.map_err(refusal), access: access.map_err(refusal) }
    }
}

fn decision(answer: CheckAccessResponse) -> Decision {
    let reason = Reason::try_from(answer.reason).unwrap_or(Reason::Unspecified);
    let detail = match (answer.organization, answer.space) {
        (Some(organization), Some(space)) => format!("{} ({})", organization.name, space.space_id),
        _ => String::new(),
    };
    let reason = reason.as_str_name().trim_start_matches("REASON_").to_owned();
    Decision { allowed: answer.allowed, reason, detail }
}

fn problem(error: &RelyingPartyError) -> Response {
    tracing::warn!(error = error as &dyn Error, "a sign-in at the sample product failed");
    (StatusCode::BAD_GATEWAY, format!("Backlog (sample): {error}\n")).into_response()
}

async fn home(State(backlog): State<Backlog>, cookies: CookieJar) -> Response {
    let visit = cookies.get(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let signed_in = match backlog.signed_in(&visit).await {
        Ok(signed_in) => signed_in,
        Err(error) => return problem(&error),
    };
    let person = match &signed_in {
        Some((tokens, claims)) => Some(backlog.ask(tokens, claims).await),
        None => None,
    };
    let ended = matches!(backlog.visits().get(&visit), Some(Visit::Ended));
    match (Page { ended, person }).render() {
        Ok(page) => ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn sign_in(State(backlog): State<Backlog>, cookies: CookieJar) -> Response {
    match backlog.party.depart(None).await {
        Ok((url, departure)) => {
            let visit = Secret::generate(&backlog.context.entropy).reveal();
            backlog.visits().insert(visit.clone(), Visit::Away(departure));
            let cookie = Cookie::build((COOKIE, visit)).path("/").secure(true).http_only(true);
            (cookies.add(cookie.same_site(SameSite::Lax)), Redirect::to(url.as_str())).into_response()
        }
        Err(error) => problem(&error),
    }
}

async fn callback(
    State(backlog): State<Backlog>,
    cookies: CookieJar,
    Query(answer): Query<Callback>,
) -> Response {
    let visit = cookies.get(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let Some(Visit::Away(departure)) = backlog.visits().remove(&visit) else {
        return Redirect::to("/").into_response();
    };
    if answer.state.as_deref() != Some(&departure.state) {
        return problem(&RelyingPartyError::Token("the answer is for another browser (state)"));
    }
    let (Some(code), Some(issuer)) = (answer.code, answer.iss) else {
        return problem(&RelyingPartyError::Refused(answer.error.unwrap_or_default()));
    };
    let arrived = async {
        let tokens = backlog.party.arrive(&departure, &code, &issuer).await?;
        let sid = backlog.party.access(&tokens.access_token).await?.sid;
        Ok(Visit::Here { tokens, sid })
    };
    match arrived.await {
        Ok(here) => {
            backlog.visits().insert(visit, here);
            Redirect::to("/").into_response()
        }
        Err(error) => problem(&error),
    }
}

async fn sign_out(State(backlog): State<Backlog>, cookies: CookieJar) -> Response {
    let visit = cookies.get(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let Some(Visit::Here { tokens, .. }) = backlog.visits().remove(&visit) else {
        return Redirect::to("/").into_response();
    };
    match backlog.party.sign_out(&tokens).await {
        Ok(url) => Redirect::to(url.as_str()).into_response(),
        Err(error) => problem(&error),
    }
}

async fn back_channel_logout(State(backlog): State<Backlog>, Form(logout): Form<Logout>) -> Response {
    match backlog.party.logout_token(&logout.logout_token).await {
        Ok(ended) => {
            for visit in backlog.visits().values_mut() {
                if matches!(visit, Visit::Here { sid, .. } if *sid == ended) {
                    *visit = Visit::Ended;
                }
            }
            ([(header::CACHE_CONTROL, "no-store")], StatusCode::OK).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
