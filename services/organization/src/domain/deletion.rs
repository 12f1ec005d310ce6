//! Whether an organization lets a Nulab Account go that its owner deletes (ACC-13, ORG-7).

use pass_types::{OrganizationId, OrganizationName, Privilege, Privileges, Role};

/// An account's place in an organization, and who else there is.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which organization.
    pub organization: OrganizationId,
    /// Its name.
    pub name: OrganizationName,
    /// The account's role in it.
    pub role: Role,
    /// The account's privileges in it.
    pub privileges: Privileges,
    /// Who else there is.
    pub others: Others,
}

/// Who there is besides an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Others {
    /// Any other member.
    pub anybody: bool,
    /// An administrator that is an active Nulab Account.
    pub administrator: bool,
    /// A Plan Admin that is an active Nulab Account.
    pub plan_admin: bool,
}

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no other member.
    OnlyMember,
    /// There is no other administrator that counts.
    LastAdministrator,
    /// There is no other Plan Admin that counts.
    LastPlanAdmin,
}

impl Place {
    /// Why the organization needs the account, if it does.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let administers = self.role == Role::Administrator;
        if !self.others.anybody {
            Some(Obstacle::OnlyMember)
        } else if administers && !self.others.administrator {
            Some(Obstacle::LastAdministrator)
        } else if self.privileges.has(Privilege::PlanAdmin) && !self.others.plan_admin {
            Some(Obstacle::LastPlanAdmin)
        } else {
            None
        }
    }
}

/// A decision that was made about an account before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Identity's number of the wish.
    pub attempt: i32,
    /// The organizations that need the account; none: it was let go.
    pub needed_by: Vec<OrganizationId>,
}

/// What a wish comes to, by what was decided before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Decide.
    Decide,
    /// The account was let go.
    Gone,
    /// This very wish was refused.
    Refused(Vec<OrganizationId>),
    /// A later one was decided already.
    Superseded,
}

/// Judges a wish.
pub fn judge(decided: Option<Decided>, attempt: i32) -> Verdict {
    match decided {
        Some(Decided { attempt: seen, .. }) if attempt < seen => Verdict::Superseded,
        Some(Decided { needed_by, .. }) if needed_by.is_empty() => Verdict::Gone,
        Some(Decided { attempt: seen, needed_by }) if attempt == seen => Verdict::Refused(needed_by),
        None | Some(_) => Verdict::Decide,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;
    use time::OffsetDateTime;

    const ALL: Others = Others { anybody: true, administrator: true, plan_admin: true };

    fn id() -> OrganizationId {
        OrganizationId::generate(&Entropy::from_seed(1), OffsetDateTime::UNIX_EPOCH)
    }

    fn obstacle(role: Role, privileges: &[Privilege], others: Others) -> Option<Obstacle> {
        let (name, privileges) = ("Acme".parse().unwrap(), privileges.iter().copied().collect());
        Place { organization: id(), name, role, privileges, others }.obstacle()
    }

    /// proves ACC-13, ORG-7: whom an organization needs, and nobody else
    #[test]
    fn whom_an_organization_needs() {
        use Privilege::PlanAdmin;
        use Role::{Administrator, Guest, Member};
        for role in [Administrator, Member, Guest] {
            assert_eq!(obstacle(role, &[], ALL), None);
            let nobody = Others { anybody: false, administrator: false, plan_admin: false };
            assert_eq!(obstacle(role, &[], nobody), Some(Obstacle::OnlyMember));
        }
        let no_administrator = Others { administrator: false, ..ALL };
        assert_eq!(obstacle(Administrator, &[], no_administrator), Some(Obstacle::LastAdministrator));
        assert_eq!(obstacle(Member, &[], no_administrator), None);
        let no_plan_admin = Others { plan_admin: false, ..ALL };
        assert_eq!(obstacle(Member, &[PlanAdmin], no_plan_admin), Some(Obstacle::LastPlanAdmin));
        assert_eq!(obstacle(Administrator, &[PlanAdmin], no_plan_admin), Some(Obstacle::LastPlanAdmin));
        assert_eq!(obstacle(Administrator, &[], no_plan_admin), None);
    }

    /// proves ACC-13: a wish is decided once, and what is late changes nothing
    #[test]
    fn a_wish_is_decided_once() {
        let refused = Decided { attempt: 2, needed_by: vec![id()] };
        assert_eq!(judge(None, 1), Verdict::Decide);
        assert_eq!(judge(Some(refused.clone()), 1), Verdict::Superseded);
        assert_eq!(judge(Some(refused.clone()), 2), Verdict::Refused(vec![id()]));
        assert_eq!(judge(Some(refused), 3), Verdict::Decide);
        let gone = Decided { attempt: 2, needed_by: vec![] };
        assert_eq!(judge(Some(gone.clone()), 1), Verdict::Superseded);
        assert_eq!(judge(Some(gone.clone()), 2), Verdict::Gone);
        assert_eq!(judge(Some(gone), 3), Verdict::Gone);
    }
}
