//! Billing's part of deleting a Nulab Account (ACC-13): identity asks for it once organization has let the account go,
//! and erases the account afterwards, so that whatever fails between is asked for again.

use super::Billing;
use crate::store;
use pass_mesh::{Fault, Problem, faults};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Email, Kind};

/// Whom to forget.
#[derive(Debug)]
pub struct ForgetPerson {
    /// Whose account.
    pub account: AccountId,
    /// Its address.
    pub email: Email,
}

/// A person can't be forgotten.
#[derive(Debug, thiserror::Error)]
pub enum ForgetPersonError {
    /// A fault of ours.
    #[error("the person could not be forgotten")]
    Fault(#[source] Fault),
}

faults!(ForgetPersonError: sqlx::Error);

impl Problem for ForgetPersonError {
    fn kind(&self) -> Kind {
        match self {
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Fault(fault) => fault.reason(),
        }
    }
}

impl Billing {
    /// Erases what is kept of a person, and lets nothing more of theirs in. Only identity may ask.
    #[tracing::instrument(skip_all, fields(account.id = %it.account))]
    pub async fn forget_person(&self, it: &ForgetPerson) -> Result<(), ForgetPersonError> {
        let mut tx = self.pool.begin().await?;
        store::people::note(&mut tx, it.account, self.clock.now()).await?;
        store::people::erase(&mut tx, it.account, &it.email).await?;
        Ok(tx.commit().await?)
    }
}
