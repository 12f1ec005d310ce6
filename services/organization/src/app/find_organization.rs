//! Finding an organization for other services.

use super::{Organizations, ReadError, Refused};
use crate::{
    domain::organization::Organization,
    store::{organizations, spaces},
};
use pass_types::{OrganizationHandle, OrganizationId, SpaceKey};

/// What it is found by.
#[derive(Debug)]
pub enum FindOrganization {
    /// Its id.
    Id(OrganizationId),
    /// Its Space Key.
    SpaceKey(SpaceKey),
    /// Its Organization ID, in use.
    Handle(OrganizationHandle),
}

impl Organizations {
    /// The organization, and whether it has a product whose plan has not ended (BIL-1). Only services of the
    /// suite may ask.
    #[tracing::instrument(skip_all)]
    pub async fn find_organization(&self, find: FindOrganization) -> Result<(Organization, bool), ReadError> {
        let mut conn = self.pool.acquire().await?;
        let id = match find {
            FindOrganization::Id(id) => Some(id),
            FindOrganization::SpaceKey(key) => organizations::of_space_key(&mut conn, &key).await?,
            FindOrganization::Handle(handle) => organizations::of_handle(&mut conn, &handle).await?,
        };
        let id = id.ok_or(Refused::NotFound)?;
        let organization = organizations::find(&mut conn, id).await?.ok_or(Refused::NotFound)?;
        let has_product = spaces::any(&mut conn, id, self.clock.now()).await?;
        Ok((organization, has_product))
    }
}
