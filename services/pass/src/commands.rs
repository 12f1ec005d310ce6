//! The commands that do one thing and end.

use clap::Subcommand;
use pass::{Config, Registration, Service};
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
    let broker = config.identity.broker.reachable().await.map_err(|error| chain(&error));
    report("broker".to_owned(), broker);
    for (service, mesh) in Service::ALL.iter().map(|service| (service, service.mesh(config))) {
        let read = Mesh::new(mesh.clone(), service.name(), &context).map(drop).map_err(|error| chain(&error));
        report(format!("{service}: certificates"), read);
    }
    report("mail server".to_owned(), notification::reachable(&config.notification.smtp).await);
    if failures == 0 { Ok(()) } else { Err(format!("{failures} check(s) failed").into()) }
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
    /// Gives a confidential relying party a second secret, for changing it without a gap.
    Secret {
        /// The `client_id`.
        id: String,
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
    }
    pool.close().await;
    Ok(())
}

fn secret_file(path: &Path) -> Result<File, Box<dyn Error>> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| format!("can't make {}: {error}", path.display()).into())
}

fn within(service: Service, error: impl Error + 'static) -> Box<dyn Error> {
    format!("{service}: {}", chain(&error)).into()
}
