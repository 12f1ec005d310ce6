//! Identity and organization as the gateway sees them: a few accounts, sessions and memberships in memory,
//! behind real gRPC with the real contract's rules of access.

use pass_mesh::{Mesh, MeshConfig, Problem, Trust, development::Pki, open, status};
use pass_proto::{
    convert::{FromWire, timestamp},
    errors::v1::ErrorReason,
    identity::v1::{
        account_service_server::{AccountService, AccountServiceServer},
        session_service_server::{SessionService, SessionServiceServer},
        *,
    },
    organization::v1::{
        ResolveMembershipRequest, ResolveMembershipResponse,
        membership_service_server::{MembershipService, MembershipServiceServer},
    },
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
use tonic::{Request, Response, Status};

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Someone {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub password: String,
    pub language: wire::Language,
}

#[derive(Debug, Clone)]
struct Open {
    id: SessionId,
    account: AccountId,
    begun: OffsetDateTime,
}

#[derive(Debug, Clone)]
pub struct Wish {
    pub token: String,
    pub name: String,
    pub email: String,
    pub language: wire::Language,
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
}

#[derive(Clone)]
pub struct Neighbours {
    state: Arc<Mutex<State>>,
    clock: SharedClock,
    entropy: Entropy,
}

#[derive(Debug, thiserror::Error)]
#[error("refused by the stand-in")]
struct Refused(Kind, ErrorReason);

impl Problem for Refused {
    fn kind(&self) -> Kind {
        self.0
    }
    fn reason(&self) -> ErrorReason {
        self.1
    }
}

fn refused(kind: Kind, reason: ErrorReason) -> Status {
    status(Refused(kind, reason))
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
                server.add(AccountServiceServer::new(it.clone())).add(SessionServiceServer::new(it.clone()))
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
            name: name.to_owned(),
            email: format!("{}@example.com", name.to_lowercase()),
            password: format!("the password of {name}"),
            language: wire::Language::En,
        };
        self.state().accounts.push(someone.clone());
        someone
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

    fn begin(&self, account: AccountId) -> NewSession {
        let now = self.clock.now();
        let token = Secret::generate(&self.entropy).reveal();
        let id = SessionId::generate(&self.entropy, now);
        self.state().sessions.insert(token.clone(), Open { id, account, begun: now });
        NewSession {
            session_id: id.to_string(),
            token,
            expire_time: Some(timestamp(now + Duration::hours(12))),
        }
    }

    fn tell(&self, find: impl Fn(&str, &Open) -> bool) -> Result<(Session, Account), Status> {
        let state = self.state();
        if state.down {
            return Err(refused(Kind::Unavailable, ErrorReason::Unavailable));
        }
        let (_, open) = state.sessions.iter().find(|(token, open)| find(token, open)).ok_or_else(over)?;
        let end = open.begun + Duration::hours(12);
        if self.clock.now() >= end {
            return Err(over());
        }
        let someone = state.accounts.iter().find(|it| it.id == open.account).ok_or_else(over)?;
        let session = Session {
            session_id: open.id.to_string(),
            account_id: open.account.to_string(),
            create_time: Some(timestamp(open.begun)),
            last_use_time: Some(timestamp(self.clock.now())),
            expire_time: Some(timestamp(end)),
            methods: vec!["pwd".to_owned()],
            address: String::new(),
            user_agent: String::new(),
        };
        Ok((session, account(someone, open.begun)))
    }
}

fn account(someone: &Someone, now: OffsetDateTime) -> Account {
    Account {
        account_id: someone.id.to_string(),
        kind: AccountKind::Nulab.to_wire().into(),
        name: someone.name.clone(),
        email: someone.email.clone(),
        unique_id: "user-1234567890".to_owned(),
        language: someone.language.into(),
        time_zone: "Asia/Tokyo".to_owned(),
        appearance: wire::Appearance::System.into(),
        create_time: Some(timestamp(now)),
        etag: "1".to_owned(),
    }
}

#[tonic::async_trait]
impl SessionService for Neighbours {
    async fn sign_in(&self, request: Request<SignInRequest>) -> Result<Response<SignInResponse>, Status> {
        let (caller, SignInRequest { email, password, replaced_token }) = open(request)?;
        self.state().origins.push(caller.origin.clone());
        let known = |it: &&Someone| it.email == email && it.password == password;
        let found = self.state().accounts.iter().find(known).map(|it| it.id);
        let account = found.ok_or_else(|| refused(Kind::Unauthenticated, ErrorReason::CredentialsInvalid))?;
        self.state().sessions.remove(&replaced_token);
        let session = Some(self.begin(account));
        Ok(Response::new(SignInResponse { session, account_id: account.to_string() }))
    }

    async fn resolve_session(
        &self,
        request: Request<ResolveSessionRequest>,
    ) -> Result<Response<ResolveSessionResponse>, Status> {
        let (_, asked) = open(request)?;
        let (session, account) = self.tell(|token, _| token == asked.token)?;
        Ok(Response::new(ResolveSessionResponse { session: Some(session), account: Some(account) }))
    }

    async fn get_session(
        &self,
        request: Request<GetSessionRequest>,
    ) -> Result<Response<GetSessionResponse>, Status> {
        let (_, asked) = open(request)?;
        let (session, account) = self.tell(|_, it| it.id.to_string() == asked.session_id)?;
        self.state().uses += usize::from(asked.used);
        Ok(Response::new(GetSessionResponse { session: Some(session), account: Some(account) }))
    }

    async fn sign_out(&self, request: Request<SignOutRequest>) -> Result<Response<SignOutResponse>, Status> {
        let (_, asked) = open(request)?;
        self.state().sessions.remove(&asked.token);
        Ok(Response::new(SignOutResponse {}))
    }

    async fn list_my_sessions(
        &self,
        _: Request<ListMySessionsRequest>,
    ) -> Result<Response<ListMySessionsResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn end_my_session(
        &self,
        _: Request<EndMySessionRequest>,
    ) -> Result<Response<EndMySessionResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn end_my_other_sessions(
        &self,
        _: Request<EndMyOtherSessionsRequest>,
    ) -> Result<Response<EndMyOtherSessionsResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }
}

#[tonic::async_trait]
impl AccountService for Neighbours {
    async fn request_sign_up(
        &self,
        request: Request<RequestSignUpRequest>,
    ) -> Result<Response<RequestSignUpResponse>, Status> {
        let (_, asked) = open(request)?;
        if asked.email.parse::<pass_types::Email>().is_err() {
            let problem = pass_types::Invalid("must be an email address");
            return Err(pass_mesh::violation(problem.of("email")));
        }
        let language = asked.language();
        let RequestSignUpRequest { name, email, language: _, time_zone: _, continuation } = asked;
        let token = Secret::generate(&self.entropy).reveal();
        self.state().wishes.push(Wish { token, name, email, language, continuation });
        Ok(Response::new(RequestSignUpResponse {}))
    }

    async fn get_sign_up(
        &self,
        request: Request<GetSignUpRequest>,
    ) -> Result<Response<GetSignUpResponse>, Status> {
        let (_, asked) = open(request)?;
        let state = self.state();
        let wish = state.wishes.iter().find(|it| it.token == asked.token);
        let wish = wish.ok_or_else(|| refused(Kind::Precondition, ErrorReason::LinkInvalid))?;
        let language = wish.language.into();
        Ok(Response::new(GetSignUpResponse { name: wish.name.clone(), email: wish.email.clone(), language }))
    }

    async fn complete_sign_up(
        &self,
        request: Request<CompleteSignUpRequest>,
    ) -> Result<Response<CompleteSignUpResponse>, Status> {
        let (_, CompleteSignUpRequest { token, password, replaced_token }) = open(request)?;
        if password.chars().count() < 12 {
            return Err(refused(Kind::InvalidInput, ErrorReason::PasswordLength));
        }
        let wish = {
            let mut state = self.state();
            let at = state.wishes.iter().position(|it| it.token == token);
            state.wishes.remove(at.ok_or_else(|| refused(Kind::Precondition, ErrorReason::LinkInvalid))?)
        };
        let someone = Someone {
            id: AccountId::generate(&self.entropy, self.clock.now()),
            name: wish.name,
            email: wish.email,
            password,
            language: wish.language,
        };
        self.state().accounts.push(someone.clone());
        self.state().sessions.remove(&replaced_token);
        Ok(Response::new(CompleteSignUpResponse {
            account: Some(account(&someone, self.clock.now())),
            session: Some(self.begin(someone.id)),
            continuation: wish.continuation,
        }))
    }

    async fn get_my_account(
        &self,
        _: Request<GetMyAccountRequest>,
    ) -> Result<Response<GetMyAccountResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn update_my_account(
        &self,
        _: Request<UpdateMyAccountRequest>,
    ) -> Result<Response<UpdateMyAccountResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn get_account(
        &self,
        _: Request<GetAccountRequest>,
    ) -> Result<Response<GetAccountResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }
}

#[tonic::async_trait]
impl MembershipService for Neighbours {
    async fn resolve_membership(
        &self,
        request: Request<ResolveMembershipRequest>,
    ) -> Result<Response<ResolveMembershipResponse>, Status> {
        let (_, asked) = open(request)?;
        let state = self.state();
        let mut places: Vec<_> = state
            .members
            .iter()
            .filter(|((account, organization), _)| {
                let this =
                    asked.organization_id.is_empty() || organization.to_string() == asked.organization_id;
                this && account.to_string() == asked.account_id
            })
            .collect();
        places.sort_by_key(|((_, organization), _)| *organization);
        Ok(Response::new(match places.first() {
            None => ResolveMembershipResponse::default(),
            Some(((_, organization), role)) => ResolveMembershipResponse {
                organization_id: organization.to_string(),
                role: role.to_wire().into(),
                privileges: vec![],
            },
        }))
    }
}
