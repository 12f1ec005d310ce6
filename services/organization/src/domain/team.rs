//! Teams (ORG-8).

use pass_types::{OrganizationId, TeamId, TeamName};
use time::OffsetDateTime;

/// A team of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Of which organization.
    pub organization: OrganizationId,
    /// Its name, unique there whatever its case.
    pub name: TeamName,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// A team, and how many are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedTeam {
    /// The team.
    pub team: Team,
    /// How many members it has.
    pub members: i32,
}

/// A team, as lists of members show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamLabel {
    /// Which.
    pub team: TeamId,
    /// Its name.
    pub name: TeamName,
}
