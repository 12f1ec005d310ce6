//! What identity asks the others: organization, billing, domain-verification.

use crate::domain::{
    deletion::{Deletion, Obstacle, Place},
    managed::{Managed, Wish},
};
use pass_mesh::{CallContext, Channel, Failure, Mesh, MeshError};
use pass_proto::{
    billing::v1::{
        CheckEntitlementRequest, ForgetPersonRequest, FreeSeatRequest, TakeSeatRequest,
        person_service_client::PersonServiceClient, seat_service_client::SeatServiceClient,
    },
    convert::{FromWire, entitlement, privileges_from_wire, privileges_to_wire},
    domains::v1::{
        CheckDomainRequest, FindOrganizationsRequest, verification_service_client::VerificationServiceClient,
    },
    errors::v1::ErrorReason,
    organization::v1::{
        self as wire, AddManagedMemberRequest, FindOrganizationRequest, RemoveManagedMemberRequest,
        ResolveMembershipRequest, SetManagedMemberSuspendedRequest,
        account_deletion_service_client::AccountDeletionServiceClient, find_organization_request::By,
        managed_member_service_client::ManagedMemberServiceClient,
        membership_service_client::MembershipServiceClient,
    },
};
use pass_types::{
    AccountId, Entitlement, Invalid, Kind, Membership, OrganizationHandle, OrganizationId, OrganizationName,
    Role, SpaceKey,
};

/// The services that identity asks. Clones share connections.
#[derive(Clone)]
pub struct Neighbours {
    memberships: MembershipServiceClient<Channel>,
    members: ManagedMemberServiceClient<Channel>,
    deletions: AccountDeletionServiceClient<Channel>,
    seats: SeatServiceClient<Channel>,
    people: PersonServiceClient<Channel>,
    domains: VerificationServiceClient<Channel>,
}

/// An organization, as much of it as signing in needs.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Never changes.
    pub id: OrganizationId,
    /// For people.
    pub name: OrganizationName,
    /// Never changes.
    pub space_key: SpaceKey,
    /// What its people type to sign in, if it has chosen something.
    pub handle: Option<OrganizationHandle>,
}

/// How an organization is looked up.
#[derive(Debug, Clone)]
pub enum Named {
    /// By its id.
    Id(OrganizationId),
    /// By what people type.
    Handle(OrganizationHandle),
}

/// An answer that can't be.
fn malformed(Invalid(problem): Invalid) -> Failure {
    Failure {
        kind: Kind::Internal,
        reason: ErrorReason::Internal,
        violations: Vec::new(),
        message: format!("an answer of another service is not valid: {problem}"),
        metadata: std::collections::HashMap::new(),
        retry_after: None,
    }
}

impl Neighbours {
    /// By channels of the mesh.
    pub fn new(mesh: &Mesh) -> Result<Self, MeshError> {
        let (organization, billing) = (mesh.channel("organization")?, mesh.channel("billing")?);
        Ok(Self {
            memberships: MembershipServiceClient::new(organization.clone()),
            members: ManagedMemberServiceClient::new(organization.clone()),
            deletions: AccountDeletionServiceClient::new(organization),
            seats: SeatServiceClient::new(billing.clone()),
            people: PersonServiceClient::new(billing),
            domains: VerificationServiceClient::new(mesh.channel("domain-verification")?),
        })
    }

    /// An account's place in an organization, if it has one.
    pub async fn membership(
        &self,
        calls: &CallContext,
        account: AccountId,
        organization: OrganizationId,
    ) -> Result<Option<Membership>, Failure> {
        let question = ResolveMembershipRequest {
            account_id: account.to_string(),
            organization_id: organization.to_string(),
            product: 0,
        };
        let answer = self.memberships.clone().resolve_membership(calls.request(question)).await?;
        let wire::ResolveMembershipResponse { organization_id, role, privileges } = answer.into_inner();
        if organization_id != organization.to_string() {
            return Ok(None);
        }
        let role = Role::from_wire(role).map_err(malformed)?;
        let privileges = privileges_from_wire(&privileges).map_err(malformed)?;
        Ok(Some(Membership { organization, role, privileges }))
    }

    /// An organization, if there is one.
    pub async fn organization(
        &self,
        calls: &CallContext,
        named: Named,
    ) -> Result<Option<Organization>, Failure> {
        let by = match named {
            Named::Id(id) => By::OrganizationId(id.to_string()),
            Named::Handle(handle) => By::Handle(handle.as_str().to_owned()),
        };
        let question = FindOrganizationRequest { by: Some(by) };
        match self.memberships.clone().find_organization(calls.request(question)).await {
            Ok(answer) => answer.into_inner().organization.map(organization).transpose().map_err(malformed),
            Err(status) => match Failure::of(&status) {
                failure if failure.reason == ErrorReason::NotFound => Ok(None),
                failure => Err(failure),
            },
        }
    }

    /// Makes the account a member, as was wished.
    pub async fn add_member(
        &self,
        calls: &CallContext,
        managed: &Managed,
        wish: &Wish,
    ) -> Result<(), Failure> {
        let request = AddManagedMemberRequest {
            organization_id: managed.organization.to_string(),
            account_id: managed.account.id.to_string(),
            attempt: managed.attempt,
            name: wish.name.as_str().to_owned(),
            email: wish.email.as_str().to_owned(),
            role: wish.role.to_wire() as i32,
            privileges: privileges_to_wire(&wish.privileges),
            team_ids: wish.teams.iter().map(ToString::to_string).collect(),
        };
        self.members.clone().add_managed_member(calls.request(request)).await?;
        Ok(())
    }

    /// The account is no member any more, and does not become one by this attempt.
    pub async fn remove_member(&self, calls: &CallContext, managed: &Managed) -> Result<(), Failure> {
        let request = RemoveManagedMemberRequest {
            organization_id: managed.organization.to_string(),
            account_id: managed.account.id.to_string(),
            attempt: managed.attempt,
        };
        self.members.clone().remove_managed_member(calls.request(request)).await?;
        Ok(())
    }

    /// Where a Nulab Account is a member, and what stands in the way of its deletion.
    pub async fn deletion_places(
        &self,
        calls: &CallContext,
        account: AccountId,
    ) -> Result<Vec<Place>, Failure> {
        let question = wire::PreviewAccountDeletionRequest { account_id: account.to_string() };
        let answer = self.deletions.clone().preview_account_deletion(calls.request(question)).await?;
        answer.into_inner().places.into_iter().map(|it| place(it).map_err(malformed)).collect()
    }

    /// Has organization decide about a deletion, and erase what it keeps of the account.
    pub async fn erase_account(&self, calls: &CallContext, deletion: &Deletion) -> Result<(), Failure> {
        let request = wire::EraseAccountRequest {
            account_id: deletion.account.to_string(),
            attempt: deletion.attempt,
            email: deletion.email.as_str().to_owned(),
        };
        self.deletions.clone().erase_account(calls.request(request)).await?;
        Ok(())
    }

    /// Has billing erase what it keeps of an account that organization has let go.
    pub async fn forget_person(&self, calls: &CallContext, deletion: &Deletion) -> Result<(), Failure> {
        let request = ForgetPersonRequest {
            account_id: deletion.account.to_string(),
            email: deletion.email.as_str().to_owned(),
        };
        self.people.clone().forget_person(calls.request(request)).await?;
        Ok(())
    }

    /// The member is suspended from now on, or is so no more.
    pub async fn set_member_suspended(
        &self,
        calls: &CallContext,
        managed: &Managed,
        suspended: bool,
    ) -> Result<(), Failure> {
        let request = SetManagedMemberSuspendedRequest {
            organization_id: managed.organization.to_string(),
            account_id: managed.account.id.to_string(),
            attempt: managed.attempt,
            suspended,
        };
        self.members.clone().set_managed_member_suspended(calls.request(request)).await?;
        Ok(())
    }

    /// Takes a seat for the account.
    pub async fn take_seat(&self, calls: &CallContext, managed: &Managed) -> Result<(), Failure> {
        let request = TakeSeatRequest {
            organization_id: managed.organization.to_string(),
            account_id: managed.account.id.to_string(),
            attempt: managed.attempt,
        };
        self.seats.clone().take_seat(calls.request(request)).await?;
        Ok(())
    }

    /// Frees the account's seat, and does not let this attempt take one.
    pub async fn free_seat(&self, calls: &CallContext, managed: &Managed) -> Result<(), Failure> {
        let request = FreeSeatRequest {
            organization_id: managed.organization.to_string(),
            account_id: managed.account.id.to_string(),
            attempt: managed.attempt,
        };
        self.seats.clone().free_seat(calls.request(request)).await?;
        Ok(())
    }

    /// Whether an organization has Nulab Pass, by the clock.
    pub async fn entitlement(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
    ) -> Result<Entitlement, Failure> {
        let question = CheckEntitlementRequest { organization_id: organization.to_string() };
        let answer = self.seats.clone().check_entitlement(calls.request(question)).await?.into_inner();
        entitlement(&answer).map_err(malformed)
    }

    /// Whether new addresses of the organization may be in a domain.
    pub async fn is_domain_verified(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
        domain: &str,
    ) -> Result<bool, Failure> {
        let question =
            CheckDomainRequest { organization_id: organization.to_string(), name: domain.to_owned() };
        Ok(self.domains.clone().check_domain(calls.request(question)).await?.into_inner().verified)
    }

    /// The organizations that have verified a domain.
    pub async fn organizations_of_domain(
        &self,
        calls: &CallContext,
        domain: &str,
    ) -> Result<Vec<OrganizationId>, Failure> {
        let question = FindOrganizationsRequest { name: domain.to_owned() };
        let answer = self.domains.clone().find_organizations(calls.request(question)).await?.into_inner();
        answer.organization_ids.iter().map(|id| id.parse().map_err(malformed)).collect()
    }
}

fn place(place: wire::AccountPlace) -> Result<Place, Invalid> {
    use wire::account_place::Obstacle as Wire;
    let obstacle = match place.obstacle() {
        Wire::None => None,
        Wire::OnlyMember => Some(Obstacle::OnlyMember),
        Wire::LastAdministrator => Some(Obstacle::LastAdministrator),
        Wire::LastPlanAdmin => Some(Obstacle::LastPlanAdmin),
        Wire::Unspecified => return Err(Invalid("an obstacle is missing")),
    };
    let wire::AccountPlace { organization_id, name, obstacle: _ } = place;
    Ok(Place { organization: organization_id.parse()?, name: name.parse()?, obstacle })
}

fn organization(organization: wire::Organization) -> Result<Organization, Invalid> {
    let wire::Organization { organization_id, name, space_key, create_time: _, handle } = organization;
    Ok(Organization {
        id: organization_id.parse()?,
        name: name.parse()?,
        space_key: space_key.parse()?,
        handle: if handle.is_empty() { None } else { Some(handle.parse()?) },
    })
}
