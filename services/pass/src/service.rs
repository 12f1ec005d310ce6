//! The services by name: how each is migrated and started.

use crate::Config;
use pass_mesh::MeshConfig;
use pass_runtime::{
    Context,
    database::{self, DatabaseConfig, DatabaseError},
};
use sqlx::migrate::Migrator;
use std::{error::Error, fmt};

/// A service of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Service {
    /// Accounts, credentials, sessions.
    Identity,
    /// Organizations, members, invitations.
    Organization,
    /// Mails.
    Notification,
    /// The OpenID provider and its pages.
    Gateway,
    /// The settings pages.
    Console,
}

/// A service that can't be started.
#[derive(Debug, thiserror::Error)]
#[error("{service} can't start")]
pub struct StartError {
    service: Service,
    source: Box<dyn Error + Send + Sync>,
}

impl Service {
    /// Every one, in the order in which they are best started.
    pub const ALL: &[Self] =
        &[Self::Identity, Self::Organization, Self::Notification, Self::Gateway, Self::Console];

    /// Its name in the mesh, in settings and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Organization => "organization",
            Self::Notification => "notification",
            Self::Gateway => "gateway",
            Self::Console => "console",
        }
    }

    fn database(self, config: &Config) -> &DatabaseConfig {
        match self {
            Self::Identity => &config.identity.database,
            Self::Organization => &config.organization.database,
            Self::Notification => &config.notification.database,
            Self::Gateway => &config.gateway.database,
            Self::Console => &config.console.database,
        }
    }

    /// Its place in the mesh.
    #[must_use]
    pub fn mesh(self, config: &Config) -> &MeshConfig {
        match self {
            Self::Identity => &config.identity.mesh,
            Self::Organization => &config.organization.mesh,
            Self::Notification => &config.notification.mesh,
            Self::Gateway => &config.gateway.mesh,
            Self::Console => &config.console.mesh,
        }
    }

    /// What its database needs, in order.
    #[must_use]
    pub fn migrators(self) -> &'static [&'static Migrator] {
        match self {
            Self::Identity => identity::MIGRATORS,
            Self::Organization => organization::MIGRATORS,
            Self::Notification => notification::MIGRATORS,
            Self::Gateway => gateway::MIGRATORS,
            Self::Console => console::MIGRATORS,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Brings a service's database to what this program needs.
pub async fn migrate(service: Service, config: &Config) -> Result<(), DatabaseError> {
    let pool = database::connect(service.database(config), "pass migrate").await?;
    let migrated = database::migrate(&pool, service.migrators()).await;
    pool.close().await;
    migrated
}

/// Refuses a service's database that [`migrate`] would change.
pub async fn pending(service: Service, config: &Config) -> Result<(), DatabaseError> {
    let pool = database::connect(service.database(config), "pass doctor").await?;
    let pending = database::ensure_migrated(&pool, service.migrators()).await;
    pool.close().await;
    pending
}

/// A service that is built: connected, bound, and not yet at work.
pub enum Built {
    /// Accounts, credentials, sessions.
    Identity(Box<identity::App>),
    /// Organizations, members, invitations.
    Organization(Box<organization::App>),
    /// Mails.
    Notification(Box<notification::App>),
    /// The OpenID provider and its pages.
    Gateway(Box<gateway::App>),
    /// The settings pages.
    Console(Box<console::App>),
}

impl Built {
    /// Puts it to work on the context's tasks.
    pub fn start(self) {
        match self {
            Self::Identity(app) => app.start(),
            Self::Organization(app) => app.start(),
            Self::Notification(app) => app.start(),
            Self::Gateway(app) => app.start(),
            Self::Console(app) => app.start(),
        }
    }
}

/// Builds a service: a wrong setting is found here, before anything works.
pub async fn build(service: Service, config: &Config, context: &Context) -> Result<Built, StartError> {
    let context = context.for_service(service.name());
    let built: Result<Built, Box<dyn Error + Send + Sync>> = match service {
        Service::Identity => identity::build(config.identity.clone(), &context)
            .await
            .map(|app| Built::Identity(Box::new(app)))
            .map_err(Into::into),
        Service::Organization => organization::build(config.organization.clone(), &context)
            .await
            .map(|app| Built::Organization(Box::new(app)))
            .map_err(Into::into),
        Service::Notification => notification::build(config.notification.clone(), &context)
            .await
            .map(|app| Built::Notification(Box::new(app)))
            .map_err(Into::into),
        Service::Gateway => gateway::build(config.gateway.clone(), &context)
            .await
            .map(|app| Built::Gateway(Box::new(app)))
            .map_err(Into::into),
        Service::Console => console::build(config.console.clone(), &context)
            .await
            .map(|app| Built::Console(Box::new(app)))
            .map_err(Into::into),
    };
    built.map_err(|source| StartError { service, source })
}

/// Builds services, all of them, then starts them.
pub async fn start(services: &[Service], config: &Config, context: &Context) -> Result<(), StartError> {
    config
        .agree(services)
        .map_err(|source| StartError { service: Service::Gateway, source: source.into() })?;
    let mut built = Vec::with_capacity(services.len());
    for service in services {
        built.push(build(*service, config, context).await?);
    }
    built.into_iter().for_each(Built::start);
    Ok(())
}
