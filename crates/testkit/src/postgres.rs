//! Real databases for tests: one server, templates per set of migrations, a copy for each test.

use crate::supervisor::{Supervisor, User, free_ports};
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, migrate::Migrator,
    postgres::PgPoolOptions,
};
use std::{env, sync::OnceLock, time::Duration};
use url::Url;

/// Names the server to use instead of a private one: an address of a superuser's, any database.
pub const POSTGRES_URL: &str = "PASS_TEST_POSTGRES_URL";

/// Guards the making of templates, among all test processes of one server.
const TEMPLATES_LOCK: i64 = 0x7061_7373_7465_7374;

/// A PostgreSQL server for tests.
#[derive(Debug)]
pub struct Postgres {
    url: Url,
    _server: Option<Supervisor>,
}

/// The server of this process: the one that [`POSTGRES_URL`] names, else a private one that starts now
/// and ends with the process.
pub async fn postgres() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    match SERVER.get() {
        Some(server) => server,
        None => tokio::task::spawn_blocking(|| SERVER.get_or_init(Postgres::find_or_start))
            .await
            .expect("PostgreSQL for tests starts"),
    }
}

impl Postgres {
    fn find_or_start() -> Self {
        if let Ok(url) = env::var(POSTGRES_URL) {
            return Self { url: url.parse().expect("PASS_TEST_POSTGRES_URL is a URL"), _server: None };
        }
        let mut answer = String::new();
        for _ in 0..3 {
            let [port] = free_ports();
            let server = Supervisor::start(include_str!("postgres.sh"), &[port.to_string()], User::NeverRoot);
            answer = server.answer();
            if answer == "ready" {
                let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
                return Self { url: url.parse().expect("a valid URL"), _server: Some(server) };
            }
        }
        panic!("{answer}");
    }

    /// A new database with these migrations applied, in order; it goes when the value does.
    pub async fn database(&self, migrators: &[&Migrator]) -> TestDatabase {
        let template = self.template(migrators).await;
        let name = format!("pass_test_{}", crate::unique());
        self.administer(format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let url = self.url_of(&name);
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .acquire_timeout(Duration::from_secs(20))
            .connect(url.as_str())
            .await
            .expect("the new database takes connections");
        TestDatabase { url: url.to_string(), pool, admin: self.url.clone(), name }
    }

    /// The name of the database to copy, made by whoever needs it first.
    async fn template(&self, migrators: &[&Migrator]) -> String {
        let name = format!("pass_template_{}", fingerprint(migrators));
        let mut admin = connect(&self.url).await;
        let query = "SELECT pg_advisory_lock($1)";
        sqlx::query(query).bind(TEMPLATES_LOCK).execute(&mut admin).await.expect("the lock");
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut admin)
            .await
            .expect("the list of databases");
        if !exists {
            // It gets its name when it is complete.
            let unfinished = format!("{name}_unfinished");
            for statement in [
                format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"),
                format!("CREATE DATABASE {unfinished} TEMPLATE template0"),
            ] {
                execute(&mut admin, statement).await;
            }
            let mut inside = connect(&self.url_of(&unfinished)).await;
            for migrator in migrators {
                migrator.run(&mut inside).await.expect("the migrations apply");
            }
            inside.close().await.expect("the connection closes");
            execute(&mut admin, format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
        }
        admin.close().await.expect("the connection closes");
        name
    }

    async fn administer(&self, statement: String) {
        let mut admin = connect(&self.url).await;
        execute(&mut admin, statement).await;
        admin.close().await.expect("the connection closes");
    }

    fn url_of(&self, database: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(database);
        url
    }
}

/// A database of one test's own.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where it is, for a service's configuration.
    pub url: String,
    /// Connections to it, for the test.
    pub pool: PgPool,
    admin: Url,
    name: String,
}

impl TestDatabase {
    /// Cuts every connection to the database, the test's own included, as a crash of the server would.
    /// Returns how many there were.
    pub async fn cut(&self) -> usize {
        self.cut_where("").await
    }

    /// Cuts the clients' connections whose `application_name` begins with `prefix` (the server's own autovacuum is not ours
    /// to end); returns how many there were.
    pub async fn cut_where(&self, prefix: &str) -> usize {
        let mut admin = connect(&self.admin).await;
        let query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = $1 AND starts_with(application_name, $2) AND backend_type = 'client backend'";
        let cut = sqlx::query(query).bind(&self.name).bind(prefix).execute(&mut admin).await;
        usize::try_from(cut.expect("a superuser may").rows_affected()).expect("a small number")
    }

    /// Whether the database takes connections (a superuser's are never refused). What is connected is cut
    /// when it stops to.
    pub async fn allow_connections(&self, allow: bool) {
        let mut admin = connect(&self.admin).await;
        execute(&mut admin, format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {allow}", self.name)).await;
        if !allow {
            self.cut().await;
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        let drop_it = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut admin = sqlx::postgres::PgConnectOptions::from_url(&admin)?.connect().await?;
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        };
        // Nobody waits for it: this thread may be the one that the test's connections need to close. A
        // database that stays behind goes with its server.
        drop(std::thread::spawn(drop_it));
    }
}

async fn connect(url: &Url) -> PgConnection {
    PgConnection::connect(url.as_str()).await.expect("PostgreSQL for tests takes connections")
}

async fn execute(connection: &mut PgConnection, statement: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await;
    done.expect("a superuser may do it");
}

fn fingerprint(migrators: &[&Migrator]) -> String {
    let mut hash = Sha256::new();
    for migrator in migrators {
        hash.update(b"migrator");
        hash.update(migrator.table_name.as_bytes());
        for migration in migrator.iter() {
            hash.update(migration.version.to_be_bytes());
            hash.update(&*migration.checksum);
        }
    }
    hash.finalize()[..8].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
