//! One organization, as one of its members sees it.

use super::{By, Organizations, ReadError, Refused, authorize};
use crate::{
    domain::organization::{Organization, Space},
    store,
};
use pass_types::{Membership, OrganizationId};

impl Organizations {
    /// The organization, the person's place in it, and its Spaces.
    #[tracing::instrument(skip_all, fields(org.id = %id))]
    pub async fn get_organization(
        &self,
        by: &By,
        id: OrganizationId,
    ) -> Result<(Organization, Membership, Vec<Space>), ReadError> {
        let mut conn = self.pool.acquire().await?;
        let member = authorize::member(&mut conn, by, id).await?;
        let id = member.organization();
        let organization = store::organizations::find(&mut conn, id).await?.ok_or(Refused::NotFound)?;
        let spaces = store::spaces::list(&mut conn, id).await?;
        Ok((organization, member.membership().clone(), spaces))
    }
}
