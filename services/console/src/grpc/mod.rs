//! What the console asks of identity and organization, always on somebody's behalf. The only protobuf: what
//! comes back is converted into plain values here.

mod identity;
mod organization;

pub use identity::{Account, Profile, SignedInBrowser};
#[cfg(test)]
pub use organization::Organization;
pub use organization::{
    Invitation, InvitationState, InvitationView, Invitee, Member, Membership, Space, SpaceState, Trial,
};

use pass_mesh::{CallContext, Channel, Failure, Mesh, MeshError};
use pass_proto::{
    identity::v1::{
        account_service_client::AccountServiceClient, session_service_client::SessionServiceClient,
    },
    organization::v1::{
        invitation_service_client::InvitationServiceClient, member_service_client::MemberServiceClient,
        organization_service_client::OrganizationServiceClient,
    },
};
use pass_types::{Invalid, Origin};
use pass_web::Refusal;
use tonic::Status;

/// The services that the console asks.
#[derive(Clone)]
pub struct Suite {
    accounts: AccountServiceClient<Channel>,
    sessions: SessionServiceClient<Channel>,
    organizations: OrganizationServiceClient<Channel>,
    members: MemberServiceClient<Channel>,
    invitations: InvitationServiceClient<Channel>,
}

impl Suite {
    /// From the console's place in the mesh.
    pub fn new(mesh: &Mesh) -> Result<Self, MeshError> {
        let (identity, organization) = (mesh.channel("identity")?, mesh.channel("organization")?);
        Ok(Self {
            accounts: AccountServiceClient::new(identity.clone()),
            sessions: SessionServiceClient::new(identity),
            organizations: OrganizationServiceClient::new(organization.clone()),
            members: MemberServiceClient::new(organization.clone()),
            invitations: InvitationServiceClient::new(organization),
        })
    }

    /// On behalf of the person of an access token.
    pub fn as_person(&self, access_token: &str, origin: Origin) -> AsPerson {
        AsPerson { suite: self.clone(), context: CallContext::person(access_token, origin) }
    }
}

/// The services, asked on behalf of a person.
#[derive(Clone)]
pub struct AsPerson {
    suite: Suite,
    context: CallContext,
}

/// What the other side refused.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(status: Status) -> Refusal {
    Failure::of(&status).into()
}

/// The other side said something that can't be: a fault of the suite.
fn unusable(what: &'static str) -> impl FnOnce(Invalid) -> Refusal {
    move |Invalid(problem)| {
        tracing::error!(what, problem, "an answer can't be used");
        Refusal::internal()
    }
}
