//! The layers around all routes of a service.

use crate::{
    Browser, FormToken, HostCookie, Network, Nonce, Refusal, Texts, accepted, address::client_address,
    assets, browser::Inner, headers::secure, language::chosen_by, look::Look, trace,
};
use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, header};
use pass_runtime::config::SecretText;
use pass_types::{Appearance, Entropy, Invalid, LinkKey, Origin};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::AtomicBool},
};
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use url::Url;

/// Bodies longer than this are refused.
const BODY_LIMIT: usize = 64 * 1024;

/// What a service that browsers talk to needs to know.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebConfig {
    /// The address that browsers use, for instance `https://pass.example`.
    pub public_url: Url,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks. None by default.
    pub trusted_proxies: Vec<Network>,
    /// At least 16 bytes; signs form tokens. All replicas have the same.
    pub form_secret: SecretText,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            public_url: Url::parse("http://localhost:8080").expect("a valid URL"),
            trusted_proxies: Vec::new(),
            form_secret: SecretText::default(),
        }
    }
}

/// A setting that can't work.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The public address.
    #[error("public_url must be http or https, with a host and no path")]
    PublicUrl,
    /// The secret for form tokens.
    #[error("form_secret is wrong")]
    FormSecret(#[source] Invalid),
}

/// The layers around all routes of a service: security headers, [`Browser`], form tokens, the shared
/// assets, a page for what is not there, a limit on bodies.
#[derive(Debug, Clone)]
pub struct Web(pub(crate) Arc<Settings>);

#[derive(Debug)]
pub(crate) struct Settings {
    own_origin: Arc<str>,
    https: bool,
    trusted_proxies: Vec<Network>,
    form_key: LinkKey,
    form_cookie: HostCookie,
    form_targets: Vec<Url>,
    image_sources: Vec<Url>,
    entropy: Entropy,
    texts: Texts,
    /// Everything that runs: connections, and handlers, which may outlive theirs.
    pub(crate) running: TaskTracker,
}

impl Web {
    /// For a service with these texts. `form_cookie` is the service's own name for the cookie behind form
    /// tokens; `form_targets` are where its forms may lead besides itself, on every page.
    pub fn new(
        config: &WebConfig,
        form_cookie: HostCookie,
        form_targets: Vec<Url>,
        entropy: Entropy,
        texts: Texts,
    ) -> Result<Self, WebError> {
        let url = &config.public_url;
        let web = matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/";
        if !web || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(WebError::PublicUrl);
        }
        let form_key = LinkKey::new(config.form_secret.expose().as_bytes()).map_err(WebError::FormSecret)?;
        Ok(Self(Arc::new(Settings {
            own_origin: url.origin().ascii_serialization().into(),
            https: url.scheme() == "https",
            trusted_proxies: config.trusted_proxies.clone(),
            form_key,
            form_cookie,
            form_targets,
            image_sources: Vec::new(),
            entropy,
            texts,
            running: TaskTracker::new(),
        })))
    }

    /// Lets the pages show images from there, besides their own: people's, which the gateway serves.
    ///
    /// # Panics
    /// When it was cloned already.
    #[must_use]
    pub fn showing_images_of(mut self, source: Url) -> Self {
        Arc::get_mut(&mut self.0).expect("is not shared yet").image_sources.push(source);
        self
    }

    /// The origin that browsers know the service by, without a slash at the end.
    pub fn own_origin(&self) -> &str {
        &self.0.own_origin
    }

    /// Puts the layers around all routes. Serve the result with [`serve`](Web::serve).
    pub fn around<S: Clone + Send + Sync + 'static>(&self, routes: Router<S>) -> Router<S> {
        routes
            .merge(assets::routes())
            .fallback(|browser: Browser| async move { browser.refused(Refusal::not_found()) })
            .method_not_allowed_fallback(not_that_way)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .layer(from_fn_with_state(self.clone(), guard))
            .layer(from_fn(trace::observe))
    }

    fn browser(&self, request: &Request, peer: Option<SocketAddr>) -> (Browser, Option<HeaderValue>) {
        let (settings, headers) = (&self.0, request.headers());
        let (form_token, cookie) =
            FormToken::of(headers, settings.form_cookie, &settings.form_key, &settings.entropy);
        let address = client_address(peer.map(|peer| peer.ip()), headers, &settings.trusted_proxies);
        let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
        let origin = Origin {
            address: address.map(|address| address.to_string()).unwrap_or_default(),
            user_agent: user_agent.chars().take(256).collect(),
        };
        let asked =
            (request.method() == Method::GET).then(|| request.uri().query().unwrap_or_default().to_owned());
        let look = Look::of(headers);
        let look = match asked.as_deref().and_then(chosen_by) {
            Some(language) => {
                let appearance = look.map_or(Appearance::System, |look| look.appearance);
                Some(Look { language, appearance, chosen: true })
            }
            None => look,
        };
        let browser = Browser(Arc::new(Inner {
            nonce: Nonce::generate(&settings.entropy),
            form_token,
            language: accepted(headers),
            origin,
            own_origin: settings.own_origin.clone(),
            texts: settings.texts,
            look: Mutex::new(look),
            known: AtomicBool::new(false),
            asked,
        }));
        (browser, cookie)
    }
}

/// Around every request. It is handled in a task that nobody's cancellation drops: a browser that goes
/// away ends the waiting, not the work (a transaction that is dropped half-way can poison its connection).
async fn guard(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    let (browser, cookie) = web.browser(&request, peer);
    let look_before = Look::of(request.headers());
    request.extensions_mut().insert(browser.clone());
    let handled = web.0.running.spawn(next.run(request).in_current_span());
    let mut response = match handled.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(response) => response,
        Err(Ok(panic)) => after_panic(&browser, &*panic),
        // The runtime ends.
        Err(Err(_)) => browser.refused(Refusal::internal()),
    };
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if let Some(cookie) = cookie.filter(|_| is_page) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    if is_page {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    }
    // What an address chooses is kept by pages: other answers may be kept by caches, for everybody.
    let look = browser.look().filter(|look| Some(*look) != look_before && (is_page || !look.chosen));
    if let Some(look) = look {
        response.headers_mut().append(header::SET_COOKIE, look.keep());
    }
    secure(&mut response, browser.nonce(), (&web.0.form_targets, &web.0.image_sources), web.0.https);
    response
}

async fn not_that_way(browser: Browser) -> Response {
    let mut response = browser.refused(Refusal::malformed());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

/// What a browser gets when a handler panics.
fn after_panic(browser: &Browser, panic: &(dyn std::any::Any + Send)) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    tracing::error!(message, "a handler panicked");
    browser.refused(Refusal::internal())
}
