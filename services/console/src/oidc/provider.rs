//! What is asked of the gateway over HTTP.

use super::keys::{Keys, KeysError};
use crate::domain::Flaw;
use arc_swap::ArcSwap;
use pass_runtime::{config::SecretText, http::traced};
use pass_types::SharedClock;
use serde::{Deserialize, de::DeserializeOwned};
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};
use tokio::sync::OnceCell;
use url::Url;

/// Keys are asked for anew at most this often, whatever unknown key a token names.
const KEYS_PAUSE: Duration = Duration::seconds(5);
/// The largest answer that is read.
const MOST: usize = 64 * 1024;

/// What the console is to the gateway.
#[derive(Debug, Clone)]
pub struct Relying {
    /// The gateway's issuer URL, exactly as in its tokens.
    pub issuer: String,
    /// The console's `client_id`.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretText,
}

/// Where things are (`OpenID` Connect Discovery, 3).
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    issuer: String,
    /// Where browsers go to sign in.
    pub authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    /// Where browsers go to sign out.
    pub end_session_endpoint: Url,
}

/// What the token endpoint answers (RFC 6749, 5.1).
#[derive(Deserialize)]
pub struct TokenAnswer {
    /// For calls.
    pub access_token: String,
    token_type: String,
    /// Seconds that it lives.
    pub expires_in: i64,
    /// For the next one.
    pub refresh_token: Option<String>,
    /// Who signed in. A refresh need not have one.
    pub id_token: Option<String>,
}

/// Why the gateway could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not as it should.
    #[error("asking the gateway")]
    Unavailable(#[source] reqwest::Error),
    /// It answers something else than what it should.
    #[error("the gateway's answer is not usable")]
    Answer(#[source] Flaw),
    /// It refuses; the code of RFC 6749, 5.2.
    #[error("the gateway refused: {0}")]
    Refused(String),
    /// The token is not its own.
    #[error("a token is not the gateway's")]
    Token(#[source] KeysError),
}

/// The gateway.
pub struct Provider {
    relying: Relying,
    http: reqwest::Client,
    clock: SharedClock,
    metadata: OnceCell<Metadata>,
    keys: ArcSwap<Keys>,
    keys_asked: Mutex<Option<OffsetDateTime>>,
}

impl Provider {
    /// Asks nothing yet: the gateway need not be there.
    pub fn new(relying: Relying, http: reqwest::Client, clock: SharedClock) -> Self {
        Self {
            relying,
            http,
            clock,
            metadata: OnceCell::new(),
            keys: ArcSwap::default(),
            keys_asked: Mutex::default(),
        }
    }

    /// What the console is to it.
    pub fn relying(&self) -> &Relying {
        &self.relying
    }

    /// Where things are. Asked once.
    pub async fn metadata(&self) -> Result<&Metadata, ProviderError> {
        self.metadata
            .get_or_try_init(async || {
                let url =
                    format!("{}/.well-known/openid-configuration", self.relying.issuer.trim_end_matches('/'));
                let metadata: Metadata = parsed(&self.get(&url).await?)?;
                if metadata.issuer == self.relying.issuer {
                    Ok(metadata)
                } else {
                    Err(ProviderError::Answer(Flaw("another issuer")))
                }
            })
            .await
    }

    /// Exchanges a code for tokens (RFC 6749, 4.1.3; RFC 7636, 4.5).
    pub async fn redeem(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<TokenAnswer, ProviderError> {
        self.ask_tokens(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ])
        .await
    }

    /// Exchanges a refresh token for the next tokens (RFC 6749, 6).
    pub async fn refresh(&self, refresh_token: &str) -> Result<TokenAnswer, ProviderError> {
        self.ask_tokens(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// The claims of a token of that type, if the gateway signed it. A key that is not known is asked for.
    pub async fn open<C: DeserializeOwned>(&self, token: &str, typ: &str) -> Result<C, ProviderError> {
        match self.keys.load().open(token, typ) {
            Err(KeysError::UnknownKey) if self.may_ask_keys() => {}
            known => return known.map_err(ProviderError::Token),
        }
        let jwks = self.get(self.metadata().await?.jwks_uri.as_str()).await?;
        let jwks =
            str::from_utf8(&jwks).map_err(|_| ProviderError::Answer(Flaw("the keys are not UTF-8")))?;
        self.keys.store(Arc::new(Keys::parse(jwks).map_err(ProviderError::Answer)?));
        self.keys.load().open(token, typ).map_err(ProviderError::Token)
    }

    fn may_ask_keys(&self) -> bool {
        let now = self.clock.now();
        let mut asked = self.keys_asked.lock().unwrap_or_else(PoisonError::into_inner);
        let may = asked.is_none_or(|at| now - at >= KEYS_PAUSE || now < at);
        if may {
            *asked = Some(now);
        }
        may
    }

    async fn ask_tokens(&self, fields: &[(&str, &str)]) -> Result<TokenAnswer, ProviderError> {
        let endpoint = self.metadata().await?.token_endpoint.clone();
        let request = self
            .http
            .post(endpoint)
            .basic_auth(&self.relying.client_id, Some(self.relying.client_secret.expose()))
            .form(fields);
        let response = traced(request).send().await.map_err(ProviderError::Unavailable)?;
        let status = response.status();
        if status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS {
            return Err(ProviderError::Unavailable(
                response.error_for_status().expect_err("the status says that it is an error"),
            ));
        }
        let body = read(response).await?;
        if !status.is_success() {
            let refusal: Refused = parsed(&body)?;
            return Err(ProviderError::Refused(refusal.error));
        }
        let answer: TokenAnswer = parsed(&body)?;
        if answer.token_type.eq_ignore_ascii_case("bearer") && answer.expires_in > 0 {
            Ok(answer)
        } else {
            Err(ProviderError::Answer(Flaw("not a bearer token that lives")))
        }
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, ProviderError> {
        let response = traced(self.http.get(url)).send().await.map_err(ProviderError::Unavailable)?;
        read(response.error_for_status().map_err(ProviderError::Unavailable)?).await
    }
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, ProviderError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ProviderError::Unavailable)? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            return Err(ProviderError::Answer(Flaw("too long")));
        }
    }
    Ok(body)
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, ProviderError> {
    serde_json::from_slice(body).map_err(|_| ProviderError::Answer(Flaw("not the expected JSON")))
}
