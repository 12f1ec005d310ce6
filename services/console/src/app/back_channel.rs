//! Being told by the gateway that a session ended (`OpenID` Connect Back-Channel Logout 1.0).

use super::Sessions;
use crate::{
    domain::{Flaw, LOGOUT_MEMORY, LogoutClaims, forget_logout_token_after, judge_logout_token},
    oidc::{KeysError, LOGOUT_TOKEN, ProviderError},
    store,
};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::Kind;

/// Why a logout token was not obeyed.
#[derive(Debug, thiserror::Error)]
pub enum BackChannelError {
    /// The gateway did not sign it.
    #[error("a logout token that the gateway did not make")]
    Foreign(#[source] KeysError),
    /// It does not say what it must.
    #[error("a logout token that does not say what it must")]
    Flawed(#[source] Flaw),
    /// The gateway's keys can't be asked for.
    #[error("asking for the keys of a logout token")]
    Provider(#[source] ProviderError),
    /// The database.
    #[error("ending sessions")]
    Database(#[source] sqlx::Error),
}

impl Problem for BackChannelError {
    fn kind(&self) -> Kind {
        match self {
            Self::Foreign(_) | Self::Flawed(_) => Kind::InvalidInput,
            Self::Provider(_) => Kind::Unavailable,
            Self::Database(_) => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Foreign(_) | Self::Flawed(_) => ErrorReason::TokenInvalid,
            Self::Provider(_) => ErrorReason::Unavailable,
            Self::Database(_) => ErrorReason::Internal,
        }
    }
}

impl Sessions {
    /// Ends what the logout token names: once. The same token again (the gateway repeats it until it is
    /// answered) changes nothing and is answered as the first time.
    #[tracing::instrument(skip_all, fields(session.id))]
    pub async fn back_channel_logout(&self, token: &str) -> Result<(), BackChannelError> {
        let claims: LogoutClaims =
            self.provider.open(token, LOGOUT_TOKEN).await.map_err(|error| match error {
                ProviderError::Token(error) => BackChannelError::Foreign(error),
                error => BackChannelError::Provider(error),
            })?;
        let (relying, now) = (self.provider.relying(), self.clock.now());
        judge_logout_token(&claims, &relying.issuer, &relying.client_id, now)
            .map_err(BackChannelError::Flawed)?;
        let mut tx = self.pool.begin().await.map_err(BackChannelError::Database)?;
        let first = store::logouts::insert(&mut tx, &claims.jti, forget_logout_token_after(now))
            .await
            .map_err(BackChannelError::Database)?;
        if !first {
            return Ok(());
        }
        let ended = match (claims.sid, claims.sub) {
            (Some(session), _) => {
                tracing::Span::current().record("session.id", session.to_string());
                store::logouts::lock(&mut tx, session).await.map_err(BackChannelError::Database)?;
                store::logouts::insert_ended(&mut tx, session, now + LOGOUT_MEMORY)
                    .await
                    .map_err(BackChannelError::Database)?;
                store::sessions::delete_of_session(&mut tx, session).await
            }
            (None, Some(account)) => store::sessions::delete_of_account(&mut tx, account).await,
            (None, None) => Ok(0),
        };
        let ended = ended.map_err(BackChannelError::Database)?;
        tx.commit().await.map_err(BackChannelError::Database)?;
        tracing::info!(ended, "told that a session ended");
        Ok(())
    }
}
