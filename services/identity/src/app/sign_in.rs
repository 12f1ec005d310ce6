//! Signing in by password (ACC-8, ACC-11).
//!
//! A refusal tells nothing about whether the address has an account, by its text or by its time: one
//! password is hashed, and the same statements run; what they wrote for nobody is taken back before
//! the commit.

use super::{Identity, NewSession, database_kind, hashing::HashError, hashing::Verdict};
use crate::domain::{
    password::Password,
    session::{Beginning, EndCause, Method},
    throttle::TooOften,
};
use crate::{
    events::{self, ByCaller},
    store,
};
use pass_mesh::{Caller, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Email, Kind, Secret, SecretHash, network};
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
    /// Too many passwords are being hashed, or hashing failed.
    #[error("the password could not be checked just now")]
    Hash(#[from] HashError),
    /// The database failed.
    #[error("signing in")]
    Database(#[from] sqlx::Error),
}

/// An account and the hash of its password.
type Known = (AccountId, String);

impl Identity {
    /// Signs in, and ends the session that the browser had.
    pub async fn sign_in(&self, caller: &Caller, attempt: Attempt) -> Result<NewSession, SignInError> {
        let now = self.clock.now();
        let by_network = self.subject("sign-in network", &network(&caller.origin.address));
        let known = self.candidate(&by_network, &attempt.email, now).await?;
        let stored = known.as_ref().map(|(_, hash)| hash.as_str());
        match (self.hasher.verify(attempt.password.clone(), stored).await?, known) {
            (Verdict::Right { outdated }, Some(known)) => {
                let rehash = if outdated { Some(self.hasher.hash(attempt.password).await?) } else { None };
                self.let_in(caller, &known, rehash, attempt.replaced.as_ref()).await
            }
            (_, known) => {
                self.turn_away(caller, known, &by_network, now).await?;
                Err(SignInError::CredentialsInvalid)
            }
        }
    }

    /// Whom the address belongs to, if the network may try at all.
    async fn candidate(
        &self,
        by_network: &SecretHash,
        email: &Email,
        now: OffsetDateTime,
    ) -> Result<Option<Known>, SignInError> {
        let mut db = self.pool.acquire().await?;
        let empty_at = store::throttles::empty_at(&mut db, by_network, now).await?;
        self.rules.failed_sign_ins_per_network.take(empty_at, now)?;
        Ok(store::accounts::credentials(&mut db, email).await?)
    }

    async fn let_in(
        &self,
        caller: &Caller,
        (account, hash): &Known,
        rehash: Option<String>,
        replaced: Option<&Secret>,
    ) -> Result<NewSession, SignInError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        // The password may have been changed while it was being checked.
        let still = match rehash {
            Some(new) => store::accounts::replace_password_hash(&mut tx, *account, hash, &new).await?,
            None => store::accounts::lock_password_hash(&mut tx, *account, hash).await?,
        };
        if !still {
            return Err(SignInError::CredentialsInvalid);
        }
        let (origin, method) = (caller.origin.clone(), Method::Password);
        let beginning =
            Beginning { account: *account, organization: None, method, anew: true, origin, not_after: None };
        let session = self.begin_session(&mut tx, caller, beginning, now).await?;
        if let Some(replaced) = replaced {
            self.end_in(&mut tx, caller, replaced, EndCause::Replaced).await?;
        }
        tx.commit().await?;
        Ok(session)
    }

    async fn turn_away(
        &self,
        caller: &Caller,
        known: Option<Known>,
        by_network: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<(), sqlx::Error> {
        let nobody = AccountId::generate(&self.entropy, now);
        let reason = ErrorReason::CredentialsInvalid;
        let mut tx = self.pool.begin().await?;
        let empty_at = store::throttles::lock(&mut tx, by_network, now).await?;
        let after = self.rules.failed_sign_ins_per_network.take(empty_at, now).unwrap_or(empty_at);
        store::throttles::save(&mut tx, by_network, after).await?;

        let mut noted = tx.begin().await?;
        let account = known.as_ref().map_or(nobody, |(account, _)| *account);
        let entry = store::login_history::Entry {
            id: self.entropy.uuid(now),
            account,
            at: now,
            origin: &caller.origin,
            method: Method::Password,
            refused: Some(reason.code()),
        };
        store::login_history::insert(&mut noted, &entry).await?;
        let refused = events::sign_in_refused(account, reason);
        self.outbox.publish(&mut noted, refused.by_caller(caller)).await?;
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
            Self::TooOften(_) => Kind::RateLimited,
            Self::Hash(error) => error.kind(),
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::CredentialsInvalid => ErrorReason::CredentialsInvalid,
            Self::TooOften(_) => ErrorReason::RateLimited,
            Self::Hash(error) => error.reason(),
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften(wait) => Some(*wait),
            Self::Hash(error) => error.retry_after(),
            _ => None,
        }
    }
}
