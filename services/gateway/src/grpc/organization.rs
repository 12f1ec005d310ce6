//! What the gateway asks organization: which place in which organization a token may name.

use super::broken;
use pass_mesh::{CallContext, Channel, Failure};
use pass_proto::{
    convert::{FromWire, privileges_from_wire},
    organization::v1::{self as wire, membership_service_client::MembershipServiceClient},
};
use pass_types::{AccountId, Membership, OrganizationId, Product, Role};

/// Organization, as the gateway calls it.
#[derive(Clone)]
pub struct Organizations(Channel);

impl Organizations {
    /// Over a channel of the mesh.
    pub fn new(channel: Channel) -> Self {
        Self(channel)
    }

    /// The account's place in the asked-for organization, else in the one that suits the product best;
    /// `None`: it has none there.
    pub async fn membership(
        &self,
        account: AccountId,
        asked: Option<OrganizationId>,
        product: Option<Product>,
    ) -> Result<Option<Membership>, Failure> {
        let message = wire::ResolveMembershipRequest {
            account_id: account.to_string(),
            organization_id: asked.map(|id| id.to_string()).unwrap_or_default(),
            product: product.map_or(0, |product| product.to_wire() as i32),
        };
        let request = CallContext::system().request(message);
        let answer = MembershipServiceClient::new(self.0.clone()).resolve_membership(request).await?;
        let wire::ResolveMembershipResponse { organization_id, role, privileges } = answer.into_inner();
        if organization_id.is_empty() {
            return Ok(None);
        }
        let membership = Membership {
            organization: organization_id.parse().map_err(broken)?,
            role: Role::from_wire(role).map_err(broken)?,
            privileges: privileges_from_wire(&privileges).map_err(broken)?,
        };
        // Asked for one, told of another: nothing to rely on.
        Ok(Some(membership).filter(|it| asked.is_none_or(|asked| asked == it.organization)))
    }
}
