//! Asking organization about organizations and their members.

use crate::domain::authority::is_plan_admin;
use pass_mesh::{CallContext, Channel, Failure, NeighbourError, answer as answered};
use pass_proto::{
    convert::{FromWire, privileges_from_wire},
    errors::v1::ErrorReason,
    organization::v1::{
        FindMemberRequest, FindMemberResponse, FindOrganizationRequest, FindOrganizationResponse, Member,
        ResolveMembershipRequest, ResolveMembershipResponse, find_organization_request::By,
        membership_service_client::MembershipServiceClient,
    },
};
use pass_types::{AccountId, Email, Invalid, Membership, OrganizationId, Role, SpaceKey};

/// Organization, as far as billing asks it.
#[derive(Clone)]
pub struct Organizations(MembershipServiceClient<Channel>);

/// What an application has to fit.
#[derive(Debug)]
pub struct Organization {
    /// Its Space Key.
    pub space_key: SpaceKey,
    /// Whether it has a product.
    pub has_product: bool,
}

/// Its name, in errors.
const NAME: &str = "organization";

fn invalid(invalid: Invalid) -> NeighbourError {
    NeighbourError::Answer(NAME, invalid)
}

impl Organizations {
    /// By a channel to organization.
    pub fn new(channel: Channel) -> Self {
        Self(MembershipServiceClient::new(channel))
    }

    /// An account's place in an organization, if it has one.
    pub async fn place(
        &self,
        calls: &CallContext,
        account: AccountId,
        organization: OrganizationId,
    ) -> Result<Option<Membership>, NeighbourError> {
        let request = calls.request(ResolveMembershipRequest {
            account_id: account.to_string(),
            organization_id: organization.to_string(),
            product: 0,
        });
        let answer = self.0.clone().resolve_membership(request).await;
        let place = place(answered(NAME, answer)?).map_err(invalid)?;
        match place {
            Some(place) if place.organization != organization => {
                Err(invalid(Invalid("must be about the organization that was asked for")))
            }
            place => Ok(place),
        }
    }

    /// An organization, if there is one.
    pub async fn find(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
    ) -> Result<Option<Organization>, NeighbourError> {
        let by = Some(By::OrganizationId(organization.to_string()));
        let answer = self.0.clone().find_organization(calls.request(FindOrganizationRequest { by })).await;
        let FindOrganizationResponse { organization, has_product } = match answer {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                let failure = Failure::of(&status);
                return match failure.reason {
                    ErrorReason::NotFound => Ok(None),
                    _ => Err(NeighbourError::Call(NAME, Box::new(failure))),
                };
            }
        };
        let found = organization.ok_or(Invalid("must have an organization"));
        let space_key = found.and_then(|it| it.space_key.parse()).map_err(invalid)?;
        Ok(Some(Organization { space_key, has_product }))
    }

    /// The account of the Plan Admin of the organization whose address it is and who can sign in, if there is one.
    pub async fn plan_admin(
        &self,
        calls: &CallContext,
        organization: OrganizationId,
        email: &Email,
    ) -> Result<Option<AccountId>, NeighbourError> {
        let (organization_id, email) = (organization.to_string(), email.as_str().to_owned());
        let request = calls.request(FindMemberRequest { organization_id, email });
        let answer = self.0.clone().find_member(request).await;
        let FindMemberResponse { members } = answered(NAME, answer)?;
        let plan_admin = |member: Member| {
            let place = Membership {
                organization,
                role: Role::from_wire(member.role)?,
                privileges: privileges_from_wire(&member.privileges)?,
            };
            let may = !member.suspended && is_plan_admin(&place);
            may.then(|| member.account_id.parse()).transpose()
        };
        let found: Result<Vec<Option<AccountId>>, Invalid> = members.into_iter().map(plan_admin).collect();
        Ok(found.map_err(invalid)?.into_iter().flatten().next())
    }
}

/// Empty: there is none.
fn place(answer: ResolveMembershipResponse) -> Result<Option<Membership>, Invalid> {
    let ResolveMembershipResponse { organization_id, role, privileges } = answer;
    if organization_id.is_empty() {
        return Ok(None);
    }
    Ok(Some(Membership {
        organization: organization_id.parse()?,
        role: Role::from_wire(role)?,
        privileges: privileges_from_wire(&privileges)?,
    }))
}
