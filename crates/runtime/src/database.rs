//! The connection pool of a service's database, and its migrations.

use crate::{Context, config::SecretText};
use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::{Migrate, MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr, time::Duration};

/// Where a service's database is and how it is used.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://role:password@host:port/database`, with sslmode and the rest of libpq's words.
    pub url: SecretText,
    /// Most connections that one process opens.
    pub max_connections: u32,
    /// Seconds that a request waits for a free connection before it is answered "unavailable".
    pub acquire_seconds: u64,
    /// Seconds after which the database ends a statement.
    pub statement_seconds: u64,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: SecretText::default(), max_connections: 8, acquire_seconds: 3, statement_seconds: 10 }
    }
}

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The URL is missing or malformed. (The source is not kept: it would show the URL.)
    #[error("the setting database.url is missing or is not a postgres:// URL")]
    Url,
    /// A bound that may not be zero is.
    #[error("the setting {0} must be more than 0")]
    Zero(&'static str),
    /// It does not answer.
    #[error("can't connect to the database that the setting database.url names")]
    Connect(#[source] sqlx::Error),
    /// A migration failed.
    #[error("can't migrate the database")]
    Migrate(#[source] MigrateError),
    /// It has not been migrated to what this program needs.
    #[error("the database lacks {0} migration(s): run `pass migrate` first")]
    Pending(usize),
}

/// Opens the pool. `name` is what PostgreSQL shows as the application.
///
/// A connection that was idle for a second is tested before it is used, so that neither a fail-over
/// nor a dropped future leaves requests with a dead one.
pub async fn connect(config: &DatabaseConfig, name: &str) -> Result<PgPool, DatabaseError> {
    let url = config.url.expose();
    let schemes = ["postgres://", "postgresql://"];
    let ours =
        schemes.iter().any(|scheme| url.starts_with(scheme)).then_some(url).ok_or(DatabaseError::Url)?;
    let options = PgConnectOptions::from_str(ours).map_err(|_| DatabaseError::Url)?;
    for (setting, value) in [
        ("database.max_connections", u64::from(config.max_connections)),
        ("database.acquire_seconds", config.acquire_seconds),
        ("database.statement_seconds", config.statement_seconds),
    ] {
        if value == 0 {
            return Err(DatabaseError::Zero(setting));
        }
    }
    let options = options.application_name(name).options([
        ("statement_timeout", format!("{}s", config.statement_seconds)),
        ("lock_timeout", format!("{}s", config.statement_seconds)),
        ("idle_in_transaction_session_timeout", format!("{}s", 3 * config.statement_seconds)),
        ("timezone", "UTC".to_owned()),
    ]);
    // Once without the pool, which would keep trying and then say only that it took too long.
    let first = PgConnection::connect_with(&options).await.map_err(DatabaseError::Connect)?;
    first.close().await.map_err(DatabaseError::Connect)?;
    PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(Duration::from_secs(config.acquire_seconds))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > Duration::from_secs(1) {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .map_err(DatabaseError::Connect)
}

/// How often [`watch`] looks.
const LOOK: Duration = Duration::from_secs(2);

/// Says in readiness whether the database answers, from now on.
pub fn watch(pool: PgPool, context: &Context) {
    let gauge = context.health.register("database");
    context.tasks.spawn("database watch", move |shutdown| async move {
        while !shutdown.is_requested() {
            let answers = async { pool.acquire().await?.ping().await };
            let answer: Result<(), sqlx::Error> = answers.await;
            gauge.set(answer.map_err(|_| "it does not answer".to_owned()));
            let _ = shutdown.or(tokio::time::sleep(LOOK)).await;
        }
        Ok(())
    });
}

/// Brings the database to what `migrators` say, in their order. Running it twice does nothing.
pub async fn migrate(pool: &PgPool, migrators: &[&Migrator]) -> Result<(), DatabaseError> {
    for migrator in migrators {
        migrator.run(pool).await.map_err(DatabaseError::Migrate)?;
    }
    Ok(())
}

/// Refuses a database that [`migrate`] would change.
pub async fn ensure_migrated(pool: &PgPool, migrators: &[&Migrator]) -> Result<(), DatabaseError> {
    let mut connection = pool.acquire().await.map_err(DatabaseError::Connect)?;
    let mut pending = 0;
    for migrator in migrators {
        let applied = match connection.list_applied_migrations(&migrator.table_name).await {
            Ok(applied) => applied,
            // No table yet (42P01): nothing was applied.
            Err(MigrateError::Execute(sqlx::Error::Database(error)))
                if error.code().as_deref() == Some("42P01") =>
            {
                Vec::new()
            }
            Err(error) => return Err(DatabaseError::Migrate(error)),
        };
        pending += migrator
            .iter()
            .filter(|migration| !applied.iter().any(|applied| applied.version == migration.version))
            .count();
    }
    if pending == 0 { Ok(()) } else { Err(DatabaseError::Pending(pending)) }
}
