//! The OpenID half of the sample product: authorization code with PKCE, token verification with the
//! gateway's JWKS, refresh, logout (OpenID Connect Core, RP-Initiated and Back-Channel Logout).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use pass_runtime::{config::SecretText, http};
use pass_types::{Entropy, SharedClock};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::sync::{Mutex as AsyncMutex, RwLock};
use url::Url;

/// How the sample product is known to the gateway.
#[derive(Debug, Clone)]
pub struct RelyingPartyConfig {
    /// The gateway, as its discovery document says.
    pub issuer: Url,
    /// Where browsers reach the product.
    pub public_url: Url,
    /// From `pass client add`.
    pub client_id: String,
    /// From `pass client add`.
    pub client_secret: SecretText,
}

/// Why a sign-in, a token or a logout did not work.
#[derive(Debug, thiserror::Error)]
pub enum RelyingPartyError {
    /// The gateway does not answer, or not in JSON.
    #[error("the gateway can't be asked")]
    Gateway(#[source] reqwest::Error),
    /// The gateway refused: an OAuth error code.
    #[error("the gateway refused: {0}")]
    Refused(String),
    /// A token is not what it should be.
    #[error("a token was refused: {0}")]
    Token(&'static str),
}

/// What a signed-in browser has: kept on the product's side.
#[expect(clippy::struct_field_names, reason = "the names of RFC 6749 and OpenID Connect")]
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For calls to the suite.
    pub access_token: String,
    /// For a new access token.
    pub refresh_token: String,
    /// For logging out.
    pub id_token: String,
}

/// The access token's claims that the sample shows (RFC 9068).
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub struct AccessClaims {
    /// The account.
    pub sub: String,
    /// The session that the token came from.
    pub sid: String,
    /// Seconds since 1970.
    pub exp: i64,
    /// `nulab` or `managed`.
    pub account_kind: String,
    /// The active organization.
    pub org_id: Option<String>,
    /// The role in it.
    pub role: Option<String>,
}

#[derive(Deserialize)]
struct IdClaims {
    sub: String,
    sid: String,
    exp: i64,
    nonce: Option<String>,
}

#[derive(Deserialize)]
struct LogoutClaims {
    sid: Option<String>,
    exp: i64,
    iat: i64,
    events: serde_json::Map<String, serde_json::Value>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    end_session_endpoint: Url,
}

#[expect(clippy::struct_field_names, reason = "the names of RFC 6749 and OpenID Connect")]
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    refresh_token: String,
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct OAuthError {
    error: String,
}

/// What a browser that left for the gateway must bring back.
#[derive(Debug, Clone, Default)]
pub struct Departure {
    /// Against forged answers.
    pub state: String,
    nonce: String,
    verifier: String,
}

/// The relying party.
pub struct RelyingParty {
    config: RelyingPartyConfig,
    client: reqwest::Client,
    clock: SharedClock,
    entropy: Entropy,
    known: RwLock<Option<(Arc<Discovery>, Arc<JwkSet>)>>,
    /// When that was last asked for; held while it is.
    asked: AsyncMutex<Option<OffsetDateTime>>,
}

/// The gateway's keys are asked for again at most this often, whoever shows tokens with made-up key ids.
const AGAIN: time::Duration = time::Duration::seconds(5);

const BACK_CHANNEL_LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl RelyingParty {
    /// Asks nobody yet.
    pub fn new(
        config: RelyingPartyConfig,
        clock: SharedClock,
        entropy: Entropy,
    ) -> Result<Self, RelyingPartyError> {
        let client = http::client(Duration::from_secs(5)).map_err(RelyingPartyError::Gateway)?;
        Ok(Self { config, client, clock, entropy, known: RwLock::new(None), asked: AsyncMutex::new(None) })
    }

    /// Where to send the browser, and what it must bring back.
    pub async fn depart(&self, prompt: Option<&str>) -> Result<(Url, Departure), RelyingPartyError> {
        let (discovery, _) = self.known(false).await?;
        let random = || URL_SAFE_NO_PAD.encode(self.entropy.bytes::<32>());
        let departure = Departure { state: random(), nonce: random(), verifier: random() };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&departure.verifier));
        let mut url = discovery.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &self.redirect_uri())
            .append_pair("scope", "openid profile email offline_access")
            .append_pair("state", &departure.state)
            .append_pair("nonce", &departure.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(prompt) = prompt {
            url.query_pairs_mut().append_pair("prompt", prompt);
        }
        Ok((url, departure))
    }

    /// Redeems the code that the browser brought back.
    pub async fn arrive(
        &self,
        departure: &Departure,
        code: &str,
        issuer: &str,
    ) -> Result<Tokens, RelyingPartyError> {
        let (discovery, _) = self.known(false).await?;
        if issuer != discovery.issuer {
            return Err(RelyingPartyError::Token("the answer came from another issuer (RFC 9207)"));
        }
        let answer = self
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", &self.redirect_uri()),
                ("code_verifier", &departure.verifier),
            ])
            .await?;
        let id_token = answer.id_token.ok_or(RelyingPartyError::Token("there is no ID token"))?;
        let id: IdClaims = self.verify(&id_token, "JWT", &self.config.client_id).await?;
        let access = self.access(&answer.access_token).await?;
        if id.nonce.as_deref() != Some(&departure.nonce) {
            return Err(RelyingPartyError::Token("the ID token answers another request"));
        }
        if id.exp <= self.now() || id.sub != access.sub || id.sid != access.sid {
            return Err(RelyingPartyError::Token("the ID token is not of this sign-in"));
        }
        Ok(Tokens { access_token: answer.access_token, refresh_token: answer.refresh_token, id_token })
    }

    /// The claims of an access token for this product (audience: its name in the mesh), verified
    /// with the gateway's JWKS.
    pub async fn access(&self, token: &str) -> Result<AccessClaims, RelyingPartyError> {
        let claims: AccessClaims = self.verify(token, "at+jwt", "backlog").await?;
        if claims.exp <= self.now() {
            return Err(RelyingPartyError::Token("it has expired"));
        }
        Ok(claims)
    }

    /// New tokens for old.
    pub async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, RelyingPartyError> {
        let answer =
            self.token(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh_token)]).await?;
        Ok(Tokens {
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            id_token: answer.id_token.unwrap_or_else(|| tokens.id_token.clone()),
        })
    }

    /// The session that a back-channel logout token ends.
    pub async fn logout_token(&self, token: &str) -> Result<String, RelyingPartyError> {
        let claims: LogoutClaims = self.verify(token, "logout+jwt", &self.config.client_id).await?;
        if claims.nonce.is_some() || !claims.events.contains_key(BACK_CHANNEL_LOGOUT) {
            return Err(RelyingPartyError::Token("it is no logout token"));
        }
        if claims.exp <= self.now() || claims.iat > self.now() + 60 {
            return Err(RelyingPartyError::Token("it is not of now"));
        }
        claims.sid.ok_or(RelyingPartyError::Token("it names no session"))
    }

    /// Where to send a browser that signs out.
    pub async fn sign_out(&self, tokens: &Tokens) -> Result<Url, RelyingPartyError> {
        let (discovery, _) = self.known(false).await?;
        let mut url = discovery.end_session_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("id_token_hint", &tokens.id_token)
            .append_pair("post_logout_redirect_uri", self.config.public_url.as_str());
        Ok(url)
    }

    fn redirect_uri(&self) -> String {
        format!("{}callback", self.config.public_url)
    }

    fn now(&self) -> i64 {
        self.clock.now().unix_timestamp()
    }

    async fn token(&self, form: &[(&str, &str)]) -> Result<TokenAnswer, RelyingPartyError> {
        let (discovery, _) = self.known(false).await?;
        let request = self
            .client
            .post(discovery.token_endpoint.clone())
            .basic_auth(&self.config.client_id, Some(self.config.client_secret.expose()))
            .form(form);
        let answer = http::traced(request).send().await.map_err(RelyingPartyError::Gateway)?;
        if answer.status().is_success() {
            return answer.json().await.map_err(RelyingPartyError::Gateway);
        }
        let refusal: OAuthError = answer.json().await.map_err(RelyingPartyError::Gateway)?;
        Err(RelyingPartyError::Refused(refusal.error))
    }

    async fn verify<T: DeserializeOwned>(
        &self,
        token: &str,
        typ: &str,
        audience: &str,
    ) -> Result<T, RelyingPartyError> {
        const WRONG: RelyingPartyError = RelyingPartyError::Token("it is not one of the gateway's");
        let header = decode_header(token).map_err(|_| WRONG)?;
        let kid = header.kid.ok_or(WRONG)?;
        if header.typ.as_deref() != Some(typ) {
            return Err(RelyingPartyError::Token("it is a token of another type"));
        }
        let (mut discovery, mut keys) = self.known(false).await?;
        if keys.find(&kid).is_none() {
            (discovery, keys) = self.known(true).await?;
        }
        let key = DecodingKey::from_jwk(keys.find(&kid).ok_or(WRONG)?).map_err(|_| WRONG)?;
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_issuer(&[&discovery.issuer]);
        rules.set_audience(&[audience]);
        rules.set_required_spec_claims(&["iss", "aud", "exp"]);
        // Instants are judged by our own clock, by the caller.
        rules.validate_exp = false;
        Ok(decode(token, &key, &rules).map_err(|_| WRONG)?.claims)
    }

    async fn known(&self, anew: bool) -> Result<(Arc<Discovery>, Arc<JwkSet>), RelyingPartyError> {
        if let (false, Some(known)) = (anew, &*self.known.read().await) {
            return Ok(known.clone());
        }
        let mut asked = self.asked.lock().await;
        let now = self.clock.now();
        let lately = asked.is_some_and(|asked| now < asked + AGAIN);
        if let (Some(known), true) = (&*self.known.read().await, !anew || lately) {
            return Ok(known.clone());
        }
        *asked = Some(now);
        let mut url = self.config.issuer.clone();
        url.set_path("/.well-known/openid-configuration");
        let discovery: Discovery = self.get(url).await?;
        if discovery.issuer.trim_end_matches('/') != self.config.issuer.as_str().trim_end_matches('/') {
            return Err(RelyingPartyError::Token("the gateway says that it is another issuer"));
        }
        let keys = self.get(discovery.jwks_uri.clone()).await?;
        let known = (Arc::new(discovery), Arc::new(keys));
        *self.known.write().await = Some(known.clone());
        Ok(known)
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, RelyingPartyError> {
        let answer =
            http::traced(self.client.get(url)).send().await.and_then(reqwest::Response::error_for_status);
        answer.map_err(RelyingPartyError::Gateway)?.json().await.map_err(RelyingPartyError::Gateway)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Json, Router, routing::get};
    use pass_testkit::FakeClock;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::net::TcpListener;

    /// A gateway without keys, and how often it was asked for them.
    async fn gateway() -> (Url, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let endpoint = |name: &str| format!("{issuer}/{name}");
        let discovery = serde_json::json!({
            "issuer": issuer, "authorization_endpoint": endpoint("authorize"), "token_endpoint": endpoint("token"),
            "jwks_uri": endpoint("jwks"), "end_session_endpoint": endpoint("logout"),
        });
        let asked = Arc::new(AtomicUsize::new(0));
        let counts = asked.clone();
        let jwks = move || async move {
            counts.fetch_add(1, Ordering::SeqCst);
            Json(serde_json::json!({ "keys": [] }))
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(|| async { Json(discovery) }))
            .route("/jwks", get(jwks));
        tokio::spawn(axum::serve(listener, routes).into_future());
        (issuer.parse().unwrap(), asked)
    }

    #[tokio::test]
    async fn made_up_key_ids_do_not_make_it_ask_the_gateway_again_and_again() {
        let ((issuer, asked), clock) = (gateway().await, FakeClock::default());
        let config = RelyingPartyConfig {
            issuer,
            public_url: "https://backlog.example".parse().unwrap(),
            client_id: "backlog".to_owned(),
            client_secret: "secret".to_owned().into(),
        };
        let party = RelyingParty::new(config, clock.shared(), Entropy::from_seed(1)).unwrap();
        let refuse = async || {
            for number in 0..10 {
                let header = format!(r#"{{"alg":"ES256","typ":"logout+jwt","kid":"{number}"}}"#);
                let token = format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header));
                assert!(matches!(party.logout_token(&token).await, Err(RelyingPartyError::Token(_))));
            }
            asked.load(Ordering::SeqCst)
        };
        assert_eq!(refuse().await, 1);
        clock.advance(AGAIN);
        assert_eq!(refuse().await, 2);
    }
}
