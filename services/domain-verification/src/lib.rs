//! Domain-verification: which domains are an organization's own, proven by DNS.
//!
//! It owns the domains that organizations claim, the code of each, and the look-ups of the TXT record that
//! says the code. Who may administer an organization is asked of organization, whether it has Nulab Pass of
//! billing, and how many Managed Accounts use a domain of identity, before it is removed. Identity asks it
//! whether a new address may be under a domain (`CheckDomain`), and where somebody may sign in
//! (`FindOrganizations`). It never touches an account: verifying converts nobody (DOM-7).

mod app;
mod dns;
mod domain;
mod events;
mod grpc;
mod jobs;
mod store;

use app::{Domains, Settings};
use dns::Resolvers;
use domain::throttle::Limit;
use grpc::{Services, peers::Peers};
use pass_events::{BrokerConfig, BrokerError, Outbox, Relay};
use pass_mesh::{Mesh, MeshConfig, MeshError, Server, Trust};
use pass_proto::domains::v1::{
    domain_service_server::DomainServiceServer, verification_service_server::VerificationServiceServer,
};
use pass_runtime::{
    Context,
    database::{self, DatabaseConfig, DatabaseError},
};
use sqlx::migrate::Migrator;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Its name in the mesh and on the broker.
pub const NAME: &str = "domain-verification";

/// The service's own schema.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Everything that this service's database needs, in order.
pub const MIGRATORS: &[&Migrator] = &[&MIGRATOR, &pass_events::MIGRATOR];

/// Over which time look-ups are limited.
const LOOK_UP_PERIOD: time::Duration = time::Duration::minutes(10);

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
    /// The DNS resolvers that look-ups ask, each address and port; all of them must agree. They should not
    /// keep answers for long, since people try again at once. Empty: those of `/etc/resolv.conf`, as one.
    pub resolvers: Vec<SocketAddr>,
    /// How many domains an organization may have.
    pub domains_per_organization: u32,
    /// How often one domain may be looked up in ten minutes.
    pub look_ups_of_domain: u32,
    /// How often all domains of an organization together may be looked up in ten minutes.
    pub look_ups_of_organization: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::default(),
            broker: BrokerConfig::default(),
            mesh: MeshConfig::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 4004)),
            issuer: "http://pass.localhost:8080".to_owned(),
            resolvers: Vec::new(),
            domains_per_organization: 100,
            look_ups_of_domain: 20,
            look_ups_of_organization: 100,
        }
    }
}

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The resolvers.
    #[error("the system's resolvers can't be used; name some by the setting resolvers")]
    Resolvers(#[source] Box<dyn std::error::Error + Send + Sync>),
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
    domains: Domains,
    server: Server,
    listener: TcpListener,
    address: SocketAddr,
    relay: Relay,
    context: Context,
}

/// Connects what the service needs, and binds its address.
pub async fn build(config: Config, context: &Context) -> Result<App, BuildError> {
    let settings = Settings {
        domains_per_organization: config.domains_per_organization.into(),
        look_ups_of_domain: Limit { times: config.look_ups_of_domain, period: LOOK_UP_PERIOD },
        look_ups_of_organization: Limit { times: config.look_ups_of_organization, period: LOOK_UP_PERIOD },
    };
    let resolvers = Resolvers::new(&config.resolvers).map_err(|error| BuildError::Resolvers(error.into()))?;
    let pool = database::connect(&config.database, NAME).await?;
    database::ensure_migrated(&pool, MIGRATORS).await?;
    let mesh = Mesh::new(config.mesh, NAME, context)?;
    let trust = Trust::new(config.issuer, context.clock.clone());
    trust.follow(mesh.channel("gateway")?, context);
    let domains = Domains {
        pool: pool.clone(),
        outbox: Outbox::new(NAME, context),
        clock: context.clock.clone(),
        entropy: context.entropy.clone(),
        peers: Peers::new(mesh.channel("organization")?, mesh.channel("billing")?, mesh.channel("identity")?),
        resolvers,
        settings,
    };
    let relay = Relay::new(pool, config.broker, NAME, context)?;
    let services = Services(domains.clone());
    let server = mesh
        .server(trust)
        .add(DomainServiceServer::new(services.clone()))
        .add(VerificationServiceServer::new(services));
    let listen = |error| BuildError::Listen(config.listen, error);
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    Ok(App { domains, server, listener, address, relay, context: context.clone() })
}

impl App {
    /// Where it serves the mesh.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts server, relay and job on the context's tasks.
    pub fn start(self) {
        let Self { domains, server, listener, address: _, relay, context } = self;
        relay.spawn();
        database::watch(domains.pool.clone(), &context);
        jobs::spawn(&domains, &context);
        context.tasks.spawn_server("domain-verification server", |shutdown| async move {
            server.serve(listener, shutdown).await?;
            Ok(())
        });
    }
}
