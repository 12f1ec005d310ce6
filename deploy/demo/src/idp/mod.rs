//! The sample identity provider: SAML 2.0 sign-in for the demo company's people, without passwords.
//!
//! It speaks what an identity provider of a customer would: metadata, requests by HTTP-Redirect,
//! signed assertions by HTTP-POST, and sign-in that starts here. Whoever can reach it may be anybody of the
//! company, so it is for trying the suite out and for nothing else.

mod keys;
mod request;
mod response;

pub use keys::KeysError;

use askama::Template;
use axum::{
    Form, Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use keys::Keys;
use pass_runtime::{Context, Shutdown};
use request::{Recipient, Refusal, Registry};
use response::{Answering, metadata};
use serde::Deserialize;
use std::{path::PathBuf, str::FromStr, sync::Arc};
use tokio::net::TcpListener;
use url::Url;

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The address, which is also the `NameID`.
    pub email: String,
    /// The full name.
    pub name: String,
}

impl FromStr for Person {
    type Err = &'static str;

    /// Reads `Email=Name`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((email, name)) if email.contains('@') && !name.trim().is_empty() => {
                Ok(Self { email: email.trim().to_owned(), name: name.trim().to_owned() })
            }
            _ => Err("write a person as Email=Name"),
        }
    }
}

/// How the sample identity provider is set up.
#[derive(Debug, Clone)]
pub struct IdentityProviderConfig {
    /// Where browsers reach it.
    pub public_url: Url,
    /// Where its key and certificate are kept.
    pub data: PathBuf,
    /// The people to pick from.
    pub people: Vec<Person>,
    /// What the addresses of service providers begin with; others get no answer.
    pub sp_prefixes: Vec<Url>,
}

/// The sample identity provider.
#[derive(Clone)]
pub struct IdentityProvider {
    entity_id: Url,
    registry: Registry,
    keys: Arc<Keys>,
    people: Arc<[Person]>,
    context: Context,
}

#[derive(Template)]
#[template(path = "idp.html")]
struct Home<'a> {
    entity_id: &'a Url,
    sso: &'a Url,
    certificate: &'a str,
    prefixes: &'a [Url],
}

#[derive(Template)]
#[template(path = "idp_sign_in.html")]
struct SignIn<'a> {
    audience: &'a str,
    asked: &'a Asked,
    people: &'a [Person],
    problem: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "idp_answer.html")]
struct Answer<'a> {
    acs: &'a Url,
    response: String,
    relay_state: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "idp_refusal.html")]
struct Refused {
    refusal: Refusal,
}

/// What brought the browser here: a service provider's request, or the name of one.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(rename = "SAMLRequest")]
    saml_request: Option<String>,
    #[serde(rename = "RelayState")]
    relay_state: Option<String>,
    sp: Option<String>,
}

#[derive(Deserialize)]
struct Chosen {
    #[serde(flatten)]
    asked: Asked,
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
}

impl IdentityProvider {
    /// Reads its key, or makes one.
    pub fn new(config: IdentityProviderConfig, context: &Context) -> Result<Self, KeysError> {
        let at = |path: &str| {
            let mut url = config.public_url.clone();
            url.set_path(path);
            url
        };
        Ok(Self {
            entity_id: at("/metadata"),
            registry: Registry { sso: at("/sso"), prefixes: config.sp_prefixes },
            keys: Arc::new(Keys::open(&config.data, &context.clock)?),
            people: config.people.into(),
            context: context.clone(),
        })
    }

    /// Its metadata.
    pub fn metadata(&self) -> String {
        metadata(self.entity_id.as_str(), self.registry.sso.as_str(), &self.keys)
    }

    /// Serves its pages until the end is asked for.
    pub async fn serve(self, listener: TcpListener, shutdown: Shutdown) -> std::io::Result<()> {
        let router = Router::new()
            .route("/", get(home))
            .route("/metadata", get(describe))
            .route("/sso", get(ask))
            .route("/start", get(ask))
            .route("/sign-in", post(sign_in))
            .with_state(self);
        axum::serve(listener, router).with_graceful_shutdown(async move { shutdown.requested().await }).await
    }

    fn recipient(&self, asked: &Asked) -> Result<Recipient, Refusal> {
        match (&asked.saml_request, &asked.sp) {
            (Some(request), _) => self.registry.read(request),
            (None, Some(sp)) => self.registry.unasked(sp),
            (None, None) => Err(Refusal::Nothing),
        }
    }

    /// The person whom the browser wants to be: of the list, or made up.
    fn person(&self, email: &str, name: &str) -> Option<Person> {
        let email = email.trim();
        if let Some(known) = self.people.iter().find(|person| person.email == email) {
            return Some(known.clone());
        }
        let (local, domain) = email.split_once('@')?;
        let is_address = !local.is_empty() && !domain.is_empty() && !email.contains(char::is_whitespace);
        let name = if name.trim().is_empty() { local } else { name.trim() };
        is_address.then(|| Person { email: email.to_owned(), name: name.to_owned() })
    }
}

async fn home(State(idp): State<IdentityProvider>) -> Response {
    let home = Home {
        entity_id: &idp.entity_id,
        sso: &idp.registry.sso,
        certificate: idp.keys.pem(),
        prefixes: &idp.registry.prefixes,
    };
    page(StatusCode::OK, &home)
}

async fn describe(State(idp): State<IdentityProvider>) -> Response {
    ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], idp.metadata()).into_response()
}

async fn ask(State(idp): State<IdentityProvider>, Query(asked): Query<Asked>) -> Response {
    match idp.recipient(&asked) {
        Ok(to) => choose(&idp, &to, &asked, None),
        Err(refusal) => refuse(refusal),
    }
}

async fn sign_in(State(idp): State<IdentityProvider>, Form(chosen): Form<Chosen>) -> Response {
    let to = match idp.recipient(&chosen.asked) {
        Ok(to) => to,
        Err(refusal) => return refuse(refusal),
    };
    let Some(person) = idp.person(&chosen.email, &chosen.name) else {
        return choose(&idp, &to, &chosen.asked, Some("That is not an email address."));
    };
    let answering = Answering {
        issuer: idp.entity_id.as_str(),
        keys: &idp.keys,
        now: idp.context.clock.now(),
        entropy: &idp.context.entropy,
    };
    match answering.response(&to, &person) {
        Ok(response) => {
            let relay_state = chosen.asked.relay_state.as_deref();
            page(StatusCode::OK, &Answer { acs: &to.acs, response: STANDARD.encode(response), relay_state })
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn choose(idp: &IdentityProvider, to: &Recipient, asked: &Asked, problem: Option<&str>) -> Response {
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    page(status, &SignIn { audience: &to.audience, asked, people: &idp.people, problem })
}

fn refuse(refusal: Refusal) -> Response {
    page(StatusCode::BAD_REQUEST, &Refused { refusal })
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => (status, [(header::CACHE_CONTROL, "no-store")], Html(page)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
