//! Identity and organization as the gateway sees them: a few accounts, sessions and memberships in memory,
//! behind real gRPC with the real contract's rules of access.

mod accounts;
mod credentials;
mod memberships;
mod profiles;
mod saml;
mod second_factors;
mod security;
mod sessions;

pub use profiles::IMAGE;
pub use saml::{Company, REFERENCE, response};
pub use second_factors::{ANSWER, CODE};

use pass_mesh::{Mesh, MeshConfig, Problem, Trust, development::Pki, status};
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{
        NewSession, Visit, account_service_server::AccountServiceServer,
        credential_service_server::CredentialServiceServer,
        managed_account_service_server::ManagedAccountServiceServer,
        profile_service_server::ProfileServiceServer, saml_sign_in_service_server::SamlSignInServiceServer,
        second_factor_service_server::SecondFactorServiceServer,
        security_service_server::SecurityServiceServer, session_service_server::SessionServiceServer,
    },
    organization::v1::membership_service_server::MembershipServiceServer,
    types::v1 as wire,
};
use pass_runtime::Context;
use pass_types::{
    AccountId, AccountKind, Entropy, Kind, OrganizationId, Role, Secret, SessionId, SharedClock,
};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use tonic::Status;

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Someone {
    pub id: AccountId,
    pub kind: AccountKind,
    pub name: String,
    pub email: String,
    pub password: String,
    pub language: wire::Language,
    pub appearance: wire::Appearance,
    /// The image's id; empty: none.
    pub image: String,
    pub operator: bool,
    pub suspended: bool,
}

#[derive(Debug, Clone)]
struct Open {
    id: SessionId,
    account: AccountId,
    begun: OffsetDateTime,
    anew: bool,
}

#[derive(Debug, Clone)]
pub struct Wish {
    pub token: String,
    pub name: String,
    pub email: String,
    pub language: wire::Language,
    pub time_zone: String,
    pub continuation: String,
}

/// What the stand-ins know.
#[derive(Default)]
pub struct State {
    accounts: Vec<Someone>,
    sessions: HashMap<String, Open>,
    pub members: HashMap<(AccountId, OrganizationId), Role>,
    pub wishes: Vec<Wish>,
    pub down: bool,
    /// How often a product's asking for tokens counted as use of a session.
    pub uses: usize,
    pub origins: Vec<pass_types::Origin>,
    /// What the gateway said of browsers that signed in.
    pub visits: Vec<Visit>,
    /// How often an image was asked for.
    pub images_asked: usize,
    /// The one image is not there any more.
    pub image_removed: bool,
    pub alerts: security::Alerts,
    /// There were too many wrong passwords (ACC-14).
    pub locked: bool,
    pub credentials: credentials::Credentials,
    pub factors: second_factors::Factors,
    pub saml: saml::Saml,
}

#[derive(Clone)]
pub struct Neighbours {
    state: Arc<Mutex<State>>,
    clock: SharedClock,
    entropy: Entropy,
}

#[derive(Debug, thiserror::Error)]
#[error("refused by the stand-in")]
struct Refused(Kind, ErrorReason, Vec<(&'static str, String)>);

impl Problem for Refused {
    fn kind(&self) -> Kind {
        self.0
    }
    fn reason(&self) -> ErrorReason {
        self.1
    }
    fn metadata(&self) -> Vec<(&'static str, String)> {
        self.2.clone()
    }
}

fn refused(kind: Kind, reason: ErrorReason) -> Status {
    status(Refused(kind, reason, Vec::new()))
}

fn over() -> Status {
    refused(Kind::Unauthenticated, ErrorReason::SessionEnded)
}

impl Neighbours {
    /// Starts both; gives their addresses.
    pub async fn start(pki: &Pki, context: &Context) -> (Self, HashMap<&'static str, SocketAddr>) {
        let it =
            Self { state: Arc::default(), clock: context.clock.clone(), entropy: context.entropy.clone() };
        let mut addresses = HashMap::new();
        for name in ["identity", "organization"] {
            let config: MeshConfig = pki.service(name).unwrap().config(pki.trust_domain());
            let mesh = Mesh::new(config, name, context).unwrap();
            let server = mesh.server(Trust::new("https://pass.example", context.clock.clone()));
            let server = if name == "identity" {
                server
                    .add(AccountServiceServer::new(it.clone()))
                    .add(SessionServiceServer::new(it.clone()))
                    .add(ProfileServiceServer::new(it.clone()))
                    .add(SamlSignInServiceServer::new(it.clone()))
                    .add(SecurityServiceServer::new(it.clone()))
                    .add(CredentialServiceServer::new(it.clone()))
                    .add(SecondFactorServiceServer::new(it.clone()))
                    .add(ManagedAccountServiceServer::new(it.clone()))
            } else {
                server.add(MembershipServiceServer::new(it.clone()))
            };
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            addresses.insert(name, listener.local_addr().unwrap());
            context.tasks.spawn(name, |shutdown| async move { Ok(server.serve(listener, shutdown).await?) });
        }
        (it, addresses)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Makes an account.
    pub fn account(&self, name: &str) -> Someone {
        let someone = Someone {
            id: AccountId::generate(&self.entropy, self.clock.now()),
            kind: AccountKind::Nulab,
            name: name.to_owned(),
            email: format!("{}@example.com", name.to_lowercase()),
            password: format!("the password of {name}"),
            language: wire::Language::En,
            appearance: wire::Appearance::System,
            image: String::new(),
            operator: false,
            suspended: false,
        };
        self.state().accounts.push(someone.clone());
        someone
    }

    /// Makes an account of staff's.
    pub fn operator(&self, name: &str) -> Someone {
        let someone = self.account(name);
        self.change(&someone, |account| account.operator = true)
    }

    /// Makes a Managed Account.
    pub fn managed(&self, name: &str) -> Someone {
        let someone = self.account(name);
        self.change(&someone, |account| account.kind = AccountKind::Managed)
    }

    /// Changes an account.
    pub fn change(&self, someone: &Someone, change: impl FnOnce(&mut Someone)) -> Someone {
        let mut state = self.state();
        let account = state.accounts.iter_mut().find(|it| it.id == someone.id).unwrap();
        change(account);
        account.clone()
    }

    /// Makes somebody a member of a new organization.
    pub fn organization_of(&self, someone: &Someone, role: Role) -> OrganizationId {
        let id = OrganizationId::generate(&self.entropy, self.clock.now());
        self.state().members.insert((someone.id, id), role);
        id
    }

    /// All sessions of somebody.
    pub fn sessions_of(&self, someone: &Someone) -> Vec<SessionId> {
        self.state().sessions.values().filter(|it| it.account == someone.id).map(|it| it.id).collect()
    }

    /// Ends a session, as identity does by itself.
    pub fn end(&self, session: SessionId) {
        self.state().sessions.retain(|_, it| it.id != session);
    }

    fn begin(&self, account: AccountId, anew: bool) -> NewSession {
        let now = self.clock.now();
        let token = Secret::generate(&self.entropy).reveal();
        let id = SessionId::generate(&self.entropy, now);
        self.state().sessions.insert(token.clone(), Open { id, account, begun: now, anew });
        NewSession {
            session_id: id.to_string(),
            token,
            expire_time: Some(timestamp(now + Duration::hours(12))),
        }
    }
}
