//! Choosing the Organization ID (ORG-3).

use super::{By, Organizations, Refused, authorize, quota};
use crate::{
    domain::{authority::Needed, organization::Organization},
    events,
    store::{self, handles::History, quotas::Quota},
};
use pass_mesh::{Fault, NeighbourError, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, NotEntitled, OrganizationHandle, OrganizationId};
use sqlx::PgConnection;
use std::time::Duration;

/// What to set.
#[derive(Debug)]
pub struct SetHandle {
    /// Of which organization.
    pub organization: OrganizationId,
    /// The Organization ID.
    pub handle: OrganizationHandle,
}

/// The Organization ID can't be set.
#[derive(Debug, thiserror::Error)]
pub enum SetHandleError {
    /// The person may not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The organization does not have Nulab Pass.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// It is, or was, another organization's.
    #[error("the Nulab Organization ID is already used")]
    Taken,
    /// The organization has had as many as it may have, and this would be another one.
    #[error("the organization has had as many Organization IDs as it may have")]
    TooMany,
    /// Too many changes today.
    #[error("the Organization ID can't be changed any more today")]
    TooManyToday {
        /// When the next day begins.
        retry_after: Duration,
    },
    /// A fault of ours.
    #[error("the Organization ID could not be set")]
    Fault(#[source] Fault),
}

faults!(SetHandleError: sqlx::Error, NeighbourError);
refusals!(SetHandleError: Refused);

impl From<Needed> for SetHandleError {
    fn from(needed: Needed) -> Self {
        Self::Refused(needed.into())
    }
}

impl Problem for SetHandleError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::NotEntitled(_) | Self::TooMany => Kind::Precondition,
            Self::Taken => Kind::AlreadyExists,
            Self::TooManyToday { .. } => Kind::RateLimited,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::NotEntitled(NotEntitled::Needed) => ErrorReason::NulabPassNeeded,
            Self::NotEntitled(NotEntitled::Ended) => ErrorReason::NulabPassEnded,
            Self::Taken => ErrorReason::OrganizationHandleTaken,
            Self::TooMany => ErrorReason::OrganizationHandleLimit,
            Self::TooManyToday { .. } => ErrorReason::RateLimited,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            _ => vec![],
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyToday { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}

impl Organizations {
    /// Sets or changes it. The one that it has already changes nothing; an earlier one may be taken back.
    #[tracing::instrument(skip_all, fields(org.id = %set.organization))]
    pub async fn set_handle(&self, by: &By, set: SetHandle) -> Result<Organization, SetHandleError> {
        let SetHandle { organization, handle } = set;
        self.may_set_handle(by, organization).await?;
        self.entitlements.of(&by.calls, organization).await?.require()?;
        let mut tx = self.pool.begin().await?;
        let administrator = authorize::administrator_alone(&mut tx, by, organization).await?;
        let id = administrator.organization();
        let was = store::organizations::find(&mut tx, id).await?.ok_or(Refused::NotFound)?;
        if was.handle.as_ref() == Some(&handle) {
            return Ok(was);
        }
        self.leave_room_for_handle(&mut tx, id, &handle).await?;
        let (now, limit) = (self.clock.now(), self.settings.handle_changes_per_day);
        if let Some(retry_after) = quota::take(&mut tx, &[Quota::HandleChanges(id)], limit, now).await? {
            return Err(SetHandleError::TooManyToday { retry_after });
        }
        if !store::handles::take(&mut tx, id, &handle, now).await? {
            return Err(SetHandleError::Taken);
        }
        self.outbox.publish(&mut tx, events::organization_handle_changed(by, id)).await?;
        tx.commit().await?;
        Ok(Organization { handle: Some(handle), ..was })
    }

    /// Nobody else may ever have what an organization has had: it can't take one after the other. The caller
    /// holds the organization's row.
    async fn leave_room_for_handle(
        &self,
        conn: &mut PgConnection,
        organization: OrganizationId,
        handle: &OrganizationHandle,
    ) -> Result<(), SetHandleError> {
        let History { count, has_had } = store::handles::history(conn, organization, handle).await?;
        if has_had || count < self.settings.organization_handles {
            Ok(())
        } else {
            Err(SetHandleError::TooMany)
        }
    }

    /// Before billing is asked, which strangers are not to find out from. It is authorized again where it
    /// counts.
    async fn may_set_handle(&self, by: &By, organization: OrganizationId) -> Result<(), SetHandleError> {
        let mut conn = self.pool.acquire().await?;
        authorize::member(&mut conn, by, organization).await?.administrator()?;
        Ok(())
    }
}
