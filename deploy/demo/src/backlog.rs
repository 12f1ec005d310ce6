//! The sample product: "Backlog", with a page that shows who is signed in and what the suite says, and with
//! [legacy spaces](crate::spaces).

use crate::{
    relying_party::{AccessClaims, Departure, RelyingParty, RelyingPartyConfig, RelyingPartyError, Tokens},
    spaces::{self, LegacySpaces, Logins, Tries},
    visits::Visits,
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
use pass_mesh::{CallContext, Channel, Failure, Mesh, MeshConfig, Trust};
use pass_proto::{
    identity::v1::{
        GetAccountRequest, account_service_client::AccountServiceClient,
        space_link_service_client::SpaceLinkServiceClient,
    },
    organization::v1::{
        CheckAccessRequest, CheckAccessResponse, access_service_client::AccessServiceClient,
        check_access_response::Reason,
    },
};
use pass_runtime::{Context, Shutdown};
use pass_types::{Origin, Secret};
use serde::Deserialize;
use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::net::TcpListener;
use url::Url;

/// The cookie of a browser that is signed in with an account of the suite.
pub(crate) const COOKIE: &str = "__Host-backlog";

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

/// The sample product.
#[derive(Clone)]
pub struct Backlog {
    party: Arc<RelyingParty>,
    accounts: AccountServiceClient<Channel>,
    access: AccessServiceClient<Channel>,
    visits: Arc<Mutex<Visits>>,
    logins: Arc<Mutex<Logins>>,
    tries: Arc<Mutex<Tries>>,
    mesh: Mesh,
    issuer: Url,
    public_url: Url,
    pub(crate) links: SpaceLinkServiceClient<Channel>,
    pub(crate) spaces: LegacySpaces,
    /// Where the console's pages begin.
    pub(crate) console: Url,
    pub(crate) context: Context,
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
    pub fn new(
        party: RelyingPartyConfig,
        mesh: MeshConfig,
        spaces: LegacySpaces,
        console: Url,
        context: &Context,
    ) -> Result<Self, BacklogError> {
        let mesh = Mesh::new(mesh, "backlog", context)?;
        Ok(Self {
            issuer: party.issuer.clone(),
            public_url: party.public_url.clone(),
            party: Arc::new(RelyingParty::new(party, context.clock.clone(), context.entropy.clone())?),
            accounts: AccountServiceClient::new(mesh.channel("identity")?),
            access: AccessServiceClient::new(mesh.channel("organization")?),
            visits: Arc::default(),
            logins: Arc::default(),
            tries: Arc::default(),
            links: SpaceLinkServiceClient::new(mesh.channel("identity")?),
            mesh,
            spaces,
            console,
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
            .merge(spaces::routes())
            .with_state(self);
        axum::serve(listener, router).with_graceful_shutdown(async move { shutdown.requested().await }).await
    }

    /// Serves what the suite asks of the product, over the mesh, until the end is asked for.
    pub async fn serve_mesh(self, listener: TcpListener, shutdown: Shutdown) -> Result<(), BacklogError> {
        // Nobody calls with a token: identity asks on its own behalf.
        let trust = Trust::new(self.issuer.as_str().trim_end_matches('/'), self.context.clock.clone());
        let directory = spaces::directory(self.spaces, self.public_url);
        Ok(self.mesh.server(trust).add(directory).serve(listener, shutdown).await?)
    }

    pub(crate) fn logins(&self) -> MutexGuard<'_, Logins> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a browser to the gateway, perhaps on its way to a legacy space.
    pub(crate) async fn depart(&self, cookies: CookieJar, space: Option<String>) -> Response {
        match self.party.depart(None).await {
            Ok((url, departure)) => {
                let visit = Secret::generate(&self.context.entropy).reveal();
                self.visits().depart(visit.clone(), departure, space);
                let cookie = Cookie::build((COOKIE, visit)).path("/").secure(true).http_only(true);
                (cookies.add(cookie.same_site(SameSite::Lax)), Redirect::to(url.as_str())).into_response()
            }
            Err(error) => problem(&error),
        }
    }

    fn visits(&self) -> MutexGuard<'_, Visits> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tokens and verified claims of a browser, refreshed when the access token has expired.
    pub(crate) async fn signed_in(
        &self,
        visit: &str,
    ) -> Result<Option<(Tokens, AccessClaims)>, RelyingPartyError> {
        let Some(tokens) = self.visits().tokens(visit) else { return Ok(None) };
        if let Ok(claims) = self.party.access(&tokens.access_token).await {
            return Ok(Some((tokens, claims)));
        }
        let now = match self.party.refresh(&tokens).await {
            Ok(new) => {
                let sid = self.party.access(&new.access_token).await?.sid;
                self.visits().refresh(visit, &tokens, new, sid)
            }
            Err(RelyingPartyError::Refused(_)) => self.visits().expire(visit, &tokens),
            Err(error) => return Err(error),
        };
        let Some(now) = now else { return Ok(None) };
        let claims = self.party.access(&now.access_token).await?;
        Ok(Some((now, claims)))
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
    let ended = backlog.visits().has_ended(&visit);
    match (Page { ended, person }).render() {
        Ok(page) => ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn sign_in(State(backlog): State<Backlog>, cookies: CookieJar) -> Response {
    backlog.depart(cookies, None).await
}

async fn callback(
    State(backlog): State<Backlog>,
    cookies: CookieJar,
    Query(answer): Query<Callback>,
) -> Response {
    let visit = cookies.get(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let Some((departure, space)) = backlog.visits().come_back(&visit) else {
        return Redirect::to("/").into_response();
    };
    match arrive(&backlog, &departure, answer).await {
        Ok((tokens, sid)) => {
            backlog.visits().arrive(&visit, tokens, sid);
            let next = space.map_or_else(|| "/".to_owned(), |space| format!("/spaces/{space}/nulab"));
            Redirect::to(&next).into_response()
        }
        Err(error) => {
            backlog.visits().leave(&visit);
            problem(&error)
        }
    }
}

/// The tokens for a browser's answer, and the session that they are of.
async fn arrive(
    backlog: &Backlog,
    departure: &Departure,
    answer: Callback,
) -> Result<(Tokens, String), RelyingPartyError> {
    if answer.state.as_deref() != Some(&departure.state) {
        return Err(RelyingPartyError::Token("the answer is for another browser (state)"));
    }
    let (Some(code), Some(issuer)) = (answer.code, answer.iss) else {
        return Err(RelyingPartyError::Refused(answer.error.unwrap_or_default()));
    };
    let tokens = backlog.party.arrive(departure, &code, &issuer).await?;
    let sid = backlog.party.access(&tokens.access_token).await?.sid;
    Ok((tokens, sid))
}

async fn sign_out(State(backlog): State<Backlog>, cookies: CookieJar) -> Response {
    let visit = cookies.get(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let Some(tokens) = backlog.visits().leave(&visit) else {
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
            backlog.visits().end(ended);
            ([(header::CACHE_CONTROL, "no-store")], StatusCode::OK).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
