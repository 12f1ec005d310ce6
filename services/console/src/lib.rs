//! Console: account and organization settings, for people in browsers.
//!
//! It is a relying party of the gateway like any product: people sign in there, and it acts for them with
//! their access token. It owns nothing but its own sessions; every rule is another service's, and every
//! refusal is shown in the person's language. Pages are rendered here, without JavaScript.
//!
//! `oidc` is the gateway seen by a relying party, `grpc` what is asked of the services, `app` signing in and
//! out, `http` pages and forms.

mod app;
mod domain;
mod grpc;
mod http;
mod jobs;
mod oidc;
mod store;

pub use http::{BACK_CHANNEL, CALLBACK, ROUTES, Route, SIGNED_OUT, Who};

use app::{Inner, Sessions};
use axum::Router;
use grpc::Suite;
use http::{Console, Images};
use oidc::{Provider, Relying};
use pass_mesh::{Mesh, MeshConfig, MeshError};
use pass_runtime::{
    Context, Gauge,
    config::SecretText,
    database::{self, DatabaseConfig, DatabaseError},
    seal::Envelope,
};
use pass_types::{Invalid, LinkKey};
use pass_web::{Texts, Web, WebConfig, WebError};
use sqlx::migrate::Migrator;
use std::{net::SocketAddr, num::NonZeroU32, time::Duration};
use tokio::net::TcpListener;
use url::Url;

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// Its name in the mesh and as a relying party.
pub const NAME: &str = "console";

/// The service's own schema.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Everything that this service's database needs, in order.
pub const MIGRATORS: &[&Migrator] = &[&MIGRATOR];

/// How long the gateway may take for an answer. Shorter than the lease on renewing tokens, twice.
const GATEWAY_DEADLINE: Duration = Duration::from_secs(4);

/// Settings of the service.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Its database.
    pub database: DatabaseConfig,
    /// Its place in the mesh.
    pub mesh: MeshConfig,
    /// Where it serves browsers.
    pub listen: SocketAddr,
    /// What browsers see of it.
    pub web: WebConfig,
    /// The gateway's issuer URL, exactly as in its tokens.
    pub issuer: String,
    /// The console's `client_id` at the gateway.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: SecretText,
    /// Seals tokens in the database: at least 32 bytes.
    pub encryption_secret: SecretText,
    /// The one before, for as long as sessions that it sealed live (a day); empty: none.
    pub previous_encryption_secret: SecretText,
    /// Forms that one session may post in a minute.
    pub posts_per_minute: NonZeroU32,
}

impl Default for Config {
    fn default() -> Self {
        let web = WebConfig {
            public_url: Url::parse("http://console.localhost:8081").expect("a constant URL"),
            ..WebConfig::default()
        };
        Self {
            database: DatabaseConfig::default(),
            mesh: MeshConfig::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
            web,
            issuer: "http://pass.localhost:8080".to_owned(),
            client_id: NAME.to_owned(),
            client_secret: SecretText::default(),
            encryption_secret: SecretText::default(),
            previous_encryption_secret: SecretText::default(),
            posts_per_minute: NonZeroU32::new(120).expect("not zero"),
        }
    }
}

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An encryption secret is missing or too short.
    #[error("the setting encryption_secret (or previous_encryption_secret) is wrong")]
    EncryptionSecret(#[source] Invalid),
    /// The issuer is no address.
    #[error("the setting issuer must be an http:// or https:// URL")]
    Issuer,
    /// The client secret is missing.
    #[error("the setting client_secret is missing: `pass client add` shows one")]
    ClientSecret,
    /// What browsers see of it.
    #[error("a setting of web is wrong")]
    Web(#[source] WebError),
    /// The HTTP client.
    #[error("making the HTTP client")]
    HttpClient(#[source] reqwest::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The mesh.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// The listening socket.
    #[error("can't listen on {0}, the setting listen")]
    Listen(SocketAddr, #[source] std::io::Error),
}

/// The built service: it is bound, and serves when it is run.
pub struct App {
    console: Console,
    web: Web,
    router: Router,
    listener: TcpListener,
    address: SocketAddr,
    database: Gauge,
    context: Context,
}

/// Connects what the service needs, and binds its address.
pub async fn build(config: Config, context: &Context) -> Result<App, BuildError> {
    let (web, relying) = (web(&config, context)?, relying(&config)?);
    let envelope = envelope(&config).map_err(BuildError::EncryptionSecret)?;
    let form_secret = config.web.form_secret.expose().as_bytes();
    let sign_in_key = LinkKey::new(form_secret).map_err(|it| BuildError::Web(WebError::FormSecret(it)))?;
    let client = pass_runtime::http::client(GATEWAY_DEADLINE).map_err(BuildError::HttpClient)?;
    let pool = database::connect(&config.database, NAME).await?;
    database::ensure_migrated(&pool, MIGRATORS).await?;
    let mesh = Mesh::new(config.mesh, NAME, context)?;
    let console = Console {
        sessions: Sessions::new(Inner {
            pool,
            provider: Provider::new(relying, client, context.clock.clone()),
            envelope,
            sign_in_key,
            redirect_uri: format!("{}{CALLBACK}", web.own_origin()),
            signed_out_uri: format!("{}{SIGNED_OUT}", web.own_origin()),
            clock: context.clock.clone(),
            entropy: context.entropy.clone(),
        }),
        suite: Suite::new(&mesh)?,
        clock: context.clock.clone(),
        entropy: context.entropy.clone(),
        images: Images::of(&config.issuer),
        strangers: Console::limit_of_strangers(context.clock.clone()),
        posts: Console::limit_of_posts(config.posts_per_minute, context.clock.clone()),
    };
    let listen = |error| BuildError::Listen(config.listen, error);
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    Ok(App {
        router: web.around(http::routes()).with_state(console.clone()),
        web,
        console,
        address: listener.local_addr().map_err(listen)?,
        listener,
        database: context.health.register("database"),
        context: context.clone(),
    })
}

fn web(config: &Config, context: &Context) -> Result<Web, BuildError> {
    // Signing out, and signing in again before a form is taken, lead over the gateway.
    let gateway: Url = config.issuer.parse().map_err(|_| BuildError::Issuer)?;
    if !matches!(gateway.scheme(), "http" | "https") {
        return Err(BuildError::Issuer);
    }
    let texts = Texts::new(&TEXTS);
    let web = Web::new(&config.web, http::FORM, vec![gateway.clone()], context.entropy.clone(), texts);
    Ok(web.map_err(BuildError::Web)?.showing_images_of(gateway))
}

fn envelope(config: &Config) -> Result<Envelope, Invalid> {
    let previous = Some(config.previous_encryption_secret.expose()).filter(|secret| !secret.is_empty());
    Envelope::new("console tokens", [config.encryption_secret.expose()].into_iter().chain(previous))
}

fn relying(config: &Config) -> Result<Relying, BuildError> {
    if config.client_secret.is_empty() {
        return Err(BuildError::ClientSecret);
    }
    Ok(Relying {
        issuer: config.issuer.clone(),
        client_id: config.client_id.clone(),
        client_secret: config.client_secret.clone(),
    })
}

impl App {
    /// Where it serves browsers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts server and jobs on the context's tasks.
    pub fn start(self) {
        let Self { console, web, router, listener, address: _, database, context } = self;
        let pool = console.sessions.pool.clone();
        context.tasks.spawn("console jobs", |shutdown| async move {
            jobs::tidy(console, shutdown).await;
            Ok(())
        });
        context.tasks.spawn("console readiness", |shutdown| async move {
            jobs::watch(pool, database, shutdown).await;
            Ok(())
        });
        context.tasks.spawn("console server", |shutdown| async move {
            web.serve(listener, router, shutdown).await;
            Ok(())
        });
    }
}
