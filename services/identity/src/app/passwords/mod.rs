//! Choosing (ACC-6), resetting (ACC-8) and changing (ACC-12) passwords.

mod change;
pub mod range;
mod reset;

pub use reset::PasswordResetMail;

use super::{Identity, Tx, hashing::HashError};
use crate::{
    domain::{
        account::Account,
        password::{Password, Refused},
    },
    store,
};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Email, Invalid, Kind, PersonName, Violation};
use std::time::Duration;

/// Why a password was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// It is too short or too long.
    #[error("the password must be 12-128 characters long")]
    Length,
    /// It is common, or follows from what others know.
    #[error("this password is easily guessed; choose another")]
    Guessable,
    /// Our list has it, or the service that knows leaked ones.
    #[error("this password is known from a leak; choose another")]
    Leaked,
    /// Too many passwords are being hashed, or hashing failed.
    #[error("the password could not be taken just now")]
    Hash(#[from] HashError),
}

impl Identity {
    /// Judges a password that somebody of this name and address wants, and hashes it; both where a processor may be
    /// busy for long.
    pub(super) async fn hash_chosen(
        &self,
        password: String,
        name: &PersonName,
        email: &Email,
    ) -> Result<String, ChoiceError> {
        let (name, email) = (name.clone(), email.clone());
        let chosen = self.hasher.run(move |_| Password::chosen(&password, &name, &email)).await??;
        if let Some(ranges) = &self.ranges
            && ranges.know(&chosen).await
        {
            return Err(ChoiceError::Leaked);
        }
        Ok(self.hasher.hash(chosen).await?)
    }

    /// Voids what others may have begun who knew the password so far: resets and a change of the address.
    async fn void_links(&self, tx: &mut Tx, account: &Account) -> Result<(), sqlx::Error> {
        store::password_resets::forget(tx, &account.email).await?;
        store::email_changes::forget_open(tx, account.id).await
    }
}

impl From<Refused> for ChoiceError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Length => Self::Length,
            Refused::Guessable => Self::Guessable,
            Refused::Leaked => Self::Leaked,
        }
    }
}

impl Problem for ChoiceError {
    fn kind(&self) -> Kind {
        match self {
            Self::Length | Self::Guessable | Self::Leaked => Kind::InvalidInput,
            Self::Hash(error) => error.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Length => ErrorReason::PasswordLength,
            Self::Guessable => ErrorReason::PasswordGuessable,
            Self::Leaked => ErrorReason::PasswordLeaked,
            Self::Hash(error) => error.reason(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let problem = match self {
            Self::Length => "must be 12-128 characters long",
            Self::Guessable => "is easily guessed",
            Self::Leaked => "is known from a leak",
            Self::Hash(_) => return Vec::new(),
        };
        vec![Invalid(problem).of("password")]
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Hash(error) => error.retry_after(),
            Self::Length | Self::Guessable | Self::Leaked => None,
        }
    }
}
