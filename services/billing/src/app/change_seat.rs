//! Taking and freeing the seats of Managed Accounts (MAN-7).
//!
//! Locks are taken in one order, so that no two wait for each other: the account's row of `seats`, the
//! organization's row of `subscriptions`, the event's key. Whoever takes the last seat holds the second
//! until the commit.

use super::{Author, Billing};
use crate::{
    domain::{
        seat::{Attempt, Seat, Step, Superseded},
        subscription::{Entitlement, NoSeat, Subscription},
    },
    events, store,
};
use pass_mesh::{Fault, Problem, faults};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Kind, OrganizationId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Whose seat.
#[derive(Debug, Clone, Copy)]
pub struct ChangeSeat {
    /// In which organization.
    pub organization: OrganizationId,
    /// Of which account.
    pub account: AccountId,
    /// In which attempt.
    pub attempt: Attempt,
}

/// A seat can't be taken or freed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeSeatError {
    /// The organization never had Nulab Pass.
    #[error("the organization does not have Nulab Pass")]
    NulabPassNeeded,
    /// It had.
    #[error("Nulab Pass has ended")]
    NulabPassEnded,
    /// Every seat is taken.
    #[error(transparent)]
    NoSeat(#[from] NoSeat),
    /// The call is too late.
    #[error(transparent)]
    Superseded(#[from] Superseded),
    /// A fault of ours.
    #[error("the seat could not be changed")]
    Fault(#[source] Fault),
}

faults!(ChangeSeatError: sqlx::Error);

impl Problem for ChangeSeatError {
    fn kind(&self) -> Kind {
        match self {
            Self::NulabPassNeeded | Self::NulabPassEnded | Self::NoSeat(NoSeat) => Kind::Precondition,
            Self::Superseded(Superseded) => Kind::Conflict,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NulabPassNeeded => ErrorReason::NulabPassNeeded,
            Self::NulabPassEnded => ErrorReason::NulabPassEnded,
            Self::NoSeat(NoSeat) => ErrorReason::NoSeat,
            Self::Superseded(Superseded) => ErrorReason::AttemptSuperseded,
            Self::Fault(fault) => fault.reason(),
        }
    }
}

impl Billing {
    /// Takes a seat, which needs Nulab Pass at this moment. A take that was done before stays done.
    #[tracing::instrument(skip_all, fields(org.id = %take.organization, account.id = %take.account))]
    pub async fn take_seat(&self, author: &Author, take: ChangeSeat) -> Result<(), ChangeSeatError> {
        let ChangeSeat { organization, account, attempt } = take;
        let mut tx = self.pool.begin().await?;
        let seat = store::seats::lock(&mut tx, organization, account, self.clock.now()).await?;
        let (seat, changes_hands) = match seat.take(attempt)? {
            Step::Done => return Ok(()),
            Step::Remember(seat) => (seat, false),
            Step::Change(seat) => (seat, true),
        };
        let subscription = store::subscriptions::find_locked(&mut tx, organization).await?;
        // The time is read behind the lock: whoever waited for it until the end is too late.
        let now = self.clock.now();
        let subscription = entitled(subscription, now)?;
        save(&mut tx, take, seat, now).await?;
        if changes_hands {
            store::subscriptions::save(&mut tx, &subscription.take()?).await?;
            self.outbox.publish(&mut tx, events::seat_taken(author, organization, account)).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Frees the seat, with or without Nulab Pass, and remembers the attempt even if there was none.
    #[tracing::instrument(skip_all, fields(org.id = %free.organization, account.id = %free.account))]
    pub async fn free_seat(&self, author: &Author, free: ChangeSeat) -> Result<(), ChangeSeatError> {
        let ChangeSeat { organization, account, attempt } = free;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        match store::seats::lock(&mut tx, organization, account, now).await?.free(attempt)? {
            Step::Done => return Ok(()),
            Step::Remember(seat) => save(&mut tx, free, seat, now).await?,
            Step::Change(seat) => {
                store::subscriptions::count_freed(&mut tx, organization).await?;
                save(&mut tx, free, seat, now).await?;
                self.outbox.publish(&mut tx, events::seat_freed(author, organization, account)).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

/// The subscription, if it runs.
fn entitled(
    subscription: Option<Subscription>,
    now: OffsetDateTime,
) -> Result<Subscription, ChangeSeatError> {
    let subscription = subscription.ok_or(ChangeSeatError::NulabPassNeeded)?;
    match subscription.entitlement(now) {
        Entitlement::Entitled { .. } => Ok(subscription),
        Entitlement::Ended { .. } => Err(ChangeSeatError::NulabPassEnded),
        Entitlement::None => Err(ChangeSeatError::NulabPassNeeded),
    }
}

async fn save(
    conn: &mut PgConnection,
    change: ChangeSeat,
    seat: Seat,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    store::seats::save(conn, change.organization, change.account, seat, now).await
}
