//! Making a Managed Account a member: organization's part of making one (MAN-1).

use super::{
    By, Organizations, Refused, authorize,
    change_managed_member::{ChangeManagedMemberError, judge, remember},
};
use crate::{
    domain::{
        managed::{Attempt, Change, Seen, Verdict},
        member::{Assignment, Member, Profile},
    },
    events, store,
};
use pass_types::{OrganizationId, TeamId};
use sqlx::PgConnection;

/// Whom to add.
#[derive(Debug)]
pub struct AddManagedMember {
    /// To which organization.
    pub organization: OrganizationId,
    /// Who.
    pub profile: Profile,
    /// The number of identity's change.
    pub attempt: Attempt,
    /// As what.
    pub assignment: Assignment,
    /// To which teams; each once.
    pub teams: Vec<TeamId>,
}

impl Organizations {
    /// Adds the member. The same attempt again changes nothing.
    #[tracing::instrument(skip_all, fields(org.id = %add.organization, account.id = %add.profile.account))]
    pub async fn add_managed_member(
        &self,
        by: &By,
        add: AddManagedMember,
    ) -> Result<(), ChangeManagedMemberError> {
        let AddManagedMember { organization, profile, attempt, assignment, teams } = add;
        let (account, change) = (profile.account, Change::Added);
        let mut tx = self.pool.begin().await?;
        let alone = authorize::alone(&mut tx, organization).await?;
        let verdict = judge(&mut tx, &alone, account, Seen { attempt, change }).await;
        match verdict {
            Ok(Verdict::Done) => return Ok(()),
            // The transaction is over: what else it would be asked says less about why.
            Err(fault @ ChangeManagedMemberError::Fault(_)) => return Err(fault),
            _ => {}
        }
        let administrator = authorize::administrator(&mut tx, by, organization).await?;
        administrator.may_grant(assignment.privileges()).map_err(Refused::from)?;
        verdict?;
        if store::managed::nulab_has_email(&mut tx, organization, &profile.email).await? {
            return Err(ChangeManagedMemberError::MigrateInstead);
        }
        let now = self.clock.now();
        remember(&mut tx, organization, account, Seen { attempt, change }).await?;
        let member = Member::managed(organization, profile, assignment, now);
        add_to(&mut tx, &member, &teams).await?;
        store::directory::mark(&mut tx, account, self.entropy.uuid(now)).await?;
        self.outbox.publish(&mut tx, events::member_added(by, &member)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Stores the member, in all of the teams or not at all.
async fn add_to(
    conn: &mut PgConnection,
    member: &Member,
    teams: &[TeamId],
) -> Result<(), ChangeManagedMemberError> {
    if !store::members::insert(conn, member).await? {
        return Err(ChangeManagedMemberError::AlreadyMember);
    }
    let (organization, account) = (member.organization, member.profile.account);
    let joined = store::teams::join(conn, organization, teams, account, false).await?;
    if usize::try_from(joined) == Ok(teams.len()) {
        Ok(())
    } else {
        Err(ChangeManagedMemberError::TeamUnknown)
    }
}
