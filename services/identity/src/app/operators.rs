//! Staff of the company that runs the suite, as `pass operator` names them.

use super::database_kind;
use crate::{domain::session::EndCause, events, store};
use pass_events::Outbox;
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Email, Kind};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// Why somebody could not be made staff, or the contrary.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// No Nulab Account has the address.
    #[error("there is no Nulab Account with this address; the person signs up first")]
    NoAccount,
    /// The database.
    #[error("saving who is an operator")]
    Store(#[from] sqlx::Error),
}

impl Problem for OperatorError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoAccount => Kind::NotFound,
            Self::Store(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NoAccount => ErrorReason::NotFound,
            Self::Store(error) => database_kind(error).1,
        }
    }
}

/// Makes the owner of a Nulab Account an operator; called by `pass operator add`. False: they are one
/// already. Tokens say so from their next refresh on.
pub async fn add(
    pool: &PgPool,
    outbox: &Outbox,
    now: OffsetDateTime,
    email: &Email,
) -> Result<bool, OperatorError> {
    let mut tx = pool.begin().await?;
    let account = account(&mut tx, email).await?;
    if !store::operators::add(&mut tx, account, now).await? {
        return Ok(false);
    }
    outbox.publish(&mut tx, events::operator_added(account)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends that the owner of a Nulab Account is an operator, and all their sessions with it; called by
/// `pass operator remove`. False: they are none.
pub async fn remove(
    pool: &PgPool,
    outbox: &Outbox,
    now: OffsetDateTime,
    email: &Email,
) -> Result<bool, OperatorError> {
    let mut tx = pool.begin().await?;
    let account = account(&mut tx, email).await?;
    if !store::operators::remove(&mut tx, account).await? {
        return Ok(false);
    }
    outbox.publish(&mut tx, events::operator_removed(account)).await?;
    for session in store::sessions::end_all(&mut tx, account, now).await? {
        outbox.publish(&mut tx, events::session_ended(account, session, EndCause::OperatorRemoved)).await?;
    }
    tx.commit().await?;
    Ok(true)
}

async fn account(db: &mut PgConnection, email: &Email) -> Result<AccountId, OperatorError> {
    store::accounts::nulab_account_of(db, email).await?.ok_or(OperatorError::NoAccount)
}
