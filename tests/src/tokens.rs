//! The token endpoint, used as the product "backlog" or as the console by hand.

use crate::{Browser, Suite};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_runtime::http;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::Url;

const VERIFIER: &str = "a-verifier-for-tests-a-verifier-for-tests-0001";

/// A relying party, without pages.
#[derive(Clone)]
pub struct Party {
    client: &'static str,
    http: reqwest::Client,
    authorize: Url,
    token: Url,
    redirect_uri: String,
    secret: String,
}

/// What an exchange gives.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For calls to the suite.
    pub access: String,
    /// For the next ones.
    pub refresh: String,
}

impl Party {
    /// The sample product's registration.
    pub fn backlog(suite: &Suite) -> Self {
        Self::of(suite, "backlog", &suite.backlog, &suite.backlog_secret)
    }

    /// The console's: its tokens are for calls within the suite.
    pub fn console(suite: &Suite) -> Self {
        Self::of(suite, "console", &suite.console, suite.config.console.client_secret.expose())
    }

    fn of(suite: &Suite, client: &'static str, pages: &Url, secret: &str) -> Self {
        Self {
            client,
            http: http::client(Duration::from_secs(20)).expect("a client"),
            authorize: suite.gateway.join("/oauth/authorize").expect("a path"),
            token: suite.gateway.join("/oauth/token").expect("a path"),
            redirect_uri: format!("{pages}callback"),
            secret: secret.to_owned(),
        }
    }

    /// The address at which its sign-ins begin.
    pub fn sign_in(&self) -> Url {
        let mut url = self.authorize.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", self.client)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid offline_access")
            .append_pair("state", "s")
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)))
            .append_pair("code_challenge_method", "S256");
        url
    }

    /// A code, from a browser that is signed in.
    pub async fn code(&self, browser: &Browser) -> String {
        let location = browser.redirect_of(self.sign_in().as_str()).await;
        let mut pairs = location.query_pairs();
        pairs
            .find(|(name, _)| name == "code")
            .unwrap_or_else(|| panic!("no code in {location}"))
            .1
            .into_owned()
    }

    /// Tokens for a code, or the OAuth error.
    pub async fn exchange(&self, code: &str) -> Result<Tokens, String> {
        let (uri, verifier) = (self.redirect_uri.as_str(), VERIFIER);
        let grant = ("grant_type", "authorization_code");
        self.ask(&[grant, ("code", code), ("redirect_uri", uri), ("code_verifier", verifier)]).await
    }

    /// New tokens for old, or the OAuth error.
    pub async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, String> {
        self.ask(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)]).await
    }

    /// Tokens from a browser that is signed in.
    pub async fn tokens(&self, browser: &Browser) -> Tokens {
        self.exchange(&self.code(browser).await).await.expect("tokens")
    }

    async fn ask(&self, form: &[(&str, &str)]) -> Result<Tokens, String> {
        let request = self.http.post(self.token.clone());
        let request = request.basic_auth(self.client, Some(&self.secret)).form(form);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        match (text("access_token"), text("refresh_token")) {
            (Some(access), Some(refresh)) => Ok(Tokens { access, refresh }),
            _ => Err(text("error").unwrap_or_default()),
        }
    }
}
