//! What a place in an organization allows here: everything to its administrators, nothing to others. Each
//! kind of authority is a value that only the check gives; use cases take it as an argument.

use pass_types::{Entitlement, NotEntitled, OrganizationId, Role};

/// The role that was missing. Display names it as clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("administrator")]
pub struct AdministratorNeeded;

/// Somebody who may run the organization.
#[derive(Debug, Clone, Copy)]
pub struct Administrator(OrganizationId);

impl Administrator {
    /// May somebody with this role run the organization?
    pub fn of(organization: OrganizationId, role: Role) -> Result<Self, AdministratorNeeded> {
        match role {
            Role::Administrator => Ok(Self(organization)),
            Role::Member | Role::Guest => Err(AdministratorNeeded),
        }
    }

    /// Of which organization.
    pub fn organization(self) -> OrganizationId {
        self.0
    }
}

/// An administrator of an organization with Nulab Pass.
#[derive(Debug, Clone, Copy)]
pub struct Subscriber(Administrator);

impl Subscriber {
    /// An administrator, given what their organization has.
    pub fn of(administrator: Administrator, entitlement: Entitlement) -> Result<Self, NotEntitled> {
        entitlement.require().map(|()| Self(administrator))
    }

    /// Of which organization.
    pub fn organization(self) -> OrganizationId {
        self.0.organization()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;
    use time::OffsetDateTime;

    /// proves ORG-5: domains are for administrators; adding and verifying need Nulab Pass
    #[test]
    fn who_may() {
        let id = OrganizationId::generate(&Entropy::from_seed(1), OffsetDateTime::UNIX_EPOCH);
        assert_eq!(Administrator::of(id, Role::Member).unwrap_err(), AdministratorNeeded);
        assert_eq!(Administrator::of(id, Role::Guest).unwrap_err(), AdministratorNeeded);
        let administrator = Administrator::of(id, Role::Administrator).unwrap();
        assert_eq!(
            Subscriber::of(administrator, Entitlement::Until(OffsetDateTime::UNIX_EPOCH))
                .unwrap()
                .organization(),
            id
        );
        assert_eq!(Subscriber::of(administrator, Entitlement::None).unwrap_err(), NotEntitled::Needed);
        assert_eq!(Subscriber::of(administrator, Entitlement::Ended).unwrap_err(), NotEntitled::Ended);
    }
}
