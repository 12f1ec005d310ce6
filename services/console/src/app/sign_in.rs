//! Signing in at the gateway: `OpenID` Connect, code flow with PKCE, state and nonce.
//!
//! Nothing secret is kept of a sign-in that has begun: nonce and verifier follow from its state and the
//! console's key. The state belongs to one browser (login CSRF) and works once.

use super::Sessions;
use crate::{
    domain::{Destination, Flaw, IdClaims, SESSION_LIFE, SIGN_IN_LIFE, Tokens, judge_id_token},
    oidc::{ID_TOKEN, ProviderError},
    store::{self, sessions::Row},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Language, Secret};
use sha2::{Digest, Sha256};
use time::Duration;
use url::Url;

/// A sign-in to begin.
pub struct Wanted<'w> {
    /// Where to go afterwards.
    pub destination: &'w Destination,
    /// The browser's language.
    pub language: Option<Language>,
    /// Whether the person must sign in anew, signed in at the gateway or not.
    pub fresh: bool,
}

/// A sign-in that has begun.
pub struct Begun {
    /// Where to send the browser.
    pub location: Url,
    /// What the browser must keep, and show when it comes back.
    pub browser: Secret,
}

/// What the gateway sent the browser back with (RFC 6749, 4.1.2; RFC 9207).
#[derive(Debug, Default, serde::Deserialize)]
pub struct Returned {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Somebody is signed in.
pub struct Finished {
    /// The session's cookie.
    pub cookie: Secret,
    /// Where to go.
    pub destination: Destination,
}

/// Why somebody could not be signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Not begun by this browser, too long ago, or come back from before.
    #[error("a sign-in that this browser did not begin, or that is over")]
    NotBegun,
    /// The gateway said no, for instance because the person turned back.
    #[error("the gateway did not sign the person in: {0}")]
    Refused(String),
    /// The gateway's answer can't be believed.
    #[error("the gateway's answer to a sign-in can't be believed")]
    NotBelieved(#[source] Flaw),
    /// The session ended while the browser was on its way.
    #[error("the session ended meanwhile")]
    Ended,
    /// The gateway can't be asked.
    #[error("asking the gateway for tokens")]
    Provider(#[source] ProviderError),
    /// The database.
    #[error("keeping a sign-in")]
    Database(#[source] sqlx::Error),
}

impl Problem for SignInError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotBegun | Self::Refused(_) => Kind::InvalidInput,
            Self::Ended => Kind::Unauthenticated,
            Self::NotBelieved(_) | Self::Database(_) => Kind::Internal,
            Self::Provider(error) => match error {
                ProviderError::Refused(code) if code == "invalid_grant" => Kind::InvalidInput,
                ProviderError::Unavailable(_) => Kind::Unavailable,
                _ => Kind::Internal,
            },
        }
    }

    fn reason(&self) -> ErrorReason {
        match self.kind() {
            Kind::InvalidInput => ErrorReason::LinkInvalid,
            Kind::Unauthenticated => ErrorReason::SessionEnded,
            Kind::Unavailable => ErrorReason::Unavailable,
            _ => ErrorReason::Internal,
        }
    }
}

impl Sessions {
    /// Begins a sign-in in a browser; `browser` is what it keeps already.
    pub async fn begin(&self, browser: Option<Secret>, wanted: Wanted<'_>) -> Result<Begun, SignInError> {
        let Wanted { destination, language, fresh } = wanted;
        let metadata = self.provider.metadata().await.map_err(SignInError::Provider)?;
        let browser = browser.unwrap_or_else(|| Secret::generate(&self.entropy));
        let state = Secret::generate(&self.entropy);
        let mut db = self.pool.acquire().await.map_err(SignInError::Database)?;
        let expire_time = self.clock.now() + SIGN_IN_LIFE;
        store::sign_ins::insert(&mut db, state.hash(), browser.hash(), &destination.to_string(), expire_time)
            .await
            .map_err(SignInError::Database)?;
        let mut location = metadata.authorization_endpoint.clone();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier(&state)));
        location
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.provider.relying().client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid offline_access")
            .append_pair("state", &state.reveal())
            .append_pair("nonce", &self.nonce(&state))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(language) = language {
            location.query_pairs_mut().append_pair("ui_locales", language.as_str());
        }
        if fresh {
            location.query_pairs_mut().append_pair("prompt", "login");
        }
        Ok(Begun { location, browser })
    }

    /// Finishes a sign-in of this browser: a session begins. `replaced` is the session that it had.
    #[tracing::instrument(skip_all, fields(session.id, account.id))]
    pub async fn finish(
        &self,
        returned: Returned,
        browser: Option<Secret>,
        replaced: Option<Secret>,
    ) -> Result<Finished, SignInError> {
        let state: Secret =
            returned.state.and_then(|state| state.parse().ok()).ok_or(SignInError::NotBegun)?;
        let destination = self.take(&state, browser.as_ref()).await?;
        // The gateway announces that it says who it is: an answer that does not is not its own.
        if returned.iss.is_none_or(|iss| iss != self.provider.relying().issuer) {
            return Err(SignInError::NotBelieved(Flaw("from another issuer")));
        }
        if let Some(error) = returned.error {
            return Err(SignInError::Refused(
                error.chars().filter(char::is_ascii_graphic).take(40).collect(),
            ));
        }
        let code = returned.code.ok_or(SignInError::NotBegun)?;
        let asked = self.clock.now();
        let answer = self
            .provider
            .redeem(&code, &self.redirect_uri, &self.verifier(&state))
            .await
            .map_err(SignInError::Provider)?;
        let id = answer.id_token.ok_or(SignInError::NotBelieved(Flaw("no ID token")))?;
        let refresh = answer.refresh_token.ok_or(SignInError::NotBelieved(Flaw("no refresh token")))?;
        let claims: IdClaims = self.provider.open(&id, ID_TOKEN).await.map_err(SignInError::Provider)?;
        let relying = self.provider.relying();
        let nonce = self.nonce(&state);
        judge_id_token(&claims, &relying.issuer, &relying.client_id, Some(&nonce), self.clock.now())
            .map_err(SignInError::NotBelieved)?;
        tracing::Span::current()
            .record("session.id", claims.sid.to_string())
            .record("account.id", claims.sub.to_string());
        let cookie = Secret::generate(&self.entropy);
        let tokens = Tokens { access: answer.access_token, refresh, id };
        let (sealed, sealed_by) = self.seal(cookie.hash(), &tokens);
        let row = Row {
            cookie: cookie.hash(),
            session: claims.sid,
            account: claims.sub,
            tokens: sealed,
            sealed_by: sealed_by.to_owned(),
            access_expire_time: asked + Duration::seconds(answer.expires_in),
            create_time: asked,
            expire_time: asked + SESSION_LIFE,
        };
        self.keep(&row, replaced.as_ref()).await?;
        Ok(Finished { cookie, destination })
    }

    async fn take(&self, state: &Secret, browser: Option<&Secret>) -> Result<Destination, SignInError> {
        let browser = browser.ok_or(SignInError::NotBegun)?;
        let mut db = self.pool.acquire().await.map_err(SignInError::Database)?;
        let destination = store::sign_ins::take(&mut db, state.hash(), browser.hash(), self.clock.now())
            .await
            .map_err(SignInError::Database)?
            .ok_or(SignInError::NotBegun)?;
        Ok(destination.parse().unwrap_or(Destination::Home))
    }

    async fn keep(&self, row: &Row, replaced: Option<&Secret>) -> Result<(), SignInError> {
        let mut tx = self.pool.begin().await.map_err(SignInError::Database)?;
        if let Some(replaced) = replaced {
            store::sessions::delete(&mut tx, replaced.hash()).await.map_err(SignInError::Database)?;
        }
        store::logouts::lock(&mut tx, row.session).await.map_err(SignInError::Database)?;
        store::sessions::insert(&mut tx, row).await.map_err(SignInError::Database)?;
        if store::logouts::is_ended(&mut tx, row.session).await.map_err(SignInError::Database)? {
            return Err(SignInError::Ended);
        }
        tx.commit().await.map_err(SignInError::Database)
    }

    fn verifier(&self, state: &Secret) -> String {
        Secret::derive(&self.sign_in_key, &[b"verifier", state.hash().as_bytes()]).reveal()
    }

    fn nonce(&self, state: &Secret) -> String {
        Secret::derive(&self.sign_in_key, &[b"nonce", state.hash().as_bytes()]).reveal()
    }
}
