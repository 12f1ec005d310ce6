//! Members: a place in an organization, and the copy of what identity says about the person.

use pass_types::{
    AccountId, AccountKind, Email, Invalid, OrganizationId, PersonName, Privilege, Privileges, Role,
};
use time::OffsetDateTime;

/// What identity says about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Whose.
    pub account: AccountId,
    /// Which kind of account.
    pub kind: AccountKind,
    /// The person's name.
    pub name: PersonName,
    /// The person's address.
    pub email: Email,
}

/// A member of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Of which organization.
    pub organization: OrganizationId,
    /// Who.
    pub profile: Profile,
    /// Which role.
    pub role: Role,
    /// Which privileges.
    pub privileges: Privileges,
    /// Since when.
    pub joined_at: OffsetDateTime,
    /// A Managed Account that is suspended (MAN-5).
    pub suspended: bool,
}

/// Which members of a list are wanted (ORG-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// With that kind of account; `None`: with either.
    pub kind: Option<AccountKind>,
    /// Suspended or not; `None`: either.
    pub suspended: Option<bool>,
}

/// A role with privileges that go with it (ORG-4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    role: Role,
    privileges: Privileges,
}

impl Assignment {
    /// Administrators invite as such, and guests have no privilege at all.
    pub fn new(role: Role, privileges: Privileges) -> Result<Self, Invalid> {
        match role {
            Role::Administrator if privileges.has(Privilege::Invite) => {
                Err(Invalid("must not have Invite: administrators may invite anyway"))
            }
            Role::Guest if privileges.iter().next().is_some() => Err(Invalid("must be empty for a guest")),
            Role::Administrator | Role::Member | Role::Guest => Ok(Self { role, privileges }),
        }
    }

    /// The privileges.
    pub fn privileges(&self) -> &Privileges {
        &self.privileges
    }
}

impl Member {
    /// The person who makes an organization: administrator and Plan Admin (ORG-1).
    pub fn founder(organization: OrganizationId, profile: Profile, now: OffsetDateTime) -> Self {
        Self {
            organization,
            profile,
            role: Role::Administrator,
            privileges: Privileges::from_iter([Privilege::PlanAdmin]),
            joined_at: now,
            suspended: false,
        }
    }

    /// A person who accepted an invitation: no privileges at first.
    pub fn invited(organization: OrganizationId, profile: Profile, role: Role, now: OffsetDateTime) -> Self {
        let privileges = Privileges::default();
        Self { organization, profile, role, privileges, joined_at: now, suspended: false }
    }

    /// A Managed Account that an administrator makes a member (MAN-1).
    pub fn managed(
        organization: OrganizationId,
        profile: Profile,
        assignment: Assignment,
        now: OffsetDateTime,
    ) -> Self {
        let Assignment { role, privileges } = assignment;
        Self { organization, profile, role, privileges, joined_at: now, suspended: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves ORG-4: which role may have which privilege
    #[test]
    fn privileges_go_with_roles() {
        for role in Role::ALL {
            assert!(Assignment::new(*role, Privileges::default()).is_ok());
            for privilege in Privilege::ALL {
                let expected = match role {
                    Role::Administrator => *privilege != Privilege::Invite,
                    Role::Member => true,
                    Role::Guest => false,
                };
                let may = Assignment::new(*role, Privileges::from_iter([*privilege])).is_ok();
                assert_eq!(may, expected, "{role} {privilege}");
            }
        }
    }
}
