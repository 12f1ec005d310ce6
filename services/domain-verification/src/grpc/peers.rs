//! Asking organization who somebody is there, billing what an organization has, and identity who uses a
//! domain.

use crate::domain::name::DomainName;
use pass_mesh::{CallContext, Channel, Failure, Problem};
use pass_proto::{
    billing::v1::{CheckEntitlementRequest, seat_service_client::SeatServiceClient},
    convert::{FromWire, entitlement},
    errors::v1::ErrorReason,
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
use pass_types::{AccountId, Entitlement, Invalid, Kind, OrganizationId, Role};
use tonic::{Response, Status};

/// The services that this one asks.
#[derive(Clone)]
pub struct Peers {
    memberships: MembershipServiceClient<Channel>,
    seats: SeatServiceClient<Channel>,
    directory: DirectoryServiceClient<Channel>,
}

/// Another service did not say something.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It refused or did not answer.
    #[error("{0} did not answer")]
    Call(&'static str, #[source] Box<Failure>),
    /// It said something that can't be.
    #[error("{0}'s answer is not valid")]
    Answer(&'static str, #[source] Invalid),
}

impl Problem for PeerError {
    fn kind(&self) -> Kind {
        match self {
            Self::Call(_, failure) if failure.kind == Kind::Unavailable => Kind::Unavailable,
            Self::Call(..) | Self::Answer(..) => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self.kind() {
            Kind::Unavailable => ErrorReason::Unavailable,
            _ => ErrorReason::Internal,
        }
    }
}

fn answer<T>(of: &'static str, answer: Result<Response<T>, Status>) -> Result<T, PeerError> {
    match answer {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => Err(PeerError::Call(of, Box::new(Failure::of(&status)))),
    }
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
    ) -> Result<Option<Role>, PeerError> {
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
        let invalid = |invalid| PeerError::Answer("organization", invalid);
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
    ) -> Result<Entitlement, PeerError> {
        let request = CheckEntitlementRequest { organization_id: organization.to_string() };
        let checked = self.seats.clone().check_entitlement(calls.request(request)).await;
        entitlement(&answer("billing", checked)?).map_err(|invalid| PeerError::Answer("billing", invalid))
    }

    /// How many Managed Accounts of an organization have an address under a domain, those that are being
    /// made included.
    pub async fn managed_accounts(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
        domain: &DomainName,
    ) -> Result<u32, PeerError> {
        let request = CountManagedAccountsRequest {
            organization_id: organization.to_string(),
            domain: domain.to_string(),
        };
        let counted = self.directory.clone().count_managed_accounts(calls.request(request)).await;
        let CountManagedAccountsResponse { count } = answer("identity", counted)?;
        u32::try_from(count).map_err(|_| PeerError::Answer("identity", Invalid("must not be negative")))
    }
}
