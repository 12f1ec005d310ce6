//! Sessions after they have begun: resolving, listing, ending (ACC-12, API-5).

use super::{Identity, Owner, Tx, database_kind};
use crate::domain::{
    account::Account,
    second_factor::FRESH,
    security_event::Kind as What,
    session::{EndCause, Over, Session},
};
use crate::{
    events::{self, ByCaller},
    store,
};
use pass_mesh::{Caller, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Secret, SessionId};
use sqlx::PgConnection;

/// A signed-in browser: the session, and whose it is.
pub struct Browser {
    /// The session.
    pub session: Session,
    /// Its account.
    pub account: Account,
}

/// Why there is no session to answer with.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// It has ended or never was.
    #[error("the session has ended")]
    Over,
    /// There is no such session, or it is somebody else's.
    #[error("there is no such session")]
    NotFound,
    /// The database failed.
    #[error("looking after the session")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// The session of a browser's token; notes that it was used.
    pub async fn resolve_session(&self, token: &Secret) -> Result<Browser, SessionError> {
        let now = self.clock.now();
        let mut db = self.pool.acquire().await?;
        let session = store::sessions::by_token(&mut db, &token.hash()).await?;
        let session = session.ok_or(SessionError::Over)?.live(self.rules.sessions, now)?;
        self.used(&mut db, session).await
    }

    /// A session by id; notes that it was used, when it was.
    pub async fn session(&self, id: SessionId, used: bool) -> Result<Browser, SessionError> {
        let mut db = self.pool.acquire().await?;
        let session = store::sessions::by_id(&mut db, id).await?.ok_or(SessionError::Over)?;
        let session = session.live(self.rules.sessions, self.clock.now())?;
        if used { self.used(&mut db, session).await } else { browser(&mut db, session).await }
    }

    async fn used(&self, db: &mut PgConnection, session: Session) -> Result<Browser, SessionError> {
        let now = self.clock.now();
        if !session.is_touched_by(now) {
            return browser(db, session).await;
        }
        store::sessions::touch(db, session.id, now).await?;
        browser(db, Session { last_used_at: now, ..session }).await
    }

    /// The owner's session, if its sign-in was in the last minutes: one that was left open is not enough to take an
    /// account away.
    pub(super) async fn fresh_session(
        &self,
        db: &mut PgConnection,
        owner: &Owner<'_>,
    ) -> Result<Option<Session>, sqlx::Error> {
        let now = self.clock.now();
        let session = store::sessions::by_id(db, owner.session).await?;
        let session = session.filter(|session| session.account == owner.account);
        let live = session.and_then(|session| session.live(self.rules.sessions, now).ok());
        Ok(live.filter(|session| session.is_fresh(FRESH, now)))
    }

    /// Ends the session of a browser's token, if there is one.
    pub async fn end_session(
        &self,
        caller: &Caller,
        token: &Secret,
        cause: EndCause,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        self.end_in(&mut tx, caller, token, cause).await?;
        tx.commit().await
    }

    /// The same, in the transaction of what it ends for.
    pub(super) async fn end_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        token: &Secret,
        cause: EndCause,
    ) -> Result<(), sqlx::Error> {
        match store::sessions::by_token(tx, &token.hash()).await? {
            Some(session) => self.end(tx, caller, session, cause).await,
            None => Ok(()),
        }
    }

    /// The owner's sessions, latest first, older than `before`.
    pub async fn sessions_of(
        &self,
        owner: &Owner<'_>,
        before: Option<SessionId>,
        most: i64,
    ) -> Result<Vec<Session>, SessionError> {
        let mut db = self.pool.acquire().await?;
        let (policy, now) = (self.rules.sessions, self.clock.now());
        Ok(store::sessions::page(&mut db, owner.account, before, most, policy, now).await?)
    }

    /// Ends one of the owner's sessions. Ending it again does nothing.
    pub async fn end_own_session(&self, owner: &Owner<'_>, id: SessionId) -> Result<(), SessionError> {
        let mut tx = self.pool.begin().await?;
        let session = store::sessions::by_id(&mut tx, id).await?;
        let session = session.filter(|session| session.account == owner.account);
        let session = session.ok_or(SessionError::NotFound)?;
        self.end(&mut tx, owner.caller, session, EndCause::EndedByOwner).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all of the owner's sessions but the one that asks; how many.
    pub async fn end_other_sessions(&self, owner: &Owner<'_>) -> Result<usize, SessionError> {
        let mut tx = self.pool.begin().await?;
        let now = self.clock.now();
        let ended = store::sessions::end_others(&mut tx, owner.account, owner.session, now).await?;
        for id in &ended {
            let event = events::session_ended(owner.account, *id, EndCause::EndedByOwner);
            self.outbox.publish(&mut tx, event.by_caller(owner.caller)).await?;
        }
        if !ended.is_empty() {
            self.note_for_owner(&mut tx, owner.caller, owner.account, What::OtherSessionsEnded, "").await?;
        }
        tx.commit().await?;
        Ok(ended.len())
    }

    /// Ends a session, with its event. What is over by the clock is left to the housekeeping, whose
    /// event says so.
    async fn end(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        session: Session,
        cause: EndCause,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let Ok(session) = session.live(self.rules.sessions, now) else { return Ok(()) };
        if store::sessions::end(tx, session.id, now).await? {
            let event = events::session_ended(session.account, session.id, cause);
            self.outbox.publish(tx, event.by_caller(caller)).await?;
        }
        Ok(())
    }
}

async fn browser(db: &mut PgConnection, session: Session) -> Result<Browser, SessionError> {
    let account = store::accounts::by_id(db, session.account).await?;
    // A Managed Account that is being suspended is signed out before its sessions have ended.
    let account = account.filter(Account::is_usable).ok_or(SessionError::Over)?;
    Ok(Browser { session, account })
}

impl From<Over> for SessionError {
    fn from(Over: Over) -> Self {
        Self::Over
    }
}

impl Problem for SessionError {
    fn kind(&self) -> Kind {
        match self {
            Self::Over => Kind::Unauthenticated,
            Self::NotFound => Kind::NotFound,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Over => ErrorReason::SessionEnded,
            Self::NotFound => ErrorReason::NotFound,
            Self::Database(error) => database_kind(error).1,
        }
    }
}
