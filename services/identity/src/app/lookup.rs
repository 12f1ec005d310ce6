//! Accounts as products see them (API-3).

use super::{Identity, Owner, database_kind, neighbour_kind};
use crate::domain::account::Account;
use crate::store;
use pass_mesh::{Failure, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Actor, Kind};
use std::time::Duration;

/// How much of an account somebody may see.
pub enum View {
    /// Their own: everything.
    Own(Account),
    /// A fellow member's: who they are, and how to write to them.
    Fellow(Account),
}

/// Why an account was not shown.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// There is none, or it is nobody whom the person may see.
    #[error("there is no such account")]
    NotFound,
    /// Who is a member could not be asked.
    #[error("the organization's members could not be asked just now")]
    Memberships(#[source] Failure),
    /// The database failed.
    #[error("looking up the account")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// The account of the person, or of a member of the organization that their token names.
    pub async fn look_up(&self, owner: &Owner<'_>, id: AccountId) -> Result<View, LookupError> {
        let own = id == owner.account;
        if !own && !self.is_fellow(owner, id).await? {
            return Err(LookupError::NotFound);
        }
        let mut db = self.pool.acquire().await?;
        let account = store::accounts::by_id(&mut db, id).await?.ok_or(LookupError::NotFound)?;
        Ok(if own { View::Own(account) } else { View::Fellow(account) })
    }

    /// Whether the account is a member of the organization that the person's token names.
    async fn is_fellow(&self, owner: &Owner<'_>, id: AccountId) -> Result<bool, LookupError> {
        let Actor::Person(person) = &owner.caller.actor else { return Ok(false) };
        let Some(membership) = &person.membership else { return Ok(false) };
        let calls = owner.caller.as_system();
        let place = self.neighbours.membership(&calls, id, membership.organization).await;
        Ok(place.map_err(LookupError::Memberships)?.is_some())
    }
}

impl Problem for LookupError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Memberships(failure) => neighbour_kind(failure).0,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::Memberships(failure) => neighbour_kind(failure).1,
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Memberships(failure) => failure.retry_after,
            _ => None,
        }
    }
}
