//! The commands that do one thing and end.

use clap::Subcommand;
use pass::{Config, Registration, Service};
use pass_events::BrokerConfig;
use pass_mesh::{Mesh, development};
use pass_runtime::{Context, chain, database};
use std::{
    error::Error,
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

type Outcome = Result<(), Box<dyn Error>>;

/// `pass migrate`.
pub async fn migrate(config: &Config, service: Option<Service>) -> Outcome {
    for service in service.as_ref().map_or(Service::ALL, std::slice::from_ref) {
        pass::migrate(*service, config).await.map_err(|error| within(*service, error))?;
        println!("{service}: the database is up to date");
    }
    Ok(())
}

/// `pass doctor`: every check, then a failure if any failed.
pub async fn doctor(config: &Config) -> Outcome {
    let context = Context::system();
    let mut failures = 0;
    let mut report = |what: String, result: Result<(), String>| match result {
        Ok(()) => println!("ok    {what}"),
        Err(problem) => {
            failures += 1;
            println!("FAIL  {what}: {problem}");
        }
    };
    for service in Service::ALL {
        let database = pass::pending(*service, config).await.map_err(|error| chain(&error));
        report(format!("{service}: database"), database);
    }
    for (service, broker) in Service::ALL.iter().filter_map(|it| Some((it, broker(*it, config)?))) {
        report(format!("{service}: broker"), broker.reachable().await.map_err(|error| chain(&error)));
    }
    for (service, mesh) in Service::ALL.iter().map(|service| (service, service.mesh(config))) {
        let read = Mesh::new(mesh.clone(), service.name(), &context).map(drop).map_err(|error| chain(&error));
        report(format!("{service}: certificates"), read);
    }
    report("mail server".to_owned(), notification::reachable(&config.notification.smtp).await);
    if failures == 0 { Ok(()) } else { Err(format!("{failures} check(s) failed").into()) }
}

/// Where a service's events go; `None`: it has none.
fn broker(service: Service, config: &Config) -> Option<&BrokerConfig> {
    match service {
        Service::Identity => Some(&config.identity.broker),
        Service::Organization => Some(&config.organization.broker),
        Service::Billing => Some(&config.billing.broker),
        Service::DomainVerification => Some(&config.domain_verification.broker),
        Service::Notification => Some(&config.notification.broker),
        Service::Gateway => Some(&config.gateway.broker),
        Service::Console => None,
    }
}

/// `pass certificates`.
pub fn certificates(folder: &Path, trust_domain: &str, products: &[String]) -> Outcome {
    let pki = development::Pki::open(folder, trust_domain)?;
    for service in Service::ALL {
        pki.service(service.name())?;
    }
    for product in products {
        pki.product(product)?;
    }
    println!("certificates for development are in {}", folder.display());
    Ok(())
}

/// `pass client …`.
#[derive(Subcommand)]
pub enum ClientCommand {
    /// Registers a relying party, and prints its secret, which is not shown again.
    Add(NewClient),
    /// Gives a relying party that has a secret a second one, for changing it without a gap.
    Secret {
        /// The `client_id`.
        id: String,
    },
    /// Gives a relying party that has keys others instead of them.
    Keys {
        /// The `client_id`.
        id: String,
        /// Its public keys now, a JWK Set.
        #[arg(long)]
        jwks_file: PathBuf,
    },
}

/// A relying party, as an operator describes it.
#[derive(clap::Args)]
pub struct NewClient {
    /// The `client_id`: 1-64 lower-case letters, digits or hyphens.
    id: String,
    /// Its name, for people.
    #[arg(long)]
    name: String,
    /// Whose tokens it gets: a product's name in the mesh, or "pass" for a console.
    #[arg(long)]
    audience: String,
    /// Where codes may be sent; may be given more than once.
    #[arg(long, required = true)]
    redirect_uri: Vec<String>,
    /// Where a browser may go after signing out; may be given more than once.
    #[arg(long)]
    post_logout_uri: Vec<String>,
    /// Where it hears that a session has ended.
    #[arg(long)]
    back_channel_logout_uri: Option<String>,
    /// It can't keep a secret (a program in a browser or on a phone).
    #[arg(long)]
    public: bool,
    /// It proves who it is by its keys (`private_key_jwt`) and gets no secret: its public keys, a JWK Set.
    #[arg(long, conflicts_with_all = ["public", "secret_file"])]
    jwks_file: Option<PathBuf>,
    /// Writes the secret to this new file (mode 0600) instead of printing it.
    #[arg(long)]
    secret_file: Option<PathBuf>,
}

/// Runs `pass client …`.
pub async fn client(config: &Config, command: ClientCommand) -> Outcome {
    let context = Context::system();
    let pool = database::connect(&config.gateway.database, "pass client").await?;
    database::ensure_migrated(&pool, gateway::MIGRATORS).await?;
    match command {
        ClientCommand::Add(new) => {
            let registration = Registration {
                client_id: new.id.clone(),
                name: new.name,
                audience: new.audience,
                confidential: !new.public,
                jwks: new.jwks_file.as_deref().map(read).transpose()?,
                redirect_uris: new.redirect_uri,
                post_logout_uris: new.post_logout_uri,
                back_channel_logout_uri: new.back_channel_logout_uri,
            };
            // The file first: a secret that can't be kept must not be made.
            let mut place = new.secret_file.as_deref().map(secret_file).transpose()?;
            let secret = pass::register_client(&pool, &context, &registration).await.inspect_err(|_| {
                if let Some(path) = &new.secret_file {
                    let _ = std::fs::remove_file(path);
                }
            })?;
            match (secret, &mut place) {
                (Some(secret), Some(file)) => writeln!(file, "{}", secret.reveal())?,
                (Some(secret), None) => println!("{}", secret.reveal()),
                (None, _) => eprintln!("{}: registered, without a secret", new.id),
            }
        }
        ClientCommand::Secret { id } => {
            println!("{}", pass::add_secret(&pool, &context, &id.parse()?).await?.reveal());
        }
        ClientCommand::Keys { id, jwks_file } => {
            pass::replace_keys(&pool, &context, &id.parse()?, &read(&jwks_file)?).await?;
            eprintln!("{id}: has these keys now");
        }
    }
    pool.close().await;
    Ok(())
}

/// `pass operator …`.
#[derive(Subcommand)]
pub enum OperatorCommand {
    /// Makes the owner of a Nulab Account an operator.
    Add {
        /// The address that they sign in with.
        email: String,
    },
    /// Ends that, and signs them out everywhere.
    Remove {
        /// The address that they sign in with.
        email: String,
    },
}

/// Runs `pass operator …`. Doing it twice does nothing.
pub async fn operator(config: &Config, command: OperatorCommand) -> Outcome {
    let context = Context::system();
    let pool = database::connect(&config.identity.database, "pass operator").await?;
    database::ensure_migrated(&pool, identity::MIGRATORS).await?;
    match command {
        OperatorCommand::Add { email } => {
            let new = pass::add_operator(&pool, &context, &email.parse()?).await?;
            eprintln!("{}", if new { "an operator from now on" } else { "an operator already" });
        }
        OperatorCommand::Remove { email } => {
            let was = pass::remove_operator(&pool, &context, &email.parse()?).await?;
            eprintln!("{}", if was { "no operator any more, and signed out" } else { "not an operator" });
        }
    }
    pool.close().await;
    Ok(())
}

fn read(path: &Path) -> Result<String, Box<dyn Error>> {
    std::fs::read_to_string(path).map_err(|error| format!("can't read {}: {error}", path.display()).into())
}

fn secret_file(path: &Path) -> Result<File, Box<dyn Error>> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| format!("can't make {}: {error}", path.display()).into())
}

fn within(service: Service, error: impl Error + 'static) -> Box<dyn Error> {
    format!("{service}: {}", chain(&error)).into()
}
