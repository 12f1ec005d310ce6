//! The service with everything around it.

use notification::{Config, MIGRATORS, SmtpConfig, TlsMode};
use pass_events::{Event, Key, Outbox, Relay};
use pass_mesh::{Mesh, MeshConfig, Problem, Trust, development::Pki, open, status};
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{InvitationCreated, SignUpRequested, TokenFamilyRevoked, envelope::Payload},
    identity::v1::{
        Account, BatchGetAccountsRequest, BatchGetAccountsResponse, GetMailPreferencesRequest,
        GetMailPreferencesResponse, PrepareSignUpMailRequest, PrepareSignUpMailResponse,
        directory_service_server::{DirectoryService, DirectoryServiceServer},
    },
    organization::v1::{
        AcceptInvitationRequest, AcceptInvitationResponse, CancelInvitationRequest, CancelInvitationResponse,
        CreateInvitationRequest, CreateInvitationResponse, GetInvitationRequest, GetInvitationResponse,
        ListInvitationsRequest, ListInvitationsResponse, PrepareInvitationMailRequest,
        PrepareInvitationMailResponse, ResendInvitationRequest, ResendInvitationResponse,
        invitation_service_server::{InvitationService, InvitationServiceServer},
    },
    types::v1 as wire,
};
use pass_runtime::{Context, database::DatabaseConfig};
use pass_testkit::{FakeClock, MailSink, TestDatabase, wait_for};
use pass_types::{AccountId, Entropy, InvitationId, Kind, OrganizationId, SessionId, SignUpId};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use time::{Duration, macros::datetime};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status};
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
#[error("over")]
struct Refused(Kind, ErrorReason);

impl Problem for Refused {
    fn kind(&self) -> Kind {
        self.0
    }
    fn reason(&self) -> ErrorReason {
        self.1
    }
}

/// The name that somebody gave at sign-up.
pub const TYPED_NAME: &str = "Your account is locked: evil.example";

#[derive(Default)]
struct Said {
    away: bool,
    sign_up: Option<PrepareSignUpMailResponse>,
    preferences: GetMailPreferencesResponse,
    invitation: Option<PrepareInvitationMailResponse>,
}

/// What a stand-in answers.
#[derive(Clone, Default)]
pub struct StandIn(Arc<Mutex<Said>>);

impl StandIn {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn go_away(&self, away: bool) {
        self.said().away = away;
    }

    pub fn prefers(&self, language: &str, time_zone: &str) {
        let language = code(language);
        self.said().preferences = GetMailPreferencesResponse { language, time_zone: time_zone.to_owned() };
    }
}

/// Identity's stand-in.
#[derive(Clone, Default)]
pub struct Identity(StandIn);

impl std::ops::Deref for Identity {
    type Target = StandIn;
    fn deref(&self) -> &StandIn {
        &self.0
    }
}

impl Identity {
    pub fn expect(&self, email: &str, language: &str, account_exists: bool) {
        self.said().sign_up = Some(PrepareSignUpMailResponse {
            name: TYPED_NAME.to_owned(),
            email: email.to_owned(),
            language: code(language),
            time_zone: "Asia/Tokyo".to_owned(),
            url: "https://pass.example/sign-up/token".to_owned(),
            expire_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-23 01:00 UTC))),
            account_exists,
        });
    }
}

/// Organization's stand-in.
#[derive(Clone, Default)]
pub struct Organization(StandIn);

impl Organization {
    pub fn expect(&self, email: &str, language: &str) {
        self.0.said().invitation = Some(PrepareInvitationMailResponse {
            email: email.to_owned(),
            organization_name: "Acme".to_owned(),
            inviter_name: "Taro".to_owned(),
            role: wire::Role::Guest as i32,
            message: "Join us!".to_owned(),
            language: code(language),
            url: "https://console.example/invitations/token".to_owned(),
            expire_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-29 00:00 UTC))),
        });
    }
}

fn code(language: &str) -> i32 {
    (if language == "ja" { wire::Language::Ja } else { wire::Language::En }) as i32
}

#[tonic::async_trait]
impl DirectoryService for Identity {
    async fn batch_get_accounts(
        &self,
        request: Request<BatchGetAccountsRequest>,
    ) -> Result<Response<BatchGetAccountsResponse>, Status> {
        let (_, message) = open(request)?;
        let accounts = message.account_ids.into_iter().map(|account_id| Account {
            email: format!("{account_id}@example.com"),
            account_id,
            language: wire::Language::Ja as i32,
            time_zone: "Asia/Tokyo".to_owned(),
            ..Account::default()
        });
        Ok(Response::new(BatchGetAccountsResponse { accounts: accounts.collect() }))
    }

    async fn get_mail_preferences(
        &self,
        request: Request<GetMailPreferencesRequest>,
    ) -> Result<Response<GetMailPreferencesResponse>, Status> {
        let _ = open(request)?;
        Ok(Response::new(self.said().preferences.clone()))
    }

    async fn prepare_sign_up_mail(
        &self,
        request: Request<PrepareSignUpMailRequest>,
    ) -> Result<Response<PrepareSignUpMailResponse>, Status> {
        let _ = open(request)?;
        let said = self.said();
        if said.away {
            return Err(status(Refused(Kind::Unavailable, ErrorReason::Unavailable)));
        }
        let answer = said.sign_up.clone();
        answer.map(Response::new).ok_or_else(|| status(Refused(Kind::NotFound, ErrorReason::LinkInvalid)))
    }
}

macro_rules! not_asked {
    ($($name:ident($request:ty) -> $response:ty;)+) => {
        #[tonic::async_trait]
        impl InvitationService for Organization {
            $(async fn $name(&self, _: Request<$request>) -> Result<Response<$response>, Status> {
                Err(Status::unimplemented("not asked by notification"))
            })+

            async fn prepare_invitation_mail(
                &self,
                request: Request<PrepareInvitationMailRequest>,
            ) -> Result<Response<PrepareInvitationMailResponse>, Status> {
                let _ = open(request)?;
                let answer = self.0.said().invitation.clone();
                answer.map(Response::new).ok_or_else(|| status(Refused(Kind::NotFound, ErrorReason::LinkInvalid)))
            }
        }
    };
}

not_asked! {
    create_invitation(CreateInvitationRequest) -> CreateInvitationResponse;
    list_invitations(ListInvitationsRequest) -> ListInvitationsResponse;
    resend_invitation(ResendInvitationRequest) -> ResendInvitationResponse;
    cancel_invitation(CancelInvitationRequest) -> CancelInvitationResponse;
    get_invitation(GetInvitationRequest) -> GetInvitationResponse;
    accept_invitation(AcceptInvitationRequest) -> AcceptInvitationResponse;
}

/// The service, its neighbours, and what it needs.
pub struct World {
    pub clock: FakeClock,
    pub sink: MailSink,
    pub identity: Identity,
    pub organization: Organization,
    context: Context,
    neighbours: Context,
    publishers: TestDatabase,
    database: TestDatabase,
    config: Config,
    _folder: tempfile::TempDir,
}

impl World {
    pub async fn start() -> Self {
        Self::start_with_workers(true).await
    }

    /// Without workers, events only become deliveries.
    pub async fn start_with_workers(workers: bool) -> Self {
        let clock = FakeClock::at(datetime!(2026-11-22 00:00 UTC));
        let context = Context::new(clock.shared(), Entropy::from_seed(1));
        let neighbours = Context::new(clock.shared(), Entropy::from_seed(2));
        let broker = pass_testkit::broker().await;
        let postgres = pass_testkit::postgres().await;
        let database = postgres.database(MIGRATORS).await;
        let publishers = postgres.database(&[&pass_events::MIGRATOR]).await;
        let sink = MailSink::start().await;
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::open(folder.path(), "pass.internal").unwrap();
        let (identity, organization) = (Identity::default(), Organization::default());
        let peers = BTreeMap::from([
            (
                "identity".to_owned(),
                serve(&pki, "identity", DirectoryServiceServer::new(identity.clone()), &neighbours).await,
            ),
            (
                "organization".to_owned(),
                serve(&pki, "organization", InvitationServiceServer::new(organization.clone()), &neighbours)
                    .await,
            ),
        ]);
        Relay::new(publishers.pool.clone(), broker.clone(), "identity", &neighbours).unwrap().spawn();
        let config = Config {
            database: database_config(&database),
            broker,
            mesh: MeshConfig { peers, ..pki.service("notification").unwrap().config("pass.internal") },
            smtp: SmtpConfig {
                host: "127.0.0.1".to_owned(),
                port: sink.address().port(),
                tls: TlsMode::None,
                from: "no-reply@pass.example".to_owned(),
                ..SmtpConfig::default()
            },
            console_url: "https://console.example".parse().unwrap(),
            workers: if workers { 2 } else { 0 },
        };
        let app = notification::build(config.clone(), &context).await.unwrap();
        app.start();
        // What is published before the queue is there would be unroutable.
        wait_for(async || context.health.is_complete()).await;
        Self {
            clock,
            sink,
            identity,
            organization,
            context,
            neighbours,
            publishers,
            database,
            config,
            _folder: folder,
        }
    }

    /// The same, after the process was stopped and started again, now with workers.
    pub async fn restart(mut self) -> Self {
        self.context.tasks.stop(std::time::Duration::from_secs(10)).await.unwrap();
        self.context = Context::new(self.clock.shared(), Entropy::from_seed(3));
        let config = Config { workers: 2, ..self.config.clone() };
        notification::build(config, &self.context).await.unwrap().start();
        self
    }

    pub async fn publish_sign_up(&self) -> Uuid {
        let id = SignUpId::generate(&self.neighbours.entropy, self.clock.shared().now());
        let payload = Payload::SignUpRequested(SignUpRequested { sign_up_id: id.to_string() });
        self.publish("identity", Event::new(Key::sign_up(id), payload)).await
    }

    pub async fn publish_invitation(&self) -> Uuid {
        let now = self.clock.shared().now();
        let organization = OrganizationId::generate(&self.neighbours.entropy, now);
        let payload = Payload::InvitationCreated(InvitationCreated {
            organization_id: organization.to_string(),
            invitation_id: InvitationId::generate(&self.neighbours.entropy, now).to_string(),
            attempt: 1,
            role: wire::Role::Guest as i32,
        });
        self.publish("organization", Event::new(Key::organization(organization), payload)).await
    }

    /// The gateway has ended a family of refresh tokens; gives whose.
    pub async fn publish_token_reuse(&self) -> AccountId {
        let now = self.clock.shared().now();
        let account = AccountId::generate(&self.neighbours.entropy, now);
        let session = SessionId::generate(&self.neighbours.entropy, now);
        let payload = Payload::TokenFamilyRevoked(TokenFamilyRevoked {
            family_id: Uuid::nil().to_string(),
            client_id: "backlog".to_owned(),
            account_id: account.to_string(),
            session_id: session.to_string(),
        });
        self.publish("gateway", Event::new(Key::session(session), payload)).await;
        account
    }

    /// One database stands for those of all publishers: a row says itself where it comes from.
    async fn publish(&self, source: &'static str, event: Event) -> Uuid {
        let mut tx = self.publishers.pool.begin().await.unwrap();
        let id = Outbox::new(source, &self.neighbours).publish(&mut tx, event).await.unwrap();
        tx.commit().await.unwrap();
        id.uuid()
    }

    /// As if the relay had died between the broker's confirm and its own mark.
    pub async fn publish_again(&self, event: Uuid) {
        let mut connection = self.publishers.pool.acquire().await.unwrap();
        let changed = sqlx::query("UPDATE outbox SET published_at = NULL WHERE event_id = $1")
            .bind(event)
            .execute(&mut *connection)
            .await
            .unwrap();
        assert_eq!(changed.rows_affected(), 1);
    }

    /// The state that the delivery ends in.
    pub async fn settled(&self, event: Uuid) -> String {
        wait_for(async || self.state(event).await.filter(|state| state != "queued")).await
    }

    /// The same, while the clock runs.
    pub async fn settled_as_time_goes_by(&self, event: Uuid) -> String {
        wait_for(async || {
            self.clock.advance(Duration::seconds(5));
            self.state(event).await.filter(|state| state != "queued")
        })
        .await
    }

    async fn state(&self, event: Uuid) -> Option<String> {
        let query = sqlx::query_scalar("SELECT state FROM deliveries WHERE id = $1").bind(event);
        query.fetch_optional(&self.database.pool).await.unwrap()
    }

    pub async fn tries(&self, event: Uuid) -> i32 {
        let query = sqlx::query_scalar("SELECT tries FROM deliveries WHERE id = $1").bind(event);
        query.fetch_optional(&self.database.pool).await.unwrap().unwrap_or(0)
    }

    pub async fn take_like_a_dying_worker(&self, event: Uuid) -> bool {
        let leased = self.clock.shared().now() + Duration::seconds(120);
        let query = sqlx::query("UPDATE deliveries SET due_at = $2, tries = tries + 1 WHERE id = $1");
        query.bind(event).bind(leased).execute(&self.database.pool).await.unwrap().rows_affected() == 1
    }
}

fn database_config(database: &TestDatabase) -> DatabaseConfig {
    DatabaseConfig { url: database.url.clone().into(), ..DatabaseConfig::default() }
}

async fn serve<S>(pki: &Pki, name: &'static str, service: S, context: &Context) -> url::Url
where
    S: tower::Service<
            http::Request<tonic::body::Body>,
            Response = http::Response<tonic::body::Body>,
            Error = std::convert::Infallible,
        > + tonic::server::NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mesh = Mesh::new(pki.service(name).unwrap().config("pass.internal"), name, context).unwrap();
    let server = mesh.server(Trust::new("https://pass.example", context.clock.clone())).add(service);
    context.tasks.spawn(name, move |shutdown| async move { Ok(server.serve(listener, shutdown).await?) });
    format!("https://localhost:{}", address.port()).parse().unwrap()
}
