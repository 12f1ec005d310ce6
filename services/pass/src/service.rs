//! The services by name: how each is migrated and started.

use crate::Config;
use pass_mesh::MeshConfig;
use pass_runtime::{
    Context,
    database::{self, DatabaseConfig, DatabaseError},
};
use sqlx::migrate::Migrator;
use std::{error::Error, fmt};

/// A service that can't be started.
#[derive(Debug, thiserror::Error)]
#[error("{service} can't start")]
pub struct StartError {
    service: Service,
    source: Box<dyn Error + Send + Sync>,
}

/// One line a service: all that differs between them is the crate, which is also the name of its table of
/// settings.
macro_rules! services {
    ($($(#[doc = $what:literal])+ $variant:ident = $name:literal in $service:ident;)+) => {
        /// A service of the suite.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
        pub enum Service {
            $($(#[doc = $what])+ $variant,)+
        }

        impl Service {
            /// Every one, in the order in which they are best started.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in the mesh, in certificates and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            fn database(self, config: &Config) -> &DatabaseConfig {
                match self {
                    $(Self::$variant => &config.$service.database,)+
                }
            }

            /// Its place in the mesh.
            #[must_use]
            pub fn mesh(self, config: &Config) -> &MeshConfig {
                match self {
                    $(Self::$variant => &config.$service.mesh,)+
                }
            }

            /// What its database needs, in order.
            #[must_use]
            pub fn migrators(self) -> &'static [&'static Migrator] {
                match self {
                    $(Self::$variant => $service::MIGRATORS,)+
                }
            }
        }

        /// A service that is built: connected, bound, and not yet at work.
        pub enum Built {
            $($(#[doc = $what])+ $variant(Box<$service::App>),)+
        }

        impl Built {
            /// Puts it to work on the context's tasks.
            pub fn start(self) {
                match self {
                    $(Self::$variant(app) => app.start(),)+
                }
            }
        }

        /// Builds a service: a wrong setting is found here, before anything works.
        pub async fn build(service: Service, config: &Config, context: &Context) -> Result<Built, StartError> {
            let context = context.for_service(service.name());
            let built: Result<Built, Box<dyn Error + Send + Sync>> = match service {
                $(Service::$variant => $service::build(config.$service.clone(), &context)
                    .await
                    .map(|app| Built::$variant(Box::new(app)))
                    .map_err(Into::into),)+
            };
            built.map_err(|source| StartError { service, source })
        }
    };
}

services! {
    /// Accounts, credentials, sessions, SAML.
    Identity = "identity" in identity;
    /// Organizations, members, teams, invitations.
    Organization = "organization" in organization;
    /// Nulab Pass: applications, trials, seats.
    Billing = "billing" in billing;
    /// Domains, proven by DNS.
    DomainVerification = "domain-verification" in domain_verification;
    /// Mails.
    Notification = "notification" in notification;
    /// The OpenID provider and its pages.
    Gateway = "gateway" in gateway;
    /// The settings pages.
    Console = "console" in console;
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Brings a service's database to what this program needs.
pub async fn migrate(service: Service, config: &Config) -> Result<(), DatabaseError> {
    // An index of a large table takes its time; nobody waits for an answer here.
    const HOUR: u64 = 60 * 60;
    let patient = DatabaseConfig { statement_seconds: HOUR, ..service.database(config).clone() };
    let pool = database::connect(&patient, "pass migrate").await?;
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
