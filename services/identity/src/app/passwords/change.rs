//! Changing a password (ACC-12), by somebody who is signed in and knows the current one. Asking for it is what makes a
//! fresh sign-in needless here.

use super::ChoiceError;
use crate::app::{
    Browser, Identity, SessionError, database_kind,
    hashing::{HashError, Verdict},
    second_factor::actor,
};
use crate::domain::{
    account::Account, password::Password, security_event::Kind as What, session::EndCause, throttle::TooOften,
};
use crate::{events, store};
use pass_events::Event;
use pass_mesh::{Caller, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Actor, Invalid, Kind, Secret, Violation};
use std::time::Duration;

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Nobody is signed in, or the database failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// MAN-6.
    #[error("this account has no password; its identity provider signs it in")]
    Managed,
    /// The current password is another one.
    #[error("the current password is another one")]
    Wrong,
    /// That was so too often.
    #[error("there were too many wrong passwords; wait a while, or reset the password")]
    TooOften(Duration),
    /// The current password was not looked at.
    #[error("the password could not be checked just now")]
    Hash(#[from] HashError),
    /// The new password was not taken.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The database failed.
    #[error("changing a password")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// Changes the password of the account that the browser of a token is signed in to; all its other sessions end.
    pub async fn change_password(
        &self,
        caller: &Caller,
        token: &str,
        current: Password,
        new: String,
    ) -> Result<(), ChangeError> {
        let token: Secret = token.parse().map_err(|_| SessionError::Over)?;
        let Browser { session, account } = self.resolve_session(&token).await?;
        let changed = self.change_own_password(caller, &token, &account, current, new).await;
        if let Err(why) = &changed
            && why.is_refusal()
        {
            let refused = events::password_change_refused(account.id, why.reason());
            self.tell(by(refused, &actor(&account, &session, self.clock.now()), caller)).await?;
        }
        changed
    }

    async fn change_own_password(
        &self,
        caller: &Caller,
        token: &Secret,
        account: &Account,
        current: Password,
        new: String,
    ) -> Result<(), ChangeError> {
        if account.kind == AccountKind::Managed {
            return Err(ChangeError::Managed);
        }
        let old = self.check_current(account, current).await?;
        let hash = self.hash_chosen(new, &account.name, &account.email).await?;
        self.replace_password(caller, token, account, &old, &hash).await
    }

    /// The hash of the password, if `current` is it. Each try is counted before it is known whether it is right, so
    /// that however many come at once are counted; a right one is put back.
    async fn check_current(&self, account: &Account, current: Password) -> Result<String, ChangeError> {
        let now = self.clock.now();
        let [tries, row] = self.subjects_of_change(account.id);
        let tries = (&tries, self.rules.wrong_passwords_per_known_device.0);
        let row = (&row, self.rules.wrong_passwords_in_a_row.0);
        let mut db = self.pool.acquire().await?;
        let stored = store::accounts::password_hash(&mut db, account.id).await?.ok_or(SessionError::Over)?;
        self.take_both(&mut db, [tries, row], now).await??;
        drop(db);

        let verdict = self.hasher.verify(current, stored.clone()).await;
        let mut db = self.pool.acquire().await?;
        match verdict {
            Ok(Verdict::Right { outdated: _ }) => {
                store::throttles::give_back_and_empty(&mut db, tries, row.0, now).await?;
                Ok(stored)
            }
            Ok(Verdict::Wrong) => Err(ChangeError::Wrong),
            Err(error) => {
                // It was not looked at.
                for (subject, limit) in [tries, row] {
                    store::throttles::give_back(&mut db, subject, limit, now).await?;
                }
                Err(error.into())
            }
        }
    }

    async fn replace_password(
        &self,
        caller: &Caller,
        token: &Secret,
        account: &Account,
        old: &str,
        new: &str,
    ) -> Result<(), ChangeError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let account = store::accounts::lock(&mut tx, account.id).await?.ok_or(SessionError::Over)?;
        // Another change may have ended it since, or given it another token.
        let session = store::sessions::by_token(&mut tx, &token.hash()).await?.ok_or(SessionError::Over)?;
        let session = session.live(self.rules.sessions, now).map_err(SessionError::from)?;
        if !store::accounts::replace_password_hash(&mut tx, account.id, old, new).await? {
            return Err(ChangeError::Wrong);
        }
        self.void_links(&mut tx, &account).await?;
        self.note_for_owner(&mut tx, caller, account.id, What::PasswordChanged, "").await?;
        let actor = actor(&account, &session, now);
        self.outbox.publish(&mut tx, by(events::password_changed(account.id), &actor, caller)).await?;
        for id in store::sessions::end_others(&mut tx, account.id, session.id, now).await? {
            let event = events::session_ended(account.id, id, EndCause::EndedByOwner);
            self.outbox.publish(&mut tx, by(event, &actor, caller)).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn by(event: Event, actor: &Actor, caller: &Caller) -> Event {
    event.by(actor).from(&caller.origin)
}

impl ChangeError {
    /// Whether the rules said no (AUD-1), to somebody whose account there is.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Managed
            | Self::Wrong
            | Self::TooOften(_)
            | Self::Choice(ChoiceError::Length | ChoiceError::Guessable | ChoiceError::Leaked) => true,
            Self::Session(_) | Self::Hash(_) | Self::Choice(ChoiceError::Hash(_)) | Self::Database(_) => {
                false
            }
        }
    }
}

impl From<TooOften> for ChangeError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl Problem for ChangeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Session(error) => error.kind(),
            Self::Managed => Kind::Forbidden,
            Self::Wrong => Kind::InvalidInput,
            Self::TooOften(_) => Kind::RateLimited,
            Self::Hash(error) => error.kind(),
            Self::Choice(error) => error.kind(),
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Session(error) => error.reason(),
            Self::Managed => ErrorReason::ManagedByOrganization,
            Self::Wrong => ErrorReason::PasswordWrong,
            Self::TooOften(_) => ErrorReason::SignInLocked,
            Self::Hash(error) => error.reason(),
            Self::Choice(error) => error.reason(),
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Wrong => vec![Invalid("is another one").of("current_password")],
            Self::Choice(error) => error.violations(),
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften(wait) => Some(*wait),
            Self::Hash(error) => error.retry_after(),
            Self::Choice(error) => error.retry_after(),
            _ => None,
        }
    }
}
