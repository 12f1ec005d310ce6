//! Removing, suspending and resuming a member that is a Managed Account: organization's part of identity's
//! changes (MAN-5). What organization decides here, under its row lock, counts before identity acts.

use super::{Driver, Fault, Organizations, Refused, authorize, error::faults};
use crate::{
    domain::managed::{self, Attempt, Change, Seen, Superseded, Verdict},
    events, store,
};
use pass_mesh::Problem;
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
authorize::refusals!(ChangeManagedMemberError);

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
        let change = Change::Removed;
        let mut tx = self.pool.begin().await?;
        if repeats_own(&mut tx, driver, it, change).await? {
            return Ok(());
        }
        let keeper = authorize::keeper(&mut tx, driver, it.organization).await?;
        let ChangeManagedMember { organization: _, account, attempt } = it;
        let organization = keeper.organization();
        if judge(&mut tx, organization, account, attempt, change).await? == Verdict::Done {
            return Ok(());
        }
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
        let change = if suspended { Change::Suspended } else { Change::Resumed };
        let mut tx = self.pool.begin().await?;
        if repeats_own(&mut tx, driver, it, change).await? {
            return Ok(());
        }
        let keeper = authorize::keeper(&mut tx, driver, it.organization).await?;
        let ChangeManagedMember { organization: _, account, attempt } = it;
        let organization = keeper.organization();
        if judge(&mut tx, organization, account, attempt, change).await? == Verdict::Done {
            return Ok(());
        }
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

/// Whether somebody repeats what they have done to themselves: it took the place that they did it from, and
/// would be refused although it was done. Nothing is left to do, so nothing needs to be allowed.
async fn repeats_own(
    conn: &mut PgConnection,
    driver: &Driver,
    it: ChangeManagedMember,
    change: Change,
) -> Result<bool, ChangeManagedMemberError> {
    let ChangeManagedMember { organization, account, attempt } = it;
    match driver {
        Driver::Person(by) if by.person.account == account => {
            let seen = store::managed::seen(conn, account).await?;
            Ok(seen == Some((organization, Seen { attempt, change })))
        }
        Driver::Person(_) | Driver::Identity { .. } => Ok(false),
    }
}

/// Judges a change by what was seen of the account. One that is another organization's is not found.
pub(super) async fn judge(
    conn: &mut PgConnection,
    organization: OrganizationId,
    account: AccountId,
    attempt: Attempt,
    change: Change,
) -> Result<Verdict, ChangeManagedMemberError> {
    let seen = match store::managed::seen(conn, account).await? {
        Some((owner, _)) if owner != organization => return Err(Refused::NotFound.into()),
        seen => seen.map(|(_, seen)| seen),
    };
    Ok(managed::judge(seen, attempt, change)?)
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
