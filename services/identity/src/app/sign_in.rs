//! Signing in by password (ACC-8, ACC-11).
//!
//! A refusal tells nothing about whether the address has an account, by its text or by its time: one
//! password is hashed, and the same statements run; what they wrote for nobody is taken back before
//! the commit.

use super::{
    Identity, NewSession, database_kind,
    guessing::Try,
    hashing::{HashError, Verdict},
    second_factor::NewStep,
};
use crate::domain::{
    device::Visit,
    guessing::Attempted,
    password::Password,
    security_event::Kind as What,
    session::{Beginning, EndCause, Method},
    throttle::TooOften,
};
use crate::{
    events::{self, ByCaller},
    store::{self, accounts::Credentials},
};
use pass_mesh::{Caller, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Email, Kind, Secret};
use sqlx::Connection;
use std::time::Duration;
use time::OffsetDateTime;

/// A try to sign in.
pub struct Attempt {
    /// Whose account.
    pub email: Email,
    /// Its password, perhaps.
    pub password: Password,
    /// The browser's session so far.
    pub replaced: Option<Secret>,
    /// Which browser it is, and what for.
    pub visit: Visit,
}

/// What a right password leads to.
pub enum SignedIn {
    /// Somebody is signed in.
    Session(NewSession),
    /// A second factor is to be shown (ACC-9).
    SecondStep(AccountId, NewStep),
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Whichever it is.
    #[error("the address or the password is wrong")]
    CredentialsInvalid,
    /// Too many failed from this network.
    #[error("there were too many failed tries from this network; wait a while, then try again")]
    TooOften(Duration),
    /// Too many were wrong (ACC-14). How to recover is said whether or not there is such an account.
    #[error("there were too many wrong passwords; wait a while, or reset the password")]
    Locked(Duration),
    /// Too many passwords are being hashed, or hashing failed.
    #[error("the password could not be checked just now")]
    Hash(#[from] HashError),
    /// The database failed.
    #[error("signing in")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// Signs in, and ends the session that the browser had.
    pub async fn sign_in(&self, caller: &Caller, attempt: Attempt) -> Result<SignedIn, SignInError> {
        let now = self.clock.now();
        let Attempt { email, password: _, replaced: _, visit } = &attempt;
        let (tried, mut known) = self.begin_try(caller, email, visit.device.as_ref(), now).await?;
        // A sign-in at the same time may renew the hash while the password is compared with it: then once more.
        for _ in 0..2 {
            let verdict = self.compare(&attempt, known.as_ref(), &tried, now).await?;
            let (Verdict::Right { outdated }, Some(found)) = (verdict, &known) else { break };
            // Hashed anew while there is room for it, else the next time: nobody is kept out for that.
            let rehash = if outdated { self.hasher.hash(attempt.password.clone()).await.ok() } else { None };
            if let Some(signed_in) = self.let_in(caller, found, rehash, &tried, &attempt).await? {
                return Ok(signed_in);
            }
            let device = visit.device.as_ref().map(Secret::hash);
            let mut db = self.pool.acquire().await?;
            known = store::accounts::credentials(&mut db, email, device.as_ref()).await?;
        }
        self.turn_away(caller, known, &tried, visit, now).await?;
        Err(SignInError::CredentialsInvalid)
    }

    async fn compare(
        &self,
        attempt: &Attempt,
        known: Option<&Credentials>,
        tried: &Try,
        now: OffsetDateTime,
    ) -> Result<Verdict, SignInError> {
        let stored = known.map(|known| known.password_hash.clone());
        let stored = stored.unwrap_or_else(|| self.hasher.nobody(self.draw(&attempt.email)));
        let verdict = self.hasher.verify(attempt.password.clone(), stored).await;
        if verdict.is_err() {
            // It was not looked at.
            self.give_back(&mut *self.pool.acquire().await?, tried, now).await?;
        }
        Ok(verdict?)
    }

    /// Which of those without a password an address is.
    fn draw(&self, email: &Email) -> u64 {
        let drawn = self.subject("nobody's password", email.key());
        drawn.as_bytes().iter().take(8).fold(0, |draw, byte| draw << 8 | u64::from(*byte))
    }

    /// Says at which costs accounts have their passwords (see [`hashing`](super::hashing)).
    pub(super) async fn look_at_hashes(&self) -> Result<(), sqlx::Error> {
        let hashes = store::accounts::password_costs(&mut *self.pool.acquire().await?).await?;
        if let Err(error) = self.hasher.in_use(&hashes) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "there are password hashes that can't be used"
            );
        }
        Ok(())
    }

    /// Lets the owner in; `None`: the account has another hash by now.
    async fn let_in(
        &self,
        caller: &Caller,
        Credentials { account, password_hash, knows_device: _ }: &Credentials,
        rehash: Option<String>,
        tried: &Try,
        attempt: &Attempt,
    ) -> Result<Option<SignedIn>, SignInError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.count_right(&mut tx, tried, now).await?;
        // The password may have been changed while it was being checked.
        let still = match &rehash {
            Some(new) => {
                store::accounts::replace_password_hash(&mut tx, *account, password_hash, new).await?
            }
            None => store::accounts::lock_password_hash(&mut tx, *account, password_hash).await?,
        };
        if !still {
            return Ok(None);
        }
        let hash = rehash.as_ref().unwrap_or(password_hash);
        if let Some(step) =
            self.second_step_of_sign_in(&mut tx, caller, *account, hash, &attempt.visit).await?
        {
            tx.commit().await?;
            return Ok(Some(SignedIn::SecondStep(*account, step)));
        }
        let (origin, method) = (caller.origin.clone(), Method::Password);
        let beginning = Beginning {
            account: *account,
            organization: None,
            method,
            second: None,
            anew: true,
            origin,
            visit: attempt.visit.clone(),
            not_after: None,
        };
        let session = self.begin_session(&mut tx, caller, beginning, now).await?;
        if let Some(replaced) = &attempt.replaced {
            self.end_in(&mut tx, caller, replaced, EndCause::Replaced).await?;
        }
        tx.commit().await?;
        Ok(Some(SignedIn::Session(session)))
    }

    async fn turn_away(
        &self,
        caller: &Caller,
        known: Option<Credentials>,
        tried: &Try,
        visit: &Visit,
        now: OffsetDateTime,
    ) -> Result<(), sqlx::Error> {
        let nobody = AccountId::generate(&self.entropy, now);
        let reason = ErrorReason::CredentialsInvalid;
        let mut tx = self.pool.begin().await?;
        let locked = self.count_wrong(&mut tx, tried, now).await?;

        // Of an address without an account only the number is told. Before what is published, as the housekeeping takes them.
        let mut counted = tx.begin().await?;
        let what = (Attempted::SignIn, reason.code());
        store::refused_tries::count(&mut counted, &tried.by_network, None, what, now).await?;
        if known.is_some() {
            counted.rollback().await?;
        } else {
            counted.commit().await?;
        }
        let mut noted = tx.begin().await?;
        let account = known.as_ref().map_or(nobody, |known| known.account);
        let entry = store::login_history::Entry {
            id: self.entropy.uuid(now),
            account,
            at: now,
            origin: &caller.origin,
            product: visit.product.as_str(),
            method: Method::Password,
            refused: Some(reason.code()),
        };
        store::login_history::insert(&mut noted, &entry).await?;
        let refused = events::sign_in_refused(account, reason);
        self.outbox.publish(&mut noted, refused.by_caller(caller)).await?;
        if locked {
            self.note_for_owner(&mut noted, caller, account, What::SignInLocked, "").await?;
            self.outbox.publish(&mut noted, events::sign_in_locked(account).by_caller(caller)).await?;
        }
        if known.is_some() {
            noted.commit().await?;
        } else {
            noted.rollback().await?;
        }
        tx.commit().await
    }
}

impl From<TooOften> for SignInError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl Problem for SignInError {
    fn kind(&self) -> Kind {
        match self {
            Self::CredentialsInvalid => Kind::Unauthenticated,
            Self::TooOften(_) | Self::Locked(_) => Kind::RateLimited,
            Self::Hash(error) => error.kind(),
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::CredentialsInvalid => ErrorReason::CredentialsInvalid,
            Self::TooOften(_) => ErrorReason::RateLimited,
            Self::Locked(_) => ErrorReason::SignInLocked,
            Self::Hash(error) => error.reason(),
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften(wait) | Self::Locked(wait) => Some(*wait),
            Self::Hash(error) => error.retry_after(),
            _ => None,
        }
    }
}
