//! The first statement of what administrators do: what the person may do to this organization. Asked of
//! organization and not of the token, whose role may be five minutes old.

use super::{Identity, Owner};
use pass_mesh::{Failure, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Kind, OrganizationId, Privilege, Privileges, Role};
use std::time::Duration;

/// An administrator of an organization, as of now.
pub struct Administrator<'a> {
    /// Of this one.
    pub organization: OrganizationId,
    /// Who it is.
    pub owner: &'a Owner<'a>,
    privileges: Privileges,
}

/// Why somebody is no administrator here.
#[derive(Debug, thiserror::Error)]
pub enum Unauthorized {
    /// They are no member, or there is no such organization: they can't tell which.
    #[error("there is no such organization")]
    NotFound,
    /// They are, but not this (ORG-5).
    #[error("this needs the role or privilege {0}")]
    RoleMissing(&'static str),
    /// Organization did not say.
    #[error("the organization's members could not be asked just now")]
    Unknown(#[source] Failure),
}

impl Administrator<'_> {
    /// Whose account it is.
    pub fn account(&self) -> AccountId {
        self.owner.account
    }

    /// Refuses privileges that the administrator may not grant (ORG-4).
    pub fn may_grant(&self, privileges: &Privileges) -> Result<(), Unauthorized> {
        let plan_admin = Privilege::PlanAdmin;
        if privileges.has(plan_admin) && !self.privileges.has(plan_admin) {
            return Err(Unauthorized::RoleMissing(plan_admin.as_str()));
        }
        Ok(())
    }
}

impl Identity {
    /// Authorizes the person as an administrator of the organization.
    pub async fn administrator<'a>(
        &self,
        owner: &'a Owner<'a>,
        organization: OrganizationId,
    ) -> Result<Administrator<'a>, Unauthorized> {
        let calls = owner.caller.as_system().within(self.rules.call);
        let place = self.neighbours.membership(&calls, owner.account, organization).await;
        let place = place.map_err(Unauthorized::Unknown)?.ok_or(Unauthorized::NotFound)?;
        if place.role != Role::Administrator {
            return Err(Unauthorized::RoleMissing(Role::Administrator.as_str()));
        }
        Ok(Administrator { organization, owner, privileges: place.privileges })
    }
}

impl Problem for Unauthorized {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::RoleMissing(_) => Kind::Forbidden,
            Self::Unknown(failure) => super::neighbour_kind(failure).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::RoleMissing(_) => ErrorReason::RoleMissing,
            Self::Unknown(failure) => super::neighbour_kind(failure).1,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unknown(failure) => failure.retry_after,
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::RoleMissing(needed) => vec![("needed", (*needed).to_owned())],
            _ => Vec::new(),
        }
    }
}
