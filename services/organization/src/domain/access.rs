//! Whether a member may use a product, and why (API-3).

use crate::domain::organization::{Organization, Space, SpaceState};
use pass_types::Role;
use time::OffsetDateTime;

/// What is known about a person's place in an organization and one product there.
#[derive(Debug, Clone)]
pub struct Place {
    /// The organization.
    pub organization: Organization,
    /// The person's role in it.
    pub role: Role,
    /// Whether the account is suspended (MAN-5).
    pub suspended: bool,
    /// The product's Space there, if it has one.
    pub space: Option<Space>,
    /// Whether an administrator switched the product off for this member (ORG-9).
    pub switched_off: bool,
}

/// The answer.
#[derive(Debug, Clone)]
pub enum Decision {
    /// Yes.
    Allowed {
        /// The organization.
        organization: Organization,
        /// The Space.
        space: Space,
        /// The person's role in the organization.
        role: Role,
    },
    /// No.
    Refused(Refusal),
}

/// Why not, in the order in which it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The person is in no organization, or not in that Space's.
    NotAMember,
    /// The account is suspended (MAN-5).
    Suspended,
    /// The organization does not have this product, or there is no such Space.
    NoSpace,
    /// An administrator switched the product off for this member.
    ProductOff,
    /// The product's trial or plan has ended.
    PlanEnded,
}

impl Place {
    /// Decides for the product's Space in this organization.
    pub fn decide(self, now: OffsetDateTime) -> Decision {
        let Self { organization, role, suspended, space, switched_off } = self;
        if suspended {
            return Decision::Refused(Refusal::Suspended);
        }
        let Some(space) = space else { return Decision::Refused(Refusal::NoSpace) };
        if switched_off {
            return Decision::Refused(Refusal::ProductOff);
        }
        match space.state(now) {
            SpaceState::Ended => Decision::Refused(Refusal::PlanEnded),
            SpaceState::Trial | SpaceState::Active => Decision::Allowed { organization, space, role },
        }
    }
}
