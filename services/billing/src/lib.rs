//! Billing: Nulab Pass as something bought.
//!
//! It owns applications for the trial, what operators decide about them, the trial itself, and who has
//! a seat. Whether an organization has Nulab Pass is judged by the clock each time that it is asked
//! (`CheckEntitlement`); who may buy for it belongs to organization, which it asks. Identity takes and
//! frees the seats of Managed Accounts; mails are sent by notification, which asks for what to write. Of people who
//! delete their accounts it forgets name and address (ACC-13).

mod app;
mod domain;
mod events;
mod grpc;
mod jobs;
mod store;

use app::{Billing, Settings};
use domain::{calendar::Calendar, subscription::TrialTerms};
use grpc::{Services, organizations::Organizations};
use pass_events::{BrokerConfig, BrokerError, Outbox, Relay};
use pass_mesh::{Mesh, MeshConfig, MeshError, Server, Trust};
use pass_proto::billing::v1::{
    application_service_server::ApplicationServiceServer, operator_service_server::OperatorServiceServer,
    person_service_server::PersonServiceServer, seat_service_server::SeatServiceServer,
};
use pass_runtime::{
    Context,
    config::SecretText,
    database::{self, DatabaseConfig, DatabaseError},
};
use pass_types::{Invalid, LinkKey};
use sqlx::migrate::Migrator;
use std::{net::SocketAddr, num::NonZeroU16};
use tokio::net::TcpListener;
use url::Url;

/// Its name in the mesh and on the broker.
pub const NAME: &str = "billing";

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
    /// What page tokens are signed with; at least 16 bytes, the same in every replica.
    pub link_secret: SecretText,
    /// Where the console's pages are: mails lead to `<console_url>/organizations/<id>/nulab-pass`.
    pub console_url: Url,
    /// How many days Nulab Pass can be tried (BIL-2).
    pub trial_days: NonZeroU16,
    /// How many seats a trial has, free of charge (BIL-2).
    pub trial_seats: NonZeroU16,
    /// Whose days business days are: an IANA time zone.
    pub business_time_zone: String,
    /// Days from Monday to Friday that are no business days, for instance `["2026-12-31"]` (BIL-1).
    pub holidays: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::default(),
            broker: BrokerConfig::default(),
            mesh: MeshConfig::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 4003)),
            issuer: "http://pass.localhost:8080".to_owned(),
            link_secret: SecretText::default(),
            console_url: Url::parse("http://console.localhost:8081").expect("a constant URL"),
            trial_days: NonZeroU16::new(30).expect("more than zero"),
            trial_seats: NonZeroU16::new(100).expect("more than zero"),
            business_time_zone: "Asia/Tokyo".to_owned(),
            holidays: Vec::new(),
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
    /// There is no such time zone.
    #[error("the setting business_time_zone is wrong")]
    BusinessTimeZone(#[source] Invalid),
    /// A holiday is not a date.
    #[error("the setting holidays is wrong")]
    Holidays(#[source] Invalid),
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

/// What the configuration says to the use cases, if it can be.
fn settings(config: &Config) -> Result<Settings, BuildError> {
    let link_key = LinkKey::new(config.link_secret.expose().as_bytes()).map_err(BuildError::LinkSecret)?;
    let console = config.console_url.clone();
    if console.cannot_be_a_base() || !matches!(console.scheme(), "http" | "https") {
        return Err(BuildError::ConsoleUrl);
    }
    let zone = config.business_time_zone.parse().map_err(BuildError::BusinessTimeZone)?;
    let calendar = Calendar::new(&zone, &config.holidays).map_err(BuildError::Holidays)?;
    let trial = TrialTerms { days: config.trial_days, seats: config.trial_seats };
    Ok(Settings { link_key, console, calendar, trial })
}

/// The built service: it is bound, and serves when it is started.
pub struct App {
    billing: Billing,
    server: Server,
    listener: TcpListener,
    address: SocketAddr,
    relay: Relay,
    context: Context,
}

/// Connects what the service needs, and binds its address.
pub async fn build(config: Config, context: &Context) -> Result<App, BuildError> {
    let settings = settings(&config)?;
    let pool = database::connect(&config.database, NAME).await?;
    database::ensure_migrated(&pool, MIGRATORS).await?;
    let mesh = Mesh::new(config.mesh, NAME, context)?;
    let trust = Trust::new(config.issuer, context.clock.clone());
    trust.follow(mesh.channel("gateway")?, context);
    let billing = Billing {
        pool: pool.clone(),
        outbox: Outbox::new(NAME, context),
        clock: context.clock.clone(),
        entropy: context.entropy.clone(),
        organizations: Organizations::new(mesh.channel("organization")?),
        settings,
    };
    let relay = Relay::new(pool, config.broker, NAME, context)?;
    let server = serve(&mesh, trust, &billing);
    let listen = |error| BuildError::Listen(config.listen, error);
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    Ok(App { billing, server, listener, address, relay, context: context.clone() })
}

fn serve(mesh: &Mesh, trust: Trust, billing: &Billing) -> Server {
    let services = Services(billing.clone());
    mesh.server(trust)
        .add(ApplicationServiceServer::new(services.clone()))
        .add(OperatorServiceServer::new(services.clone()))
        .add(PersonServiceServer::new(services.clone()))
        .add(SeatServiceServer::new(services))
}

impl App {
    /// Where it serves the mesh.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts server, relay and jobs on the context's tasks.
    pub fn start(self) {
        let Self { billing, server, listener, address: _, relay, context } = self;
        relay.spawn();
        database::watch(billing.pool.clone(), &context);
        jobs::spawn(&billing, &context);
        context.tasks.spawn_server("billing server", |shutdown| async move {
            server.serve(listener, shutdown).await?;
            Ok(())
        });
    }
}
