//! Organizations and their Spaces.

use pass_types::{
    OrganizationHandle, OrganizationId, OrganizationName, PlanName, Product, SpaceId, SpaceKey,
};
use time::{Duration, OffsetDateTime};

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: OrganizationName,
    /// Its permanent key (ORG-2).
    pub space_key: SpaceKey,
    /// What people type to sign in, its Organization ID (ORG-3), if it has one.
    pub handle: Option<OrganizationHandle>,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// One product of an organization (ORG-14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Of which organization.
    pub organization: OrganizationId,
    /// Which product.
    pub product: Product,
    /// Its name, unique in the product.
    pub id: SpaceId,
    /// The product's name for the plan.
    pub plan: PlanName,
    /// Where the plan stands, as recorded; ask [`Space::state`].
    pub recorded: SpaceState,
    /// When the trial ends or ended.
    pub trial_ends_at: OffsetDateTime,
}

/// Where a product's plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceState {
    /// The trial runs.
    Trial,
    /// It is paid for.
    Active,
    /// The trial or the plan is over.
    Ended,
}

impl Space {
    /// A trial that begins now and runs for `length` (ORG-1).
    pub fn trial(
        organization: OrganizationId,
        product: Product,
        id: SpaceId,
        plan: PlanName,
        now: OffsetDateTime,
        length: Duration,
    ) -> Self {
        Self { organization, product, id, plan, recorded: SpaceState::Trial, trial_ends_at: now + length }
    }

    /// Where the plan stands now. The end of a trial is a date, judged by the clock (API-5).
    pub fn state(&self, now: OffsetDateTime) -> SpaceState {
        match self.recorded {
            SpaceState::Trial if self.trial_ends_at <= now => SpaceState::Ended,
            recorded => recorded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;

    /// proves ORG-14: a trial is over at its end, by the clock and without a message
    #[test]
    fn a_trial_ends_by_the_clock() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let space = Space::trial(
            OrganizationId::generate(&Entropy::from_seed(1), now),
            Product::Backlog,
            "acme".parse().unwrap(),
            "standard".parse().unwrap(),
            now,
            Duration::days(30),
        );
        assert_eq!(space.state(now), SpaceState::Trial);
        assert_eq!(space.state(now + Duration::days(30) - Duration::MICROSECOND), SpaceState::Trial);
        assert_eq!(space.state(now + Duration::days(30)), SpaceState::Ended);
        let paid = Space { recorded: SpaceState::Active, ..space };
        assert_eq!(paid.state(now + Duration::days(31)), SpaceState::Active);
    }
}
