//! Authorization requests (RFC 6749, 4.1.1; `OpenID` Connect Core, 3.1.2), parsed in two steps: first
//! who asks and where to answer, for an answer must never go anywhere else; then the rest, whose
//! faults the client is told.

use crate::domain::{
    client::{Client, RegisteredUri},
    pkce::Challenge,
    scope::Scope,
};
use pass_types::{ClientId, OrganizationId, SessionId};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};
use url::Url;
use uuid::Uuid;

/// The parameters of a request as they came.
pub struct Parameters {
    values: HashMap<String, String>,
    repeated: Vec<String>,
}

impl Parameters {
    /// Takes decoded pairs. Empty values count as absent (RFC 6749, 3.1).
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let (mut values, mut repeated) = (HashMap::new(), Vec::new());
        for (name, value) in pairs {
            if value.is_empty() {
                continue;
            }
            if values.insert(name.clone(), value).is_some() {
                repeated.push(name);
            }
        }
        Self { values, repeated }
    }

    /// A parameter that came once.
    pub fn get(&self, name: &str) -> Option<&str> {
        if self.repeated.iter().any(|repeated| repeated == name) {
            return None;
        }
        self.values.get(name).map(String::as_str)
    }

    /// Refuses parameters that came more than once (RFC 6749, 3.1 and 3.2).
    pub fn once(&self) -> Result<(), Refusal> {
        if self.repeated.is_empty() { Ok(()) } else { Err(Refusal::invalid("a parameter came twice")) }
    }

    fn at_most(&self, name: &str, bytes: usize) -> Result<Option<String>, Refusal> {
        match self.get(name) {
            Some(value) if value.len() > bytes => Err(Refusal::invalid("a parameter is too long")),
            value => Ok(value.map(str::to_owned)),
        }
    }
}

/// Why a request is answered by a page and never by a redirect: there is nowhere safe to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Nowhere {
    /// No, malformed or unregistered `client_id`.
    #[error("the client is not known")]
    UnknownClient,
    /// No `redirect_uri`, or one that the client did not register.
    #[error("the redirect URI is not one of the client's")]
    UnknownRedirectUri,
}

/// The client that a request names.
pub fn client_id(parameters: &Parameters) -> Result<ClientId, Nowhere> {
    parameters.get("client_id").and_then(|id| id.parse().ok()).ok_or(Nowhere::UnknownClient)
}

/// Where to answer, and what to give back.
#[derive(Debug, Clone)]
pub struct Return {
    /// Where: one of the client's, exactly.
    pub redirect_uri: RegisteredUri,
    /// The client's own `state`, given back as it came.
    pub state: Option<String>,
}

impl Return {
    /// Where the client wants its answer.
    pub fn of(parameters: &Parameters, client: &Client) -> Result<Self, Nowhere> {
        let uri = parameters.get("redirect_uri").and_then(|text| client.redirect_uri(text));
        let redirect_uri = uri.cloned().ok_or(Nowhere::UnknownRedirectUri)?;
        // An overlong state is refused below; it is not given back.
        let state = parameters.get("state").filter(|state| state.len() <= MOST_STATE).map(str::to_owned);
        Ok(Self { redirect_uri, state })
    }

    /// The URL that carries a code to the client, with our `iss` (RFC 9207).
    pub fn with_code(&self, code: &str, issuer: &str) -> Url {
        self.with(&[("code", code)], issuer)
    }

    /// The URL that carries an error to the client, with our `iss` (RFC 9207).
    pub fn with_refusal(&self, refusal: &Refusal, issuer: &str) -> Url {
        self.with(&[("error", refusal.code), ("error_description", refusal.description)], issuer)
    }

    fn with(&self, pairs: &[(&str, &str)], issuer: &str) -> Url {
        let mut url = self.redirect_uri.url();
        url.query_pairs_mut()
            .extend_pairs(pairs)
            .extend_pairs(self.state.iter().map(|state| ("state", state)))
            .append_pair("iss", issuer);
        url
    }
}

/// An error that the client is told (RFC 6749, 4.1.2.1; `OpenID` Connect Core, 3.1.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Refusal {
    /// `error`.
    pub code: &'static str,
    /// `error_description`, in ASCII.
    pub description: &'static str,
}

impl Refusal {
    /// Nobody is signed in, and the client did not want a page.
    pub const LOGIN_REQUIRED: Self =
        Self { code: "login_required", description: "nobody is signed in, or not recently enough" };
    /// The person is not a member of the organization that the client asked for.
    pub const NOT_A_MEMBER: Self =
        Self { code: "access_denied", description: "not a member of the organization that was asked for" };

    /// A malformed request.
    pub fn invalid(description: &'static str) -> Self {
        Self { code: "invalid_request", description }
    }
}

/// Whether a page may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// When nobody is signed in.
    AsNeeded,
    /// Never (`prompt=none`).
    Never,
    /// Always (`prompt=login`, `select_account`).
    Login,
}

/// A valid authorization request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who asks.
    pub client: ClientId,
    /// Where to answer.
    pub back: Return,
    /// What for.
    pub scope: Scope,
    /// Given back in the ID token.
    pub nonce: Option<String>,
    /// What the code will be bound to.
    pub challenge: Challenge,
    /// The organization that the tokens shall name (API-2).
    pub organization: Option<OrganizationId>,
    /// How long ago the sign-in may have been.
    pub max_age: Option<Duration>,
    /// Whether a page may be shown.
    pub prompt: Prompt,
    /// Who probably wants to sign in.
    pub login_hint: Option<String>,
    /// Languages for our pages, best first.
    pub ui_locales: Option<String>,
}

const MOST_STATE: usize = 2_048;

impl Request {
    /// Checks everything but who asks and where to answer.
    pub fn parse(parameters: &Parameters, client: &Client, back: Return) -> Result<Self, Refusal> {
        parameters.once()?;
        unsupported(parameters)?;
        let scope = Scope::parse(parameters.get("scope").unwrap_or_default());
        if !scope.has("openid") {
            return Err(Refusal { code: "invalid_scope", description: "the scope must contain openid" });
        }
        parameters.at_most("state", MOST_STATE)?;
        let organization = parameters.get("organization").map(str::parse).transpose();
        Ok(Self {
            client: client.id.clone(),
            back,
            scope,
            nonce: parameters.at_most("nonce", 512)?,
            challenge: challenge(parameters)?,
            organization: organization.map_err(|_| Refusal::invalid("organization must be its id"))?,
            max_age: max_age(parameters)?,
            prompt: prompt(parameters)?,
            login_hint: parameters.at_most("login_hint", 254)?,
            ui_locales: parameters.at_most("ui_locales", 100)?,
        })
    }
}

fn unsupported(parameters: &Parameters) -> Result<(), Refusal> {
    for (name, code) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        if parameters.get(name).is_some() {
            return Err(Refusal { code, description: "this parameter is not supported" });
        }
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => {
            return Err(Refusal {
                code: "unsupported_response_type",
                description: "response_type must be code",
            });
        }
        None => return Err(Refusal::invalid("response_type is missing")),
    }
    match parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(Refusal::invalid("response_mode must be query")),
    }
}

fn challenge(parameters: &Parameters) -> Result<Challenge, Refusal> {
    let challenge = parameters.get("code_challenge");
    let challenge = challenge.ok_or(Refusal::invalid("PKCE is required: code_challenge is missing"))?;
    // Absent means "plain" (RFC 7636, 4.3).
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(Refusal::invalid("code_challenge_method must be S256"));
    }
    challenge.parse().map_err(|_| Refusal::invalid("code_challenge is malformed"))
}

fn max_age(parameters: &Parameters) -> Result<Option<Duration>, Refusal> {
    let seconds = parameters.get("max_age").map(str::parse::<u32>).transpose();
    let seconds = seconds.map_err(|_| Refusal::invalid("max_age must be a number of seconds"))?;
    Ok(seconds.map(|seconds| Duration::seconds(seconds.into())))
}

fn prompt(parameters: &Parameters) -> Result<Prompt, Refusal> {
    let words: Vec<_> =
        parameters.get("prompt").unwrap_or_default().split(' ').filter(|w| !w.is_empty()).collect();
    let mut prompt = Prompt::AsNeeded;
    for word in &words {
        match *word {
            "none" if words.len() > 1 => return Err(Refusal::invalid("prompt=none must stand alone")),
            "none" => prompt = Prompt::Never,
            "login" | "select_account" => prompt = Prompt::Login,
            // Nobody is asked for consent: the clients are the suite's own.
            "consent" => {}
            _ => return Err(Refusal::invalid("prompt has an unknown value")),
        }
    }
    Ok(prompt)
}

/// A request that waits, perhaps, for somebody to sign in: what to do after login.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Names it in the pages' URLs.
    pub id: Uuid,
    /// What the client wants.
    pub request: Request,
    /// When it came.
    pub create_time: OffsetDateTime,
    /// The session that a sign-in in this flow began.
    pub session: Option<SessionId>,
}

/// A browser's session, as far as flows judge it.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn {
    /// Which.
    pub session: SessionId,
    /// When it began.
    pub at: OffsetDateTime,
    /// The person proved then who they are.
    pub anew: bool,
}

/// What comes next in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Show the sign-in page.
    SignIn,
    /// Issue the code.
    Issue,
    /// Tell the client that it can't be done without a page.
    LoginRequired,
}

impl Flow {
    /// Whether the person is to prove anew who they are: an identity provider that has a session of them must not
    /// answer for them. A client that says how old a sign-in may be gets a new one too, once there is none that
    /// is recent: how old the provider's is, only the provider knows.
    pub fn asks_anew(&self) -> bool {
        self.request.prompt == Prompt::Login || self.request.max_age.is_some()
    }

    /// What comes next for a browser that is signed in, or not.
    pub fn next(&self, signed_in: Option<SignedIn>, now: OffsetDateTime) -> Step {
        // A sign-in that this very request led to is recent enough, whatever the request wants. Another one
        // of this browser's is not: whoever sits there now did not answer this request's question.
        let good = signed_in.is_some_and(|SignedIn { session, at, anew }| {
            let recent = self.request.max_age.is_none_or(|most| anew && now - at <= most);
            self.session == Some(session) || (recent && self.request.prompt != Prompt::Login)
        });
        match (good, self.request.prompt) {
            (true, _) => Step::Issue,
            (false, Prompt::Never) => Step::LoginRequired,
            (false, _) => Step::SignIn,
        }
    }
}

#[cfg(test)]
#[path = "authorization_tests.rs"]
mod tests;
