//! Where Nulab Pass stands in an organization.

use super::{Billing, By, ReadError};
use crate::{domain::subscription::NulabPass, store};
use pass_types::OrganizationId;

impl Billing {
    /// The latest application, and what came of it, for administrators and Plan Admins.
    #[tracing::instrument(skip_all, fields(org.id = %id))]
    pub async fn get_nulab_pass(&self, by: &By, id: OrganizationId) -> Result<NulabPass, ReadError> {
        let buyer = self.buyer(by, id).await?;
        let mut conn = self.pool.acquire().await?;
        // The application first: one that is approved between the two shows its trial all the same.
        let application = store::applications::latest(&mut conn, buyer.organization()).await?;
        let subscription = store::subscriptions::find(&mut conn, buyer.organization()).await?;
        Ok(NulabPass { application, subscription })
    }
}
