//! Members: a place in an organization, and the copy of what identity says about the person.

use pass_types::{AccountId, AccountKind, Email, OrganizationId, PersonName, Privilege, Privileges, Role};
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
        }
    }

    /// A person who accepted an invitation: no privileges at first.
    pub fn invited(organization: OrganizationId, profile: Profile, role: Role, now: OffsetDateTime) -> Self {
        Self { organization, profile, role, privileges: Privileges::default(), joined_at: now }
    }
}
