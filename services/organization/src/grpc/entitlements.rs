//! Asking billing what an organization has.

use pass_mesh::{CallContext, Channel, NeighbourError, answer as answered};
use pass_proto::{
    billing::v1::{CheckEntitlementRequest, seat_service_client::SeatServiceClient},
    convert::entitlement,
};
use pass_types::{Entitlement, OrganizationId};

/// Billing's entitlements.
#[derive(Clone)]
pub struct Entitlements(SeatServiceClient<Channel>);

/// Its name, in errors.
const NAME: &str = "billing";

impl Entitlements {
    /// By a channel to billing.
    pub fn new(channel: Channel) -> Self {
        Self(SeatServiceClient::new(channel))
    }

    /// What an organization has of Nulab Pass now: billing judges by the clock.
    pub async fn of(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
    ) -> Result<Entitlement, NeighbourError> {
        let request = CheckEntitlementRequest { organization_id: organization.to_string() };
        let answer = self.0.clone().check_entitlement(calls.request(request)).await;
        let invalid = |invalid| NeighbourError::Answer(NAME, invalid);
        entitlement(&answered(NAME, answer)?).map_err(invalid)
    }
}
