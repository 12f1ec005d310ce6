//! Removing, suspending and resuming a member that is a Managed Account: organization's part of identity's
//! changes (MAN-5). What organization decides here, under its row lock, counts before identity acts.

use super::{
    Driver, Organizations, Refused,
    authorize::{self, Alone},
};
use crate::{
    domain::{
        authority::Keeper,
        managed::{self, Attempt, Change, Seen, Superseded, Verdict},
    },
    events, store,
};
use pass_mesh::{Fault, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Kind, OrganizationId};
use sqlx::PgConnection;

/// Which member, and which of identity's changes it is.
#[derive(Debug, Clone, Copy)]
pub struct ChangeManagedMember {
    /// Of which organization.
    pub organization: OrganizationId,
    /// Who.
    pub account: AccountId,
    /// The number of identity's change.
    pub attempt: Attempt,
}

/// A member that is a Managed Account can't be added or changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeManagedMemberError {
    /// The person may not, or there is no such member here.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Identity gives nothing on its own behalf.
    #[error("only an administrator resumes a member")]
    NotByItself,
    /// It comes too late.
    #[error(transparent)]
    Superseded(#[from] Superseded),
    /// The address is a Nulab Account's that is a member (MAN-1).
    #[error("the address is a Nulab Account's that is a member: migrate it instead")]
    MigrateInstead,
    /// The account is a member already.
    #[error("the account is a member already")]
    AlreadyMember,
    /// A team is not one of this organization.
    #[error("one of the teams is not one of this organization")]
    TeamUnknown,
    /// A fault of ours.
    #[error("the member could not be changed")]
    Fault(#[source] Fault),
}

faults!(ChangeManagedMemberError: sqlx::Error);
refusals!(ChangeManagedMemberError: Refused);

impl Problem for ChangeManagedMemberError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::NotByItself => Kind::Forbidden,
            Self::Superseded(Superseded) => Kind::Conflict,
            Self::MigrateInstead | Self::TeamUnknown => Kind::Precondition,
            Self::AlreadyMember => Kind::AlreadyExists,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::NotByItself => ErrorReason::ActorNotAllowed,
            Self::Superseded(Superseded) => ErrorReason::AttemptSuperseded,
            Self::MigrateInstead => ErrorReason::MigrateInstead,
            Self::TeamUnknown => ErrorReason::TeamUnknown,
            Self::AlreadyMember => ErrorReason::AlreadyMember,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            _ => vec![],
        }
    }
}

impl Organizations {
    /// Removes the member, or undoes adding it. Without one the attempt is remembered all the same, so that
    /// an adding that is still on its way adds nothing.
    #[tracing::instrument(skip_all, fields(org.id = %it.organization, account.id = %it.account))]
    pub async fn remove_managed_member(
        &self,
        driver: &Driver,
        it: ChangeManagedMember,
    ) -> Result<(), ChangeManagedMemberError> {
        let ChangeManagedMember { organization: _, account, attempt } = it;
        let change = Change::Removed;
        let mut tx = self.pool.begin().await?;
        let Some(keeper) = keeper(&mut tx, driver, it, change).await? else { return Ok(()) };
        let organization = keeper.organization();
        remember(&mut tx, organization, account, Seen { attempt, change }).await?;
        if store::managed::remove(&mut tx, organization, account).await? {
            self.outbox.publish(&mut tx, events::member_removed(driver, organization, account)).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Suspends the member, or resumes it. ORG-7 is about Nulab Accounts: whoever is suspended here never
    /// counted.
    #[tracing::instrument(skip_all, fields(org.id = %it.organization, account.id = %it.account))]
    pub async fn set_managed_member_suspended(
        &self,
        driver: &Driver,
        it: ChangeManagedMember,
        suspended: bool,
    ) -> Result<(), ChangeManagedMemberError> {
        let ChangeManagedMember { organization: _, account, attempt } = it;
        let change = if suspended { Change::Suspended } else { Change::Resumed };
        let mut tx = self.pool.begin().await?;
        let Some(keeper) = keeper(&mut tx, driver, it, change).await? else { return Ok(()) };
        let organization = keeper.organization();
        if !suspended && !keeper.gives() {
            return Err(ChangeManagedMemberError::NotByItself);
        }
        let changed = store::managed::set_suspended(&mut tx, organization, account, suspended).await?;
        let changed = changed.ok_or(Refused::NotFound)?;
        remember(&mut tx, organization, account, Seen { attempt, change }).await?;
        if changed {
            let event = events::managed_member_suspended(driver, organization, account, suspended);
            self.outbox.publish(&mut tx, event).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Who may make a change; `None`: it was done before.
async fn keeper(
    conn: &mut PgConnection,
    driver: &Driver,
    it: ChangeManagedMember,
    change: Change,
) -> Result<Option<Keeper>, ChangeManagedMemberError> {
    let ChangeManagedMember { organization, account, attempt } = it;
    let alone = authorize::alone(conn, organization).await?;
    let verdict = judge(conn, &alone, account, Seen { attempt, change }).await;
    match verdict {
        Ok(Verdict::Done) => return Ok(None),
        // The transaction is over: what else it would be asked says less about why.
        Err(fault @ ChangeManagedMemberError::Fault(_)) => return Err(fault),
        _ => {}
    }
    let keeper = authorize::keeper(conn, driver, &alone).await?;
    verdict?;
    Ok(Some(keeper))
}

/// Judges a change by what was seen of the account. One that is another organization's is not found.
///
/// Asked before anybody is authorized: of what was done before nothing is left to do, so nothing needs to be
/// allowed. Its answer may have been lost, and then the role that it was done by; refused now, identity would
/// undo what everybody else has seen. Any other verdict counts only for who may make the change.
pub(super) async fn judge(
    conn: &mut PgConnection,
    alone: &Alone,
    account: AccountId,
    change: Seen,
) -> Result<Verdict, ChangeManagedMemberError> {
    let seen = match store::managed::seen(conn, account).await? {
        Some((owner, _)) if owner != alone.organization() => return Err(Refused::NotFound.into()),
        seen => seen.map(|(_, seen)| seen),
    };
    Ok(managed::judge(seen, change.attempt, change.change)?)
}

/// Remembers a change that counts.
pub(super) async fn remember(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
    seen: Seen,
) -> Result<(), ChangeManagedMemberError> {
    let remembered = store::managed::remember(conn, organization, account, seen).await?;
    if remembered { Ok(()) } else { Err(Refused::NotFound.into()) }
}
