//! Identity: who somebody is, and that a browser is theirs.
//!
//! It owns accounts of both kinds, their credentials and second factors, their sessions, the login history and the links to
//! legacy spaces. It decides how one signs up (ACC-1), which passwords are good (ACC-6), who is signed in (ACC-8, ACC-9) and
//! until when (ACC-12), which user of a legacy space is whose (SPC), makes and suspends Managed Accounts (MAN), judges what
//! their identity providers say (SML), and tells the others by events. Cookies and tokens are the gateway's, mails are
//! notification's, who belongs to which customer is organization's; spaces and their passwords are the products'.
//!
//! A request's way: `grpc` converts, `app` authorizes and opens a transaction, `store` loads, `domain`
//! decides, `store` saves and `events` says what is told in the same transaction, `grpc` converts back.

mod app;
mod config;
mod domain;
mod events;
mod grpc;
mod jobs;
mod store;

pub use app::{hashing::Cost, operators};
pub use config::{Config, LegacyConfig, LimitConfig, PasswordConfig, SamlConfig, SessionConfig};

use app::{
    Identity,
    hashing::{HashError, Hasher},
    images::Decoding,
    second_factor::{
        Tools,
        ceremony::{Ceremonies, CeremonyError},
    },
};
use grpc::{Services, legacy::Directories, neighbours::Neighbours};
use pass_events::{BrokerError, Outbox, Relay};
use pass_mesh::{Mesh, MeshError, Server, Trust};
use pass_proto::identity::v1::{
    account_service_server::AccountServiceServer, credential_service_server::CredentialServiceServer,
    directory_service_server::DirectoryServiceServer,
    managed_account_service_server::ManagedAccountServiceServer,
    profile_service_server::ProfileServiceServer,
    saml_connection_service_server::SamlConnectionServiceServer,
    saml_sign_in_service_server::SamlSignInServiceServer,
    second_factor_service_server::SecondFactorServiceServer, security_service_server::SecurityServiceServer,
    session_service_server::SessionServiceServer, space_link_service_server::SpaceLinkServiceServer,
};
use pass_runtime::{
    Context,
    database::{self, DatabaseError},
};
use pass_types::{Invalid, LinkKey};
use sqlx::migrate::Migrator;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpListener;

/// Its name in the mesh and on the broker.
pub const NAME: &str = "identity";

/// The service's own schema.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Everything that this service's database needs, in order.
pub const MIGRATORS: &[&Migrator] = &[&MIGRATOR, &pass_events::MIGRATOR];

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A setting that can't be.
    #[error("the setting {0} {1}")]
    Setting(&'static str, &'static str),
    /// The link secret is missing or too short.
    #[error("the setting link_secret is wrong")]
    LinkSecret(#[source] Invalid),
    /// What seals keys is missing or too short.
    #[error("the setting saml.secret, or saml.previous_secret, is wrong")]
    SamlSecret(#[source] Invalid),
    /// No security keys can be asked for under this address (WebAuthn).
    #[error("the setting issuer can't be a WebAuthn relying party")]
    RelyingParty(#[source] CeremonyError),
    /// Argon2 does not take these parameters.
    #[error(
        "the settings passwords.memory_kib, passwords.iterations and passwords.lanes do not fit together"
    )]
    Passwords(#[source] HashError),
    /// The HTTP client.
    #[error("can't make an HTTP client")]
    Client(#[source] reqwest::Error),
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
    identity: Arc<Identity>,
    server: Server,
    listener: TcpListener,
    address: SocketAddr,
    relay: Relay,
    housekeeping: Duration,
    context: Context,
}

/// Connects what the service needs, and binds its address.
pub async fn build(config: Config, context: &Context) -> Result<App, BuildError> {
    config.check()?;
    let links = LinkKey::new(config.link_secret.expose().as_bytes()).map_err(BuildError::LinkSecret)?;
    let passwords = &config.passwords;
    let hasher = Hasher::new(passwords.cost(), passwords.capacity(), &context.entropy)
        .map_err(BuildError::Passwords)?;
    let ranges = passwords.ranges()?;
    let judges = config.saml.judges();
    let envelope = config.saml.envelope().map_err(BuildError::SamlSecret)?;
    let second_factors = Tools {
        envelope: config.saml.second_factor_envelope().map_err(BuildError::SamlSecret)?,
        ceremonies: Ceremonies::new(&config.issuer).map_err(BuildError::RelyingParty)?,
    };
    let rules = config.rules();
    let pool = database::connect(&config.database, NAME).await?;
    database::ensure_migrated(&pool, MIGRATORS).await?;
    let mesh = Mesh::new(config.mesh, NAME, context)?;
    let trust = Trust::new(config.issuer, context.clock.clone());
    trust.follow(mesh.channel("gateway")?, context);
    let identity = Arc::new(Identity {
        pool: pool.clone(),
        outbox: Outbox::new(NAME, context),
        hasher,
        ranges,
        clock: context.clock.clone(),
        entropy: context.entropy.clone(),
        links,
        rules,
        judges,
        envelope,
        neighbours: Neighbours::new(&mesh)?,
        directories: Directories::new(
            &mesh,
            &config.legacy.products,
            Duration::from_millis(config.legacy.call_millis.into()),
        )?,
        second_factors,
        decoding: Decoding::default(),
    });
    let relay = Relay::new(pool, config.broker, NAME, context)?;
    let services = Services(identity.clone());
    let server = mesh
        .server(trust)
        .add(AccountServiceServer::new(services.clone()))
        .add(SessionServiceServer::new(services.clone()))
        .add(CredentialServiceServer::new(services.clone()))
        .add(DirectoryServiceServer::new(services.clone()))
        .add(ManagedAccountServiceServer::new(services.clone()))
        .add(SamlSignInServiceServer::new(services.clone()))
        .add(SpaceLinkServiceServer::new(services.clone()))
        .add(SecurityServiceServer::new(services.clone()))
        .add(ProfileServiceServer::new(services.clone()))
        .add(SecondFactorServiceServer::new(services.clone()))
        .add(SamlConnectionServiceServer::new(services));
    let listen = |error| BuildError::Listen(config.listen, error);
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    Ok(App {
        identity,
        server,
        address: listener.local_addr().map_err(listen)?,
        listener,
        relay,
        housekeeping: Duration::from_millis(config.housekeeping_millis),
        context: context.clone(),
    })
}

impl App {
    /// Where it serves the mesh.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells how many passwords it has hashed, by what a hash costs.
    pub fn hashes(&self) -> impl Fn() -> BTreeMap<Cost, u64> + Send + Sync + 'static {
        let hasher = self.identity.hasher.clone();
        move || hasher.done()
    }

    /// Starts server, relay and jobs on the context's tasks.
    pub fn start(self) {
        let Self { identity, server, listener, address: _, relay, housekeeping, context } = self;
        relay.spawn();
        database::watch(identity.pool.clone(), &context);
        jobs::spawn(identity, housekeeping, &context);
        context.tasks.spawn_server("identity server", |shutdown| async move {
            server.serve(listener, shutdown).await?;
            Ok(())
        });
    }
}
