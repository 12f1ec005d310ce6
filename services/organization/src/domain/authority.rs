//! What a place in an organization allows (ORG-5). Each kind of authority is a value that only the
//! check gives; use cases take it as an argument.

use pass_types::{AccountId, Membership, OrganizationId, Privilege, Privileges, Role};

/// The role or privilege that was missing. Display names it as clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Needed {
    /// The role administrator.
    #[error("administrator")]
    Administrator,
    /// The role administrator or the privilege Invite.
    #[error("administrator or invite")]
    Invite,
    /// The role administrator or member.
    #[error("administrator or member")]
    Member,
    /// The privilege Plan Admin.
    #[error("plan_admin")]
    PlanAdmin,
}

/// How much of an organization's members and teams somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// All.
    All,
    /// This member's own teams, who is in them, and the member.
    OwnTeams(AccountId),
}

/// Somebody's place in an organization, as the database has it: one of its members, of any role.
#[derive(Debug, Clone)]
pub struct AnyMember {
    account: AccountId,
    membership: Membership,
}

/// Somebody who may run the organization.
#[derive(Debug, Clone)]
pub struct Administrator(AnyMember);

/// Somebody who may invite by mail.
#[derive(Debug, Clone)]
pub struct Inviter(AnyMember);

/// Somebody who may make teams.
#[derive(Debug, Clone)]
pub struct TeamFounder(AnyMember);

/// Who may change members that are Managed Accounts.
#[derive(Debug, Clone)]
pub enum Keeper {
    /// An administrator.
    Person(Administrator),
    /// Identity on its own behalf. It finishes what takes something away and undoes what gave something,
    /// and gives nothing to anybody.
    Identity(OrganizationId),
}

impl AnyMember {
    /// For `app::authorize`, which has loaded the row.
    pub fn loaded(account: AccountId, membership: Membership) -> Self {
        Self { account, membership }
    }

    /// Of which organization.
    pub fn organization(&self) -> OrganizationId {
        self.membership.organization
    }

    /// The place in it.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// Which members and teams this one sees.
    pub fn sight(&self) -> Sight {
        match self.membership.role {
            Role::Administrator | Role::Member => Sight::All,
            Role::Guest => Sight::OwnTeams(self.account),
        }
    }

    /// May this member run the organization?
    pub fn administrator(self) -> Result<Administrator, Needed> {
        match self.membership.role {
            Role::Administrator => Ok(Administrator(self)),
            Role::Member | Role::Guest => Err(Needed::Administrator),
        }
    }

    /// May this member invite by mail?
    pub fn inviter(self) -> Result<Inviter, Needed> {
        match self.membership.role {
            Role::Administrator => Ok(Inviter(self)),
            Role::Member if self.membership.privileges.has(Privilege::Invite) => Ok(Inviter(self)),
            Role::Member | Role::Guest => Err(Needed::Invite),
        }
    }

    /// May this member make teams?
    pub fn team_founder(self) -> Result<TeamFounder, Needed> {
        match self.membership.role {
            Role::Administrator | Role::Member => Ok(TeamFounder(self)),
            Role::Guest => Err(Needed::Member),
        }
    }
}

impl Administrator {
    /// Of which organization.
    pub fn organization(&self) -> OrganizationId {
        self.0.organization()
    }

    /// May they give these privileges? Plan Admins give Plan Admin, administrators the others (ORG-4).
    pub fn may_grant(&self, privileges: &Privileges) -> Result<(), Needed> {
        let (wanted, own) = (privileges.has(Privilege::PlanAdmin), &self.0.membership.privileges);
        if wanted && !own.has(Privilege::PlanAdmin) { Err(Needed::PlanAdmin) } else { Ok(()) }
    }
}

impl TeamFounder {
    /// Who.
    pub fn account(&self) -> AccountId {
        self.0.account
    }

    /// In which organization.
    pub fn organization(&self) -> OrganizationId {
        self.0.organization()
    }
}

impl Keeper {
    /// Of which organization.
    pub fn organization(&self) -> OrganizationId {
        match self {
            Self::Person(administrator) => administrator.organization(),
            Self::Identity(organization) => *organization,
        }
    }

    /// May they give something to a member?
    pub fn gives(&self) -> bool {
        matches!(self, Self::Person(_))
    }
}

impl Inviter {
    /// Who.
    pub fn account(&self) -> AccountId {
        self.0.account
    }

    /// Into which organization.
    pub fn organization(&self) -> OrganizationId {
        self.0.organization()
    }

    /// May they make, resend or cancel an invitation as `role`? Nobody gives a role that is above
    /// their own: only administrators invite administrators.
    pub fn may_offer(&self, role: Role) -> Result<(), Needed> {
        match (role, self.0.membership.role) {
            (Role::Member | Role::Guest, _) | (Role::Administrator, Role::Administrator) => Ok(()),
            (Role::Administrator, Role::Member | Role::Guest) => Err(Needed::Administrator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;
    use time::OffsetDateTime;

    fn member(role: Role, privileges: &[Privilege]) -> AnyMember {
        let (entropy, now) = (Entropy::from_seed(1), OffsetDateTime::UNIX_EPOCH);
        let organization = OrganizationId::generate(&entropy, now);
        let privileges = privileges.iter().copied().collect();
        AnyMember::loaded(AccountId::generate(&entropy, now), Membership { organization, role, privileges })
    }

    /// proves ORG-5: invite by mail: administrator and Invite, nobody else
    #[test]
    fn who_may_invite() {
        for role in Role::ALL {
            for privilege in Privilege::ALL {
                let may = member(*role, &[*privilege]).inviter().is_ok();
                let expected = *role == Role::Administrator
                    || (*role == Role::Member && *privilege == Privilege::Invite);
                assert_eq!(may, expected, "{role} {privilege}");
            }
        }
        assert_eq!(member(Role::Guest, &[]).inviter().unwrap_err(), Needed::Invite);
    }

    /// proves ORG-5: the privilege Invite does not make administrators
    #[test]
    fn nobody_gives_a_role_above_their_own() {
        let inviter = member(Role::Member, &[Privilege::Invite]).inviter().unwrap();
        assert_eq!(inviter.may_offer(Role::Administrator), Err(Needed::Administrator));
        assert_eq!(inviter.may_offer(Role::Member), Ok(()));
        assert_eq!(inviter.may_offer(Role::Guest), Ok(()));
        let administrator = member(Role::Administrator, &[]).inviter().unwrap();
        assert_eq!(administrator.may_offer(Role::Administrator), Ok(()));
    }

    /// proves ORG-5: only the role administrator administers, whatever the privileges
    #[test]
    fn who_may_administer() {
        assert!(member(Role::Administrator, &[]).administrator().is_ok());
        assert!(member(Role::Member, Privilege::ALL).administrator().is_err());
        assert!(member(Role::Guest, Privilege::ALL).administrator().is_err());
    }

    /// proves ORG-5: see members and teams: guests their own teams, everybody else all
    #[test]
    fn what_guests_see() {
        let guest = member(Role::Guest, &[]);
        assert_eq!(guest.sight(), Sight::OwnTeams(guest.account));
        for role in [Role::Administrator, Role::Member] {
            assert_eq!(member(role, &[]).sight(), Sight::All);
        }
    }

    /// proves ORG-5: create a team: administrators and members, whatever the privileges
    #[test]
    fn who_may_make_a_team() {
        assert!(member(Role::Administrator, &[]).team_founder().is_ok());
        assert!(member(Role::Member, &[]).team_founder().is_ok());
        assert_eq!(member(Role::Guest, Privilege::ALL).team_founder().unwrap_err(), Needed::Member);
    }

    /// proves ORG-4: only Plan Admins make Plan Admins
    #[test]
    fn who_may_grant_what() {
        let administrator = member(Role::Administrator, &[]).administrator().unwrap();
        let plan_admin = member(Role::Administrator, &[Privilege::PlanAdmin]).administrator().unwrap();
        for privilege in Privilege::ALL {
            let privileges = Privileges::from_iter([*privilege]);
            assert_eq!(plan_admin.may_grant(&privileges), Ok(()));
            let expected = if *privilege == Privilege::PlanAdmin { Err(Needed::PlanAdmin) } else { Ok(()) };
            assert_eq!(administrator.may_grant(&privileges), expected, "{privilege}");
        }
    }
}
