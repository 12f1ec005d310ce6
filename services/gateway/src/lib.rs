//! The gateway: the suite's `OpenID` provider with its sign-in and sign-up pages, and the service that tells
//! the mesh which keys and revocations to judge access tokens by.
//!
//! It owns clients, codes, refresh tokens, signing keys and revocations. Accounts, passwords and sessions are
//! identity's: the cookie's value is identity's session token, and every request asks identity about it.
//! Memberships are organization's: asked when a code is issued, redeemed, and at each refresh.
//!
//! What happens when somebody signs in to a product: [`app::authorize`] keeps the request as a flow and sends
//! the browser to the sign-in page; `http::sign_in` has identity check the password and sets the cookie;
//! [`app::authorize`] goes on with the flow and issues a code; the product redeems it by [`app::exchange`].
//! With a Managed Account, `http::managed` has identity write the request to the organization's identity
//! provider and sends the browser there; what that has the browser post, `http::saml` passes to identity, and
//! ends the sign-in in the browser that began it. Then the flow goes on as above.
//! When the session ends, [`app::revocations`] voids what came from it, [`feed`] tells every process, and
//! [`app::back_channel`] the clients.

pub mod app;
pub mod domain;
pub mod events;
pub mod feed;
mod grpc;
pub mod http;
pub mod jobs;
mod store;

use app::{Gateway, Terms, keys::Keys, revocations::SessionsEnded};
use domain::keys::Policy;
use feed::Feed;
use http::{Limits, Site};
use pass_events::{BrokerConfig, BrokerError, Consumer, Outbox, Relay};
use pass_mesh::{Mesh, MeshConfig, MeshError, TOKEN_LIFE, Trust};
use pass_proto::gateway::v1::trust_service_server::TrustServiceServer;
use pass_runtime::{
    Context,
    config::SecretText,
    database::{self, DatabaseConfig, DatabaseError},
    http::{GuardedClient, is_global},
    seal::Envelope,
};
use pass_types::{Invalid, LinkKey};
use pass_web::{HostCookie, Network, Web, WebConfig, WebError};
use sqlx::migrate::Migrator;
use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};
use time::Duration;
use tokio::net::TcpListener;
use url::Url;

/// The service's own schema.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Everything that this service's database needs, in order.
pub const MIGRATORS: &[&Migrator] = &[&MIGRATOR, &pass_events::MIGRATOR];

/// Settings of the service.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where browsers and relying parties connect.
    pub http_listen: SocketAddr,
    /// Where the mesh connects.
    pub grpc_listen: SocketAddr,
    /// The address that browsers use (it is also the issuer), trusted proxies, the secret of forms.
    pub web: WebConfig,
    /// Where somebody goes who came from nowhere.
    pub console_url: Url,
    /// Its database.
    pub database: DatabaseConfig,
    /// The broker.
    pub broker: BrokerConfig,
    /// Its place in the mesh.
    pub mesh: MeshConfig,
    /// Signing keys.
    pub keys: KeysConfig,
    /// Refresh tokens.
    pub refresh: RefreshConfig,
    /// Telling clients that a session ended.
    pub back_channel: BackChannelConfig,
    /// Credentials that may be posted in a minute: by all of one network that show no device cookie, and by each browser that
    /// shows one; by all of those together, ten times as many. For floods only: guessing is slowed down by identity.
    pub credentials_per_minute: NonZeroU32,
    /// Authorization requests that may begin to wait for a sign-in in a minute, counted like those.
    pub flows_per_minute: NonZeroU32,
}

/// Signing keys: how they are kept and for how long they are used.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeysConfig {
    /// Seals the keys in the database: at least 32 bytes.
    pub secret: SecretText,
    /// The one before, while there are keys that it sealed; empty: none.
    pub previous_secret: SecretText,
    /// Days that a key signs.
    pub period_days: NonZeroU32,
    /// Minutes that a key is published before it signs, at least.
    pub lead_minutes: NonZeroU32,
}

impl Default for KeysConfig {
    fn default() -> Self {
        let (secret, previous_secret) = (SecretText::default(), SecretText::default());
        Self { secret, previous_secret, period_days: nonzero(30), lead_minutes: nonzero(60) }
    }
}

/// Refresh tokens: how they follow from each other and how long they live.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RefreshConfig {
    /// Derives a token's successor: at least 16 bytes, the same in all replicas.
    pub secret: SecretText,
    /// Minutes that one lives unused.
    pub idle_minutes: NonZeroU32,
    /// Hours that a family lives; the session's end may come before.
    pub absolute_hours: NonZeroU32,
}

impl Default for RefreshConfig {
    fn default() -> Self {
        Self { secret: SecretText::default(), idle_minutes: nonzero(60), absolute_hours: nonzero(12) }
    }
}

/// Telling clients that a session ended.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackChannelConfig {
    /// Networks whose addresses may be called though they are not public ones: those of clients that run
    /// beside the suite.
    pub allow: Vec<Network>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            http_listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            grpc_listen: (Ipv4Addr::LOCALHOST, 4000).into(),
            web: WebConfig {
                public_url: Url::parse("http://pass.localhost:8080").expect("a constant URL"),
                ..WebConfig::default()
            },
            console_url: Url::parse("http://console.localhost:8081").expect("a URL"),
            database: DatabaseConfig::default(),
            broker: BrokerConfig::default(),
            mesh: MeshConfig::default(),
            keys: KeysConfig::default(),
            refresh: RefreshConfig::default(),
            back_channel: BackChannelConfig::default(),
            credentials_per_minute: nonzero(300),
            flows_per_minute: nonzero(120),
        }
    }
}

const fn nonzero(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a constant above zero")
}

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A setting.
    #[error("the setting {0} is wrong")]
    Setting(&'static str, #[source] Invalid),
    /// What browsers talk to.
    #[error("the settings of web can't work")]
    Web(#[from] WebError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The mesh.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// The broker's settings.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The signing keys.
    #[error("preparing the signing keys")]
    Keys(#[source] app::Fault),
    /// The HTTP client.
    #[error("preparing the HTTP client")]
    Client(#[from] reqwest::Error),
    /// A listening socket.
    #[error("listening on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
}

/// The addresses that a built service listens on.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// For browsers and relying parties.
    pub http: SocketAddr,
    /// For the mesh.
    pub grpc: SocketAddr,
}

/// The built service.
pub struct App {
    gateway: Gateway,
    feed: Feed,
    web: Web,
    site: Site,
    http: TcpListener,
    grpc: TcpListener,
    addresses: Addresses,
    mesh: Mesh,
    relay: Relay,
    consumer: Consumer<SessionsEnded>,
    /// Calls clients' back-channel logout addresses.
    back_channel: GuardedClient,
    context: Context,
}

/// Connects what the service needs, binds its addresses, makes the first signing key.
pub async fn build(config: Config, context: &Context) -> Result<App, BuildError> {
    let cookie = HostCookie::new("__Host-pass-form");
    let web = Web::new(&config.web, cookie, Vec::new(), context.entropy.clone(), http::texts())?;
    let terms = Arc::new(terms(&config, web.own_origin())?);
    let keys = Keys::new(policy(&config.keys), envelope(&config.keys, "gateway signing keys")?);
    let pool = database::connect(&config.database, "gateway").await?;
    database::ensure_migrated(&pool, MIGRATORS).await?;
    let mesh = Mesh::new(config.mesh, "gateway", context)?;
    let gateway = Gateway {
        pool: pool.clone(),
        outbox: Outbox::new("gateway", context),
        clock: context.clock.clone(),
        entropy: context.entropy.clone(),
        keys: keys.clone(),
        identity: grpc::Identity::new(mesh.channel("identity")?),
        organizations: grpc::Organizations::new(mesh.channel("organization")?),
        terms: terms.clone(),
    };
    gateway.rotate_keys().await.map_err(BuildError::Keys)?;
    let trust = Trust::new(terms.issuer.clone(), context.clock.clone());
    let feed = Feed::new(pool.clone(), context.clock.clone(), keys, trust);
    feed.reload().await.map_err(BuildError::Keys)?;
    let (credentials, flows) = (config.credentials_per_minute, config.flows_per_minute);
    let limits = Arc::new(Limits::new(credentials, flows, &context.clock));
    let (http, grpc) = (listen(config.http_listen).await?, listen(config.grpc_listen).await?);
    let addresses = Addresses {
        http: http.local_addr().map_err(|error| BuildError::Listen(config.http_listen, error))?,
        grpc: grpc.local_addr().map_err(|error| BuildError::Listen(config.grpc_listen, error))?,
    };
    let codes = envelope(&config.keys, "gateway recovery codes")?;
    let site = Site { gateway: gateway.clone(), feed: feed.clone(), limits, codes };
    let relay = Relay::new(pool.clone(), config.broker.clone(), "gateway", context)?;
    let handler = SessionsEnded(gateway.clone());
    let bindings = &[events::SESSION_ENDED];
    let consumer = Consumer::new(pool, config.broker, events::REVOCATIONS, bindings, handler, context)?;
    let back_channel = back_channel(&config.back_channel)?;
    let context = context.clone();
    Ok(App { gateway, feed, web, site, http, grpc, addresses, mesh, relay, consumer, back_channel, context })
}

fn terms(config: &Config, issuer: &str) -> Result<Terms, BuildError> {
    let refresh_key = LinkKey::new(config.refresh.secret.expose().as_bytes())
        .map_err(|invalid| BuildError::Setting("refresh.secret", invalid))?;
    Ok(Terms {
        issuer: issuer.to_owned(),
        home: config.console_url.clone(),
        refresh_key,
        code_life: Duration::minutes(1),
        token_life: Duration::try_from(TOKEN_LIFE).unwrap_or(Duration::minutes(5)),
        refresh_idle: Duration::minutes(config.refresh.idle_minutes.get().into()),
        refresh_absolute: Duration::hours(config.refresh.absolute_hours.get().into()),
        flow_life: Duration::minutes(30),
        // A little longer than the link of a sign-up's mail (ACC-1).
        sign_up_life: Duration::hours(25),
        // The link of a reset's mail (ACC-8), and time to sign in after it.
        reset_life: Duration::minutes(45),
    })
}

fn policy(config: &KeysConfig) -> Policy {
    Policy {
        period: Duration::days(config.period_days.get().into()),
        lead: Duration::minutes(config.lead_minutes.get().into()),
        // Access tokens are over in minutes; ID tokens are still shown at logout, as long as a session lives.
        tail: Duration::hours(13),
    }
}

fn envelope(config: &KeysConfig, purpose: &str) -> Result<Envelope, BuildError> {
    let previous = Some(config.previous_secret.expose()).filter(|secret| !secret.is_empty());
    Envelope::new(purpose, [config.secret.expose()].into_iter().chain(previous))
        .map_err(|invalid| BuildError::Setting("keys.secret", invalid))
}

/// Calls what is on the Internet, and what the operator allows.
fn back_channel(config: &BackChannelConfig) -> Result<GuardedClient, BuildError> {
    let allowed = config.allow.clone();
    let may = move |address| is_global(address) || allowed.iter().any(|network| network.contains(address));
    Ok(GuardedClient::new(domain::logout::PATIENCE.unsigned_abs(), may)?)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, BuildError> {
    TcpListener::bind(address).await.map_err(|error| BuildError::Listen(address, error))
}

impl App {
    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The use cases: for tests.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Starts pages, server, consumer, relay and jobs on the context's tasks.
    pub fn start(self) {
        let Self {
            gateway,
            feed,
            web,
            site,
            http,
            grpc,
            addresses: _,
            mesh,
            context,
            relay,
            consumer,
            back_channel,
        } = self;
        database::watch(gateway.pool.clone(), &context);
        relay.spawn();
        consumer.spawn();
        feed.spawn(&context);
        jobs::start(&gateway, &feed, &site.limits, back_channel, &context.tasks);
        let trust = TrustServiceServer::new(grpc::TrustHandler::new(feed.clone()));
        let server = mesh.server(feed.trust().clone()).add(trust);
        context.tasks.spawn_server("gateway server", |shutdown| async move {
            Ok(server.serve(grpc, shutdown).await?)
        });
        let routes = web.around(http::router()).with_state(site);
        context.tasks.spawn("gateway pages", |shutdown| async move {
            web.serve(http, routes, shutdown).await;
            Ok(())
        });
    }
}
