//! What the console asks of the other services, always on somebody's behalf. The only protobuf: what
//! comes back is converted into plain values here.

mod billing;
mod credential;
mod domains;
mod identity;
mod managed;
mod members;
mod organization;
mod profile;
mod saml;
mod security;
mod spaces;

pub use billing::{Application, ApplicationState, NewApplication, NulabPass, NulabPassState};
pub use domains::{Domain, Finding, FindingKind};
pub use identity::{Account, Profile, SignedInBrowser};
pub use managed::{ManagedAccount, ManagedChange, ManagedState, NewManagedAccount, Team};
pub use members::Member;
#[cfg(test)]
pub use organization::Organization;
pub use organization::{
    Invitation, InvitationState, InvitationView, Invitee, Membership, Space, SpaceState, Trial,
};
#[cfg(test)]
pub use profile::Obstacle;
pub use profile::{DeletionPlace, DeletionPreview};
#[cfg(test)]
pub use saml::{Certificate, Verdict};
pub use saml::{Connection, NewDraft, Outcome, SamlSettings, SamlSignIn, SamlTest, TestState};
pub use security::{Login, SecurityEvent};
#[cfg(test)]
pub use spaces::SpaceView;
pub use spaces::{ConnectedSpace, NewSpaceLink, SpaceProfile};

use pass_mesh::{CallContext, Channel, Failure, Mesh, MeshError};
use pass_proto::{
    billing::v1::{
        application_service_client::ApplicationServiceClient, operator_service_client::OperatorServiceClient,
    },
    convert::FromWire,
    domains::v1::domain_service_client::DomainServiceClient,
    identity::v1::{
        account_service_client::AccountServiceClient, credential_service_client::CredentialServiceClient,
        managed_account_service_client::ManagedAccountServiceClient,
        profile_service_client::ProfileServiceClient,
        saml_connection_service_client::SamlConnectionServiceClient,
        security_service_client::SecurityServiceClient, session_service_client::SessionServiceClient,
        space_link_service_client::SpaceLinkServiceClient,
    },
    organization::v1::{
        invitation_service_client::InvitationServiceClient, member_service_client::MemberServiceClient,
        organization_service_client::OrganizationServiceClient, team_service_client::TeamServiceClient,
    },
};
use pass_types::{Invalid, Language, Origin};
use pass_web::Refusal;
use tonic::Status;

/// The services that the console asks.
#[derive(Clone)]
pub struct Suite {
    accounts: AccountServiceClient<Channel>,
    profiles: ProfileServiceClient<Channel>,
    sessions: SessionServiceClient<Channel>,
    spaces: SpaceLinkServiceClient<Channel>,
    organizations: OrganizationServiceClient<Channel>,
    members: MemberServiceClient<Channel>,
    invitations: InvitationServiceClient<Channel>,
    teams: TeamServiceClient<Channel>,
    managed: ManagedAccountServiceClient<Channel>,
    saml: SamlConnectionServiceClient<Channel>,
    security: SecurityServiceClient<Channel>,
    credentials: CredentialServiceClient<Channel>,
    domains: DomainServiceClient<Channel>,
    applications: ApplicationServiceClient<Channel>,
    operators: OperatorServiceClient<Channel>,
}

impl Suite {
    /// From the console's place in the mesh.
    pub fn new(mesh: &Mesh) -> Result<Self, MeshError> {
        let (identity, organization) = (mesh.channel("identity")?, mesh.channel("organization")?);
        let (domains, billing) = (mesh.channel("domain-verification")?, mesh.channel("billing")?);
        Ok(Self {
            accounts: AccountServiceClient::new(identity.clone()),
            profiles: ProfileServiceClient::new(identity.clone()),
            sessions: SessionServiceClient::new(identity.clone()),
            spaces: SpaceLinkServiceClient::new(identity.clone()),
            organizations: OrganizationServiceClient::new(organization.clone()),
            members: MemberServiceClient::new(organization.clone()),
            invitations: InvitationServiceClient::new(organization.clone()),
            teams: TeamServiceClient::new(organization),
            managed: ManagedAccountServiceClient::new(identity.clone()),
            security: SecurityServiceClient::new(identity.clone()),
            credentials: CredentialServiceClient::new(identity.clone()),
            saml: SamlConnectionServiceClient::new(identity),
            domains: DomainServiceClient::new(domains),
            applications: ApplicationServiceClient::new(billing.clone()),
            operators: OperatorServiceClient::new(billing),
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

fn language_code(language: Language) -> i32 {
    language.to_wire() as i32
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct List<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Token of the next page; empty: this is the last.
    pub next: String,
}

fn list<W, T>(
    items: Vec<W>,
    next: String,
    each: impl Fn(W) -> Result<T, Invalid>,
) -> Result<List<T>, Refusal> {
    let items = items.into_iter().map(each).collect::<Result<_, _>>().map_err(unusable("list"))?;
    Ok(List { items, next })
}
