//! What a place in an organization allows. The authority is a value that only the check gives; use
//! cases take it as an argument.

use pass_types::{AccountId, Membership, OrganizationId, Privilege, Role};

/// The role or privilege that was missing. Display names it as clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Needed {
    /// The role administrator or the privilege Plan Admin.
    #[error("administrator or plan_admin")]
    PlanAdmin,
}

/// Somebody who may apply for Nulab Pass for an organization, and see where it stands.
#[derive(Debug, Clone)]
pub struct Buyer {
    account: AccountId,
    organization: OrganizationId,
}

impl Buyer {
    /// For `app::authorize`, which has asked organization for the account's place.
    pub fn of(account: AccountId, place: &Membership) -> Result<Self, Needed> {
        let may = match place.role {
            Role::Administrator => true,
            Role::Member | Role::Guest => is_plan_admin(place),
        };
        if may { Ok(Self { account, organization: place.organization }) } else { Err(Needed::PlanAdmin) }
    }

    /// Who.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// For which organization.
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }
}

/// Whether the place is a Plan Admin's: an administrator without the privilege is none.
pub fn is_plan_admin(place: &Membership) -> bool {
    place.privileges.has(Privilege::PlanAdmin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;
    use time::OffsetDateTime;

    /// proves BIL-1: administrators and Plan Admins apply, nobody else
    #[test]
    fn who_may_buy() {
        let (entropy, now) = (Entropy::from_seed(1), OffsetDateTime::UNIX_EPOCH);
        let account = AccountId::generate(&entropy, now);
        let organization = OrganizationId::generate(&entropy, now);
        for role in Role::ALL {
            for privilege in Privilege::ALL {
                let place =
                    Membership { organization, role: *role, privileges: [*privilege].into_iter().collect() };
                let expected = *role == Role::Administrator || *privilege == Privilege::PlanAdmin;
                let buyer = Buyer::of(account, &place);
                assert_eq!(buyer.is_ok(), expected, "{role} {privilege}");
                assert_eq!(is_plan_admin(&place), *privilege == Privilege::PlanAdmin);
                match buyer {
                    Ok(buyer) => assert_eq!((buyer.account(), buyer.organization()), (account, organization)),
                    Err(needed) => assert_eq!(needed, Needed::PlanAdmin),
                }
            }
        }
    }
}
