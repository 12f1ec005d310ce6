//! Whether an organization has Nulab Pass now (BIL-6).

use super::{Billing, ReadError};
use crate::{domain::subscription::Entitlement, store};
use pass_types::OrganizationId;

impl Billing {
    /// Whether it has, by the clock. Only services of the suite may ask.
    #[tracing::instrument(skip_all, fields(org.id = %organization))]
    pub async fn check_entitlement(&self, organization: OrganizationId) -> Result<Entitlement, ReadError> {
        let mut conn = self.pool.acquire().await?;
        let subscription = store::subscriptions::find(&mut conn, organization).await?;
        Ok(subscription.map_or(Entitlement::None, |it| it.entitlement(self.clock.now())))
    }
}
