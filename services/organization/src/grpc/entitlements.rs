//! Asking billing what an organization has.

use pass_mesh::{CallContext, Channel, Failure, Problem};
use pass_proto::{
    billing::v1::{CheckEntitlementRequest, seat_service_client::SeatServiceClient},
    convert::entitlement,
    errors::v1::ErrorReason,
};
use pass_types::{Entitlement, Invalid, Kind, OrganizationId};

/// Billing's entitlements.
#[derive(Clone)]
pub struct Entitlements(SeatServiceClient<Channel>);

/// Billing did not say what an organization has.
#[derive(Debug, thiserror::Error)]
pub enum EntitlementsError {
    /// It refused or did not answer.
    #[error("billing did not answer")]
    Call(#[source] Box<Failure>),
    /// It said something that can't be.
    #[error("billing's answer is not valid")]
    Answer(#[source] Invalid),
}

impl Problem for EntitlementsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Call(failure) if failure.kind == Kind::Unavailable => Kind::Unavailable,
            Self::Call(_) | Self::Answer(_) => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self.kind() {
            Kind::Unavailable => ErrorReason::Unavailable,
            _ => ErrorReason::Internal,
        }
    }
}

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
    ) -> Result<Entitlement, EntitlementsError> {
        let request = CheckEntitlementRequest { organization_id: organization.to_string() };
        let answer = self.0.clone().check_entitlement(calls.request(request)).await;
        let answer = answer.map_err(|status| EntitlementsError::Call(Box::new(Failure::of(&status))))?;
        entitlement(answer.get_ref()).map_err(EntitlementsError::Answer)
    }
}
