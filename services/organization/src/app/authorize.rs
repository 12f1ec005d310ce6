//! The first statement of each use case: what the person may do to this organization. Asked of the
//! database and not of the token, whose role may be five minutes old.

use super::{By, Driver, Refused};
use crate::{
    domain::authority::{Administrator, AnyMember, Inviter, Keeper, TeamFounder},
    store,
};
use pass_types::OrganizationId;
use sqlx::PgConnection;

/// Why somebody may not, or that it is not known.
pub type Unauthorized = pass_mesh::Unauthorized<Refused>;

/// Nobody else decides about an organization's members, teams or Organization ID until the transaction ends.
#[derive(Debug)]
pub struct Alone(OrganizationId);

impl Alone {
    /// With which organization.
    pub fn organization(&self) -> OrganizationId {
        self.0
    }
}

/// A member of any role, for reading.
pub async fn member(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<AnyMember, Unauthorized> {
    let account = by.person.account;
    let place = store::members::place(conn, organization, account).await?;
    let membership = place.ok_or(Unauthorized::Refused(Refused::NotFound))?;
    Ok(AnyMember::loaded(account, membership))
}

/// A member of any role, who stays so until the transaction ends.
async fn member_held(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<AnyMember, Unauthorized> {
    let account = by.person.account;
    let place = store::members::place_held(conn, organization, account).await?;
    let membership = place.ok_or(Unauthorized::Refused(Refused::NotFound))?;
    Ok(AnyMember::loaded(account, membership))
}

/// An administrator, until the transaction ends.
pub async fn administrator(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<Administrator, Unauthorized> {
    member_held(conn, by, organization)
        .await?
        .administrator()
        .map_err(|needed| Unauthorized::Refused(needed.into()))
}

/// Somebody who may invite by mail, until the transaction ends.
pub async fn inviter(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<Inviter, Unauthorized> {
    member_held(conn, by, organization)
        .await?
        .inviter()
        .map_err(|needed| Unauthorized::Refused(needed.into()))
}

/// Somebody who may make teams, and nobody else makes one until the transaction ends.
pub async fn team_founder_alone(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<TeamFounder, Unauthorized> {
    alone(conn, organization).await?;
    member_held(conn, by, organization)
        .await?
        .team_founder()
        .map_err(|needed| Unauthorized::Refused(needed.into()))
}

/// An administrator, and nobody else decides about members, teams or the Organization ID until the transaction ends.
pub async fn administrator_alone(
    conn: &mut PgConnection,
    by: &By,
    organization: OrganizationId,
) -> Result<Administrator, Unauthorized> {
    alone(conn, organization).await?;
    administrator(conn, by, organization).await
}

/// Who may change members that are Managed Accounts.
pub async fn keeper(conn: &mut PgConnection, driver: &Driver, alone: &Alone) -> Result<Keeper, Unauthorized> {
    match driver {
        Driver::Person(by) => administrator(conn, by, alone.organization()).await.map(Keeper::Person),
        Driver::Identity { .. } => Ok(Keeper::Identity(alone.organization())),
    }
}

/// Locks an organization. Says nothing about who may do what.
pub async fn alone(conn: &mut PgConnection, organization: OrganizationId) -> Result<Alone, Unauthorized> {
    let there = store::organizations::lock(conn, organization).await?;
    if there { Ok(Alone(organization)) } else { Err(Unauthorized::Refused(Refused::NotFound)) }
}
