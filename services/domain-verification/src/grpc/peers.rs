//! Asking organization who somebody is there, billing what an organization has, and identity who uses a
//! domain.

use crate::domain::name::DomainName;
use pass_mesh::{CallContext, Channel, NeighbourError, answer};
use pass_proto::{
    billing::v1::{CheckEntitlementRequest, seat_service_client::SeatServiceClient},
    convert::{FromWire, entitlement},
    identity::v1::{
        CountManagedAccountsRequest, CountManagedAccountsResponse,
        directory_service_client::DirectoryServiceClient,
    },
    organization::v1::{
        ResolveMembershipRequest, ResolveMembershipResponse,
        membership_service_client::MembershipServiceClient,
    },
    types::v1::Product,
};
use pass_types::{AccountId, Entitlement, Invalid, OrganizationId, Role};

/// The services that this one asks.
#[derive(Clone)]
pub struct Peers {
    memberships: MembershipServiceClient<Channel>,
    seats: SeatServiceClient<Channel>,
    directory: DirectoryServiceClient<Channel>,
}

impl Peers {
    /// By channels to organization, billing and identity.
    pub fn new(organization: Channel, billing: Channel, identity: Channel) -> Self {
        Self {
            memberships: MembershipServiceClient::new(organization),
            seats: SeatServiceClient::new(billing),
            directory: DirectoryServiceClient::new(identity),
        }
    }

    /// An account's role in an organization, if it is a member.
    pub async fn role(
        &self,
        calls: &CallContext,
        account: AccountId,
        organization: OrganizationId,
    ) -> Result<Option<Role>, NeighbourError> {
        let request = ResolveMembershipRequest {
            account_id: account.to_string(),
            organization_id: organization.to_string(),
            product: Product::Unspecified.into(),
        };
        let resolved = self.memberships.clone().resolve_membership(calls.request(request)).await;
        let ResolveMembershipResponse { organization_id, role, privileges: _ } =
            answer("organization", resolved)?;
        if organization_id.is_empty() {
            return Ok(None);
        }
        let invalid = |invalid| NeighbourError::Answer("organization", invalid);
        if organization_id.parse::<OrganizationId>().map_err(invalid)? != organization {
            return Err(invalid(Invalid("must be the organization that was asked for")));
        }
        Role::from_wire(role).map(Some).map_err(invalid)
    }

    /// Whether an organization has Nulab Pass now.
    pub async fn entitlement(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
    ) -> Result<Entitlement, NeighbourError> {
        let request = CheckEntitlementRequest { organization_id: organization.to_string() };
        let checked = self.seats.clone().check_entitlement(calls.request(request)).await;
        entitlement(&answer("billing", checked)?)
            .map_err(|invalid| NeighbourError::Answer("billing", invalid))
    }

    /// How many Managed Accounts of an organization have an address under a domain, those that are being
    /// made included.
    pub async fn managed_accounts(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
        domain: &DomainName,
    ) -> Result<u32, NeighbourError> {
        let request = CountManagedAccountsRequest {
            organization_id: organization.to_string(),
            domain: domain.to_string(),
        };
        let counted = self.directory.clone().count_managed_accounts(calls.request(request)).await;
        let CountManagedAccountsResponse { count } = answer("identity", counted)?;
        u32::try_from(count).map_err(|_| NeighbourError::Answer("identity", Invalid("must not be negative")))
    }
}
