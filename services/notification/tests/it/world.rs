//! The service with everything around it.

use crate::standins::{Billing, Identity, Organization};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicGetOptions, BasicPublishOptions},
};
use notification::{Config, MIGRATORS, SmtpConfig, TlsMode};
use pass_events::{Event, Key, Outbox, Relay};
use pass_mesh::{Mesh, MeshConfig, Server, Trust, development::Pki};
use pass_proto::{
    billing::v1::application_service_server::ApplicationServiceServer,
    events::v1::{
        ApplicationRejected, Envelope, InvitationCreated, ManagedAccountInvited, NewDeviceSignedIn,
        SamlConnectionActivated, SignInLocked, SignUpRequested, TokenFamilyRevoked, envelope::Payload,
    },
    identity::v1::directory_service_server::DirectoryServiceServer,
    organization::v1::{
        invitation_service_server::InvitationServiceServer,
        membership_service_server::MembershipServiceServer,
    },
    types::v1 as wire,
};
use pass_runtime::{Context, database::DatabaseConfig};
use pass_testkit::{FakeClock, MailSink, TestDatabase, wait_for};
use pass_types::{
    AccountId, ApplicationId, Entropy, EventId, InvitationId, OrganizationId, SamlConnectionId, SessionId,
    SignUpId,
};
use prost::Message;
use std::collections::BTreeMap;
use time::{Duration, macros::datetime};
use tokio::net::TcpListener;
use uuid::Uuid;

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
        Self::start_as(2, TlsMode::None).await
    }

    /// Without workers, events only become deliveries.
    pub async fn start_without_workers() -> Self {
        Self::start_as(0, TlsMode::None).await
    }

    /// With another way to the mail server, which has no TLS.
    pub async fn start_with_tls(tls: TlsMode) -> Self {
        Self::start_as(2, tls).await
    }

    async fn start_as(workers: usize, tls: TlsMode) -> Self {
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
        let directory = DirectoryServiceServer::new(identity.clone());
        let invitations = InvitationServiceServer::new(organization.clone());
        let memberships = MembershipServiceServer::new(organization.clone());
        let peers = BTreeMap::from([
            serve(&pki, "identity", |server| server.add(directory), &neighbours).await,
            serve(&pki, "organization", |server| server.add(invitations).add(memberships), &neighbours).await,
            serve(&pki, "billing", |server| server.add(ApplicationServiceServer::new(Billing)), &neighbours)
                .await,
        ]);
        Relay::new(publishers.pool.clone(), broker.clone(), "identity", &neighbours).unwrap().spawn();
        let config = Config {
            database: database_config(&database),
            broker,
            mesh: MeshConfig { peers, ..pki.service("notification").unwrap().config("pass.internal") },
            smtp: SmtpConfig {
                host: "127.0.0.1".to_owned(),
                port: sink.address().port(),
                tls,
                from: "no-reply@pass.example".to_owned(),
                ..SmtpConfig::default()
            },
            console_url: "https://console.example".parse().unwrap(),
            contact_url: "https://support.example/contact".parse().unwrap(),
            workers: 2.try_into().unwrap(),
        };
        let app = notification::build(config.clone(), &context).await.unwrap();
        app.start_with(workers);
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
        notification::build(self.config.clone(), &self.context).await.unwrap().start();
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
            ..TokenFamilyRevoked::default()
        });
        self.publish("gateway", Event::new(Key::session(session), payload)).await;
        account
    }

    /// Somebody has signed in from something new.
    pub async fn publish_new_device(&self) -> Uuid {
        let now = self.clock.shared().now();
        let account = AccountId::generate(&self.neighbours.entropy, now);
        let payload = Payload::NewDeviceSignedIn(NewDeviceSignedIn {
            account_id: account.to_string(),
            session_id: SessionId::generate(&self.neighbours.entropy, now).to_string(),
            login_alert_id: self.neighbours.entropy.uuid(now).to_string(),
        });
        self.publish("identity", Event::new(Key::account(account), payload)).await
    }

    /// Somebody has typed too many wrong passwords; for whose account.
    pub async fn publish_sign_in_lock(&self) -> AccountId {
        let now = self.clock.shared().now();
        let account = AccountId::generate(&self.neighbours.entropy, now);
        let payload = Payload::SignInLocked(SignInLocked { account_id: account.to_string() });
        self.publish("identity", Event::new(Key::account(account), payload)).await;
        account
    }

    /// Identity tells something of an account, and of something else that has an id: the event, and whose account.
    pub async fn publish_of_account(&self, payload: impl Fn(String, String) -> Payload) -> (Uuid, AccountId) {
        let now = self.clock.shared().now();
        let account = AccountId::generate(&self.neighbours.entropy, now);
        let payload = payload(account.to_string(), self.neighbours.entropy.uuid(now).to_string());
        (self.publish("identity", Event::new(Key::account(account), payload)).await, account)
    }

    /// Identity has made a Managed Account.
    pub async fn publish_managed_invitation(&self, attempt: i32) -> Uuid {
        let now = self.clock.shared().now();
        let account = AccountId::generate(&self.neighbours.entropy, now);
        let payload = Payload::ManagedAccountInvited(ManagedAccountInvited {
            account_id: account.to_string(),
            organization_id: OrganizationId::generate(&self.neighbours.entropy, now).to_string(),
            attempt,
        });
        self.publish("identity", Event::new(Key::account(account), payload)).await
    }

    /// An operator has rejected an application.
    pub async fn publish_rejection(&self) -> Uuid {
        let now = self.clock.shared().now();
        let organization = OrganizationId::generate(&self.neighbours.entropy, now);
        let payload = Payload::ApplicationRejected(ApplicationRejected {
            organization_id: organization.to_string(),
            application_id: ApplicationId::generate(&self.neighbours.entropy, now).to_string(),
        });
        self.publish("billing", Event::new(Key::organization(organization), payload)).await
    }

    /// An administrator has switched SAML on.
    pub async fn publish_saml_activation(&self) -> Uuid {
        let now = self.clock.shared().now();
        let organization = OrganizationId::generate(&self.neighbours.entropy, now);
        let payload = Payload::SamlConnectionActivated(SamlConnectionActivated {
            organization_id: organization.to_string(),
            connection_id: SamlConnectionId::generate(&self.neighbours.entropy, now).to_string(),
        });
        let event = Event::new(Key::saml(organization), payload).organization(organization);
        self.publish("identity", event).await
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

    /// An event of a later version, of which a replica has bound this queue to it already.
    pub async fn publish_what_only_a_later_version_knows(&self) -> Uuid {
        let now = self.clock.shared().now();
        let id = EventId::generate(&self.neighbours.entropy, now).uuid();
        let account = AccountId::generate(&self.neighbours.entropy, now);
        let envelope = Envelope {
            id: id.to_string(),
            source: "identity".to_owned(),
            key: Key::account(account).as_str().to_owned(),
            sequence: 1,
            payload: None,
            ..Envelope::default()
        };
        let (channel, queue, bytes) =
            (self.channel().await, self.queue("notification"), envelope.encode_to_vec());
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let sent = channel.basic_publish("".into(), queue.into(), options, &bytes, properties).await;
        sent.unwrap().await.unwrap();
        id
    }

    /// The next dead letter, as soon as there is one: the event, and why.
    pub async fn dead_letter(&self) -> (Uuid, String) {
        let (channel, queue) = (self.channel().await, self.queue("notification.dead"));
        let options = BasicGetOptions { no_ack: true };
        let message =
            wait_for(async || channel.basic_get(queue.as_str().into(), options).await.unwrap()).await;
        let envelope = Envelope::decode(message.delivery.data.as_slice()).unwrap();
        let headers = message.delivery.properties.headers().as_ref().unwrap();
        let why = headers.inner()["reason"].as_long_string().unwrap();
        (envelope.id.parse().unwrap(), String::from_utf8_lossy(why.as_bytes()).into_owned())
    }

    async fn channel(&self) -> Channel {
        let (url, properties) = (self.config.broker.url.expose(), ConnectionProperties::default());
        Connection::connect(url, properties).await.unwrap().create_channel().await.unwrap()
    }

    fn queue(&self, name: &str) -> String {
        format!("{}.{name}", self.config.broker.namespace)
    }

    /// As if a replica of a later version had noted a mail that this one does not know.
    pub async fn note_a_mail_of_a_later_version(&self) -> Uuid {
        let now = self.clock.shared().now();
        let id = EventId::generate(&self.neighbours.entropy, now).uuid();
        // Due before any other.
        let query = sqlx::query(
            "INSERT INTO deliveries (id, mail, subject_id, attempt, due_at, created_at)
             VALUES ($1, 'newsletter', $1, 1, $2, $2)",
        );
        query.bind(id).bind(now - Duration::HOUR).execute(&self.database.pool).await.unwrap();
        id
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

    pub async fn state(&self, event: Uuid) -> Option<String> {
        let query = sqlx::query_scalar("SELECT state FROM deliveries WHERE id = $1").bind(event);
        query.fetch_optional(&self.database.pool).await.unwrap()
    }

    pub async fn tries(&self, event: Uuid) -> i32 {
        let query = sqlx::query_scalar("SELECT tries FROM deliveries WHERE id = $1").bind(event);
        query.fetch_optional(&self.database.pool).await.unwrap().unwrap_or(0)
    }

    /// As if a worker had died between the mail server's word and its own note.
    pub async fn forget_that_it_was_sent(&self, event: Uuid) {
        let query = "UPDATE deliveries SET state = 'queued', settled_at = NULL WHERE id = $1";
        let done = sqlx::query(query).bind(event).execute(&self.database.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        self.clock.advance(Duration::minutes(4));
    }

    pub async fn take_like_a_dying_worker(&self, event: Uuid) -> bool {
        let leased = self.clock.shared().now() + Duration::minutes(4);
        let query = sqlx::query("UPDATE deliveries SET due_at = $2, tries = tries + 1 WHERE id = $1");
        query.bind(event).bind(leased).execute(&self.database.pool).await.unwrap().rows_affected() == 1
    }
}

fn database_config(database: &TestDatabase) -> DatabaseConfig {
    DatabaseConfig { url: database.url.clone().into(), ..DatabaseConfig::default() }
}

async fn serve(
    pki: &Pki,
    name: &'static str,
    add: impl FnOnce(Server) -> Server,
    context: &Context,
) -> (String, url::Url) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mesh = Mesh::new(pki.service(name).unwrap().config("pass.internal"), name, context).unwrap();
    let server = add(mesh.server(Trust::new("https://pass.example", context.clock.clone())));
    context.tasks.spawn(name, move |shutdown| async move { Ok(server.serve(listener, shutdown).await?) });
    (name.to_owned(), format!("https://localhost:{}", address.port()).parse().unwrap())
}
