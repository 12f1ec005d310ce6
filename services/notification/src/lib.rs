//! Notification: turns events into mails.
//!
//! It owns deliveries and the mails' texts (English and Japanese). It keeps no address, name or link:
//! identity, organization and billing are asked for those when a mail is rendered. A delivery is at least
//! once, under one Message-ID per event.

mod app;
mod domain;
mod events;
mod jobs;
mod render;
mod smtp;
mod store;

pub use smtp::{SmtpConfig, SmtpError, TlsMode};

use app::Notification;
use pass_events::{BrokerConfig, Consumer};
use pass_mesh::{Mesh, MeshConfig};
use pass_proto::{
    billing::v1::application_service_client::ApplicationServiceClient,
    identity::v1::directory_service_client::DirectoryServiceClient,
    organization::v1::{
        invitation_service_client::InvitationServiceClient,
        membership_service_client::MembershipServiceClient,
    },
};
use pass_runtime::{
    Context,
    database::{self, DatabaseConfig, DatabaseError},
};
use sqlx::migrate::Migrator;
use std::{num::NonZeroUsize, sync::Arc};
use tokio::sync::Notify;
use url::Url;

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
    /// The mail server.
    pub smtp: SmtpConfig,
    /// Where the console's pages are; warnings lead to its sessions.
    pub console_url: Url,
    /// Where people turn to who can't help themselves, because their account is gone: a page, or `mailto:` and an address.
    pub contact_url: Url,
    /// How many mails are sent at once.
    pub workers: NonZeroUsize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::default(),
            broker: BrokerConfig::default(),
            mesh: MeshConfig::default(),
            smtp: SmtpConfig::default(),
            console_url: Url::parse("http://console.localhost:8081").expect("a constant URL"),
            contact_url: Url::parse("mailto:support@localhost.localdomain").expect("a constant URL"),
            workers: NonZeroUsize::new(4).expect("more than zero"),
        }
    }
}

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The mesh.
    #[error(transparent)]
    Mesh(#[from] pass_mesh::MeshError),
    /// The broker's settings.
    #[error(transparent)]
    Broker(#[from] pass_events::BrokerError),
    /// The mail server's settings.
    #[error(transparent)]
    Smtp(#[from] SmtpError),
}

/// The built service.
pub struct App {
    notification: Notification,
    consumer: Consumer<events::Mailer>,
    workers: NonZeroUsize,
    context: Context,
}

/// Whether the mail server takes connections with these settings: for `pass doctor`.
pub async fn reachable(config: &SmtpConfig) -> Result<(), String> {
    let smtp = smtp::Smtp::new(config).map_err(|error| pass_runtime::chain(&error))?;
    if smtp.reachable().await {
        Ok(())
    } else {
        Err("it does not answer, or not as the settings say".to_owned())
    }
}

/// Connects what the service needs; starts nothing.
pub async fn build(config: Config, context: &Context) -> Result<App, BuildError> {
    let pool = database::connect(&config.database, "notification").await?;
    database::ensure_migrated(&pool, MIGRATORS).await?;
    let mesh = Mesh::new(config.mesh, "notification", context)?;
    let notification = Notification {
        pool,
        clock: context.clock.clone(),
        identity: DirectoryServiceClient::new(mesh.channel("identity")?),
        organization: InvitationServiceClient::new(mesh.channel("organization")?),
        members: MembershipServiceClient::new(mesh.channel("organization")?),
        billing: ApplicationServiceClient::new(mesh.channel("billing")?),
        smtp: smtp::Smtp::new(&config.smtp)?,
        console_url: config.console_url,
        contact_url: config.contact_url,
    };
    let handler = events::Mailer(notification.clone());
    let consumer = Consumer::new(
        notification.pool.clone(),
        config.broker,
        "notification",
        events::BINDINGS,
        handler,
        context,
    )?;
    Ok(App { notification, consumer, workers: config.workers, context: context.clone() })
}

impl App {
    /// Starts consumer, workers and jobs on the context's tasks.
    pub fn start(self) {
        let workers = self.workers.get();
        self.start_with(workers);
    }

    /// The same with another number of workers; with none, other replicas deliver what this one notes.
    pub fn start_with(self, workers: usize) {
        let Self { notification, consumer, workers: _, context } = self;
        consumer.spawn();
        database::watch(notification.pool.clone(), &context);
        let due = Arc::new(Notify::new());
        for _ in 0..workers {
            let (app, due) = (notification.clone(), due.clone());
            context.tasks.spawn("notification worker", |shutdown| async move {
                jobs::work(app, due, shutdown).await;
                Ok(())
            });
        }
        let app = notification.clone();
        context.tasks.spawn("notification listener", |shutdown| async move {
            jobs::listen(app, due, shutdown).await;
            Ok(())
        });
        context.tasks.spawn("notification pruning", |shutdown| async move {
            jobs::tidy(notification, shutdown).await;
            Ok(())
        });
    }
}
