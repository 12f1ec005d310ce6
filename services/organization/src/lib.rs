//! Organization: who belongs to which customer, as what, and with which products.
//!
//! It owns organizations with their Space Keys, Spaces, members with role and privileges, invitations
//! teams and product access, and keeps a copy of names and addresses for search. Who a person is belongs to
//! identity, which it asks; what an organization has of Nulab Pass to billing, likewise. Mails are sent by
//! notification, which asks for what to write. Products ask it whether somebody may use them, and why
//! (`CheckAccess`); the gateway asks which organization a token is to name (`ResolveMembership`). Its part of
//! identity's changes of a Managed Account is `ManagedMemberService`, of a Nulab Account's deletion
//! `AccountDeletionService`.

mod app;
mod domain;
mod events;
mod grpc;
mod jobs;
mod store;

use app::{Organizations, PageKey, Settings};
use grpc::{Services, directory::Directory, entitlements::Entitlements};
use pass_events::{BrokerConfig, BrokerError, Consumer, Outbox, Relay};
use pass_mesh::{Mesh, MeshConfig, MeshError, Server, Trust};
use pass_proto::organization::v1::{
    access_service_server::AccessServiceServer,
    account_deletion_service_server::AccountDeletionServiceServer,
    invitation_service_server::InvitationServiceServer,
    managed_member_service_server::ManagedMemberServiceServer, member_service_server::MemberServiceServer,
    membership_service_server::MembershipServiceServer,
    organization_service_server::OrganizationServiceServer, team_service_server::TeamServiceServer,
};
use pass_runtime::{
    Context,
    config::SecretText,
    database::{self, DatabaseConfig, DatabaseError},
};
use pass_types::{Invalid, LinkKey};
use sqlx::migrate::Migrator;
use std::{
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32},
};
use tokio::net::TcpListener;
use url::Url;

/// Its name in the mesh and on the broker.
pub const NAME: &str = "organization";

/// The service's own schema.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Everything that this service's database needs, in order.
pub const MIGRATORS: &[&Migrator] = &[&MIGRATOR, &pass_events::MIGRATOR];

/// Settings of the service.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Its database.
    pub database: DatabaseConfig,
    /// The broker.
    pub broker: BrokerConfig,
    /// Its place in the mesh.
    pub mesh: MeshConfig,
    /// Where it serves the mesh.
    pub listen: SocketAddr,
    /// The gateway's issuer URL, exactly as in its tokens.
    pub issuer: String,
    /// What links and page tokens are derived from; at least 16 bytes, the same in every replica.
    pub link_secret: SecretText,
    /// Where the console's pages are: invitations are accepted at `<console_url>/invitations/<token>`.
    pub console_url: Url,
    /// How many days a product can be tried.
    pub trial_days: NonZeroU16,
    /// How many open invitations an organization may have.
    pub open_invitations: NonZeroU32,
    /// How many invitation mails an organization, and a person in all organizations, may cause on a day.
    pub invitation_mails_per_day: NonZeroU16,
    /// How many Organization IDs an organization may ever have: nobody else gets those that it gave up.
    pub organization_handles: NonZeroU16,
    /// How often an organization may change its Organization ID on a day.
    pub handle_changes_per_day: NonZeroU16,
    /// How many teams an organization may have.
    pub teams: NonZeroU32,
    /// How many teams may be made on a day in an organization, and by a person in all organizations.
    pub teams_per_day: NonZeroU16,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::default(),
            broker: BrokerConfig::default(),
            mesh: MeshConfig::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 4002)),
            issuer: "http://pass.localhost:8080".to_owned(),
            link_secret: SecretText::default(),
            console_url: Url::parse("http://console.localhost:8081").expect("a constant URL"),
            trial_days: const { NonZeroU16::new(30).unwrap() },
            open_invitations: const { NonZeroU32::new(1000).unwrap() },
            invitation_mails_per_day: const { NonZeroU16::new(500).unwrap() },
            organization_handles: const { NonZeroU16::new(10).unwrap() },
            handle_changes_per_day: const { NonZeroU16::new(10).unwrap() },
            teams: const { NonZeroU32::new(1000).unwrap() },
            teams_per_day: const { NonZeroU16::new(500).unwrap() },
        }
    }
}

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The link secret is missing or too short.
    #[error("the setting link_secret is wrong")]
    LinkSecret(#[source] Invalid),
    /// The console's address is not one that pages can be at.
    #[error("the setting console_url must be an http:// or https:// URL")]
    ConsoleUrl,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The mesh.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// The listening socket.
    #[error("can't listen on {0}, the setting listen")]
    Listen(SocketAddr, #[source] std::io::Error),
}

/// The built service: it is bound, and serves when it is started.
pub struct App {
    organizations: Organizations,
    server: Server,
    listener: TcpListener,
    address: SocketAddr,
    relay: Relay,
    consumer: Consumer<events::DirectoryChanges>,
    context: Context,
}

/// Connects what the service needs, and binds its address.
pub async fn build(config: Config, context: &Context) -> Result<App, BuildError> {
    let link_key = LinkKey::new(config.link_secret.expose().as_bytes()).map_err(BuildError::LinkSecret)?;
    if config.console_url.cannot_be_a_base() || !matches!(config.console_url.scheme(), "http" | "https") {
        return Err(BuildError::ConsoleUrl);
    }
    let settings = Settings {
        page_key: PageKey::derive(&link_key),
        link_key,
        console: config.console_url,
        trial: time::Duration::days(config.trial_days.get().into()),
        open_invitations: config.open_invitations.get().into(),
        invitation_mails_per_day: config.invitation_mails_per_day.get().into(),
        organization_handles: config.organization_handles.get().into(),
        handle_changes_per_day: config.handle_changes_per_day.get().into(),
        teams: config.teams.get().into(),
        teams_per_day: config.teams_per_day.get().into(),
    };
    let pool = database::connect(&config.database, NAME).await?;
    database::ensure_migrated(&pool, MIGRATORS).await?;
    let mesh = Mesh::new(config.mesh, NAME, context)?;
    let trust = Trust::new(config.issuer, context.clock.clone());
    trust.follow(mesh.channel("gateway")?, context);
    let organizations = Organizations {
        pool: pool.clone(),
        outbox: Outbox::new(NAME, context),
        clock: context.clock.clone(),
        entropy: context.entropy.clone(),
        directory: Directory::new(mesh.channel("identity")?),
        entitlements: Entitlements::new(mesh.channel("billing")?),
        settings,
    };
    let relay = Relay::new(pool.clone(), config.broker.clone(), NAME, context)?;
    let changes = events::DirectoryChanges { clock: context.clock.clone(), entropy: context.entropy.clone() };
    let consumer = Consumer::new(pool, config.broker, events::QUEUE, events::BINDINGS, changes, context)?;
    let server = serve(&mesh, trust, &organizations);
    let listen = |error| BuildError::Listen(config.listen, error);
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    Ok(App { organizations, server, listener, address, relay, consumer, context: context.clone() })
}

fn serve(mesh: &Mesh, trust: Trust, organizations: &Organizations) -> Server {
    let services = Services(organizations.clone());
    mesh.server(trust)
        .add(OrganizationServiceServer::new(services.clone()))
        .add(MemberServiceServer::new(services.clone()))
        .add(ManagedMemberServiceServer::new(services.clone()))
        .add(AccountDeletionServiceServer::new(services.clone()))
        .add(TeamServiceServer::new(services.clone()))
        .add(InvitationServiceServer::new(services.clone()))
        .add(AccessServiceServer::new(services.clone()))
        .add(MembershipServiceServer::new(services))
}

impl App {
    /// Where it serves the mesh.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts server, relay, consumer and jobs on the context's tasks.
    pub fn start(self) {
        let Self { organizations, server, listener, address: _, relay, consumer, context } = self;
        relay.spawn();
        consumer.spawn();
        database::watch(organizations.pool.clone(), &context);
        jobs::spawn(&organizations, &context);
        context.tasks.spawn_server("organization server", |shutdown| async move {
            server.serve(listener, shutdown).await?;
            Ok(())
        });
    }
}
