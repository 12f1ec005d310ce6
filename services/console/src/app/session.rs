//! The session behind a cookie, with an access token that lives long enough to be used.

use super::Sessions;
use crate::{
    domain::{LEASE, REFRESH_BEFORE, Tokens},
    oidc::{ProviderError, TokenAnswer},
    store::{self, sessions::Row},
};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_runtime::seal::SealError;
use pass_types::{Kind, Secret, SessionId};
use time::Duration;

/// How often, and how long, a request looks whether another one has renewed the tokens.
const LOOK: std::time::Duration = std::time::Duration::from_millis(50);
const LOOKS: u32 = 120;

/// Somebody's session.
#[derive(Debug, Clone)]
pub struct Session {
    /// The gateway's session.
    pub id: SessionId,
    /// What calls are made with.
    pub access_token: String,
}

/// Why a session can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The database.
    #[error("reading a session")]
    Database(#[source] sqlx::Error),
    /// The gateway can't be asked for tokens, and there are none that live.
    #[error("asking the gateway for new tokens")]
    Provider(#[source] ProviderError),
    /// Another request that renews the tokens does not come to an end.
    #[error("waiting for another request to renew the tokens")]
    Busy,
}

impl Problem for SessionError {
    fn kind(&self) -> Kind {
        match self {
            Self::Database(error) => pass_mesh::database_kind(error),
            Self::Provider(ProviderError::Unavailable(_)) | Self::Busy => Kind::Unavailable,
            Self::Provider(_) => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self.kind() {
            Kind::Unavailable => ErrorReason::Unavailable,
            _ => ErrorReason::Internal,
        }
    }
}

enum Renewal {
    Renewed(Session),
    Ended,
    SomebodyElse,
}

impl Sessions {
    /// The session of a cookie; `None`: there is none (any more). Renews its tokens when they are about to
    /// end: of many requests at once one does, under a lease (a database lock would be held while the gateway
    /// is asked), and the others go on with what lives or wait for it.
    #[tracing::instrument(skip_all, fields(session.id))]
    pub async fn session(&self, cookie: &Secret) -> Result<Option<Session>, SessionError> {
        for _ in 0..LOOKS {
            let Some(row) = self.find(cookie).await? else { return Ok(None) };
            tracing::Span::current().record("session.id", row.session.to_string());
            let tokens = match self.open(&row) {
                Ok(tokens) => tokens,
                Err(error) => return self.drop_unreadable(&row, &error).await,
            };
            let left = row.access_expire_time - self.clock.now();
            if left > REFRESH_BEFORE {
                return Ok(Some(session(&row, tokens.access)));
            }
            match self.renew(&row, &tokens).await {
                Ok(Renewal::Renewed(session)) => return Ok(Some(session)),
                Ok(Renewal::Ended) => return Ok(None),
                // What still lives is good enough for this request.
                Ok(Renewal::SomebodyElse) | Err(_) if left > Duration::seconds(5) => {
                    return Ok(Some(session(&row, tokens.access)));
                }
                Ok(Renewal::SomebodyElse) => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(error),
            }
        }
        Err(SessionError::Busy)
    }

    /// Ends the session of a cookie here; the gateway is not told.
    pub async fn forget(&self, cookie: &Secret) -> Result<(), SessionError> {
        let mut db = self.pool.acquire().await.map_err(SessionError::Database)?;
        store::sessions::delete(&mut db, cookie.hash()).await.map_err(SessionError::Database)
    }

    pub(super) async fn find(&self, cookie: &Secret) -> Result<Option<Row>, SessionError> {
        let mut db = self.pool.acquire().await.map_err(SessionError::Database)?;
        store::sessions::find(&mut db, cookie.hash(), self.clock.now()).await.map_err(SessionError::Database)
    }

    async fn drop_unreadable(&self, row: &Row, error: &SealError) -> Result<Option<Session>, SessionError> {
        tracing::error!(error = error as &dyn std::error::Error, "a session is dropped");
        let mut db = self.pool.acquire().await.map_err(SessionError::Database)?;
        store::sessions::delete(&mut db, row.cookie).await.map_err(SessionError::Database)?;
        Ok(None)
    }

    async fn renew(&self, row: &Row, tokens: &Tokens) -> Result<Renewal, SessionError> {
        let now = self.clock.now();
        let mut db = self.pool.acquire().await.map_err(SessionError::Database)?;
        let until = now + LEASE;
        let leased = store::sessions::lease(&mut db, row.cookie, row.access_expire_time, now, until)
            .await
            .map_err(SessionError::Database)?;
        drop(db);
        if !leased {
            return Ok(Renewal::SomebodyElse);
        }
        let answer = self.provider.refresh(&tokens.refresh).await;
        let mut db = self.pool.acquire().await.map_err(SessionError::Database)?;
        match answer {
            Ok(answer) => {
                drop(db);
                self.keep_renewed(row, tokens, answer, now).await
            }
            Err(ProviderError::Refused(code)) if code == "invalid_grant" => {
                store::sessions::delete(&mut db, row.cookie).await.map_err(SessionError::Database)?;
                Ok(Renewal::Ended)
            }
            Err(error) => {
                store::sessions::release(&mut db, row.cookie, until).await.map_err(SessionError::Database)?;
                tracing::warn!(error = &error as &dyn std::error::Error, "tokens could not be renewed");
                Err(SessionError::Provider(error))
            }
        }
    }

    async fn keep_renewed(
        &self,
        row: &Row,
        old: &Tokens,
        answer: TokenAnswer,
        asked: time::OffsetDateTime,
    ) -> Result<Renewal, SessionError> {
        // An ID token that comes with a refresh says nothing that we need: the one of the sign-in stays.
        let tokens = Tokens {
            access: answer.access_token,
            refresh: answer.refresh_token.unwrap_or_else(|| old.refresh.clone()),
            id: old.id.clone(),
        };
        let (sealed, sealed_by) = self.seal(row.cookie, &tokens);
        let end = asked + Duration::seconds(answer.expires_in);
        let mut db = self.pool.acquire().await.map_err(SessionError::Database)?;
        let before = row.access_expire_time;
        let kept = store::sessions::renew(&mut db, row.cookie, before, (&sealed, sealed_by), end)
            .await
            .map_err(SessionError::Database)?;
        // Ended while the gateway was asked (its row is gone): look again.
        Ok(if kept { Renewal::Renewed(session(row, tokens.access)) } else { Renewal::SomebodyElse })
    }
}

fn session(row: &Row, access_token: String) -> Session {
    Session { id: row.session, access_token }
}
