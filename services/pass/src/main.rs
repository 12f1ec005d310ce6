//! `pass`: the suite's program.

mod commands;

use clap::{Parser, Subcommand};
use pass::{Config, Service};
use pass_runtime::{
    Context, admin,
    config::{self, ConfigError},
    telemetry,
};
use std::{error::Error, path::PathBuf, process::ExitCode, time::Duration};
use tokio::net::TcpListener;

/// Nulab Pass: account management and single sign-on for companies.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
struct Arguments {
    /// File with the settings (TOML). Every setting can also be given as `PASS_A__B` for `a.b`, and
    /// every secret as the path of a file: `PASS_A__B_FILE`.
    #[arg(long, env = "PASS_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs all services in one process.
    All,
    /// Runs identity: accounts, credentials, sessions.
    Identity,
    /// Runs organization: organizations, members, invitations.
    Organization,
    /// Runs billing: applications for Nulab Pass, trials, seats.
    Billing,
    /// Runs domain-verification: domains, proven by DNS.
    DomainVerification,
    /// Runs notification: mails.
    Notification,
    /// Runs the gateway: OpenID provider, sign-in pages.
    Gateway,
    /// Runs the console: account and organization settings.
    Console,
    /// Brings databases to what this program needs; running it twice does nothing.
    Migrate {
        /// Only this service's.
        service: Option<Service>,
    },
    /// Prints the settings in force, without secrets.
    Config,
    /// Checks databases, broker, certificates and mail server, and says what is wrong.
    Doctor,
    /// Makes certificates for development: an authority, and one for each service and product.
    Certificates {
        /// Where they go. What is there already is kept.
        folder: PathBuf,
        /// Products to make certificates for.
        #[arg(long, default_values = ["backlog"])]
        product: Vec<String>,
        /// Whose names they have.
        #[arg(long, default_value = "pass.internal")]
        trust_domain: String,
    },
    /// Products and other relying parties of the gateway (API-6).
    Client {
        #[command(subcommand)]
        command: commands::ClientCommand,
    },
    /// Staff of the company that runs the suite.
    Operator {
        #[command(subcommand)]
        command: commands::OperatorCommand,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(run(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line that names what is wrong; secrets are not in error texts.
            eprintln!("pass: {}", pass_runtime::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

type Outcome = Result<(), Box<dyn Error>>;

async fn run(arguments: Arguments) -> Outcome {
    let file = arguments.config.as_deref();
    let load = || -> Result<Config, ConfigError> { config::load(file, environment()) };
    let (services, name): (&[Service], _) = match arguments.command {
        Command::All => (Service::ALL, "pass"),
        Command::Identity => (&[Service::Identity], "identity"),
        Command::Organization => (&[Service::Organization], "organization"),
        Command::Billing => (&[Service::Billing], "billing"),
        Command::DomainVerification => (&[Service::DomainVerification], "domain-verification"),
        Command::Notification => (&[Service::Notification], "notification"),
        Command::Gateway => (&[Service::Gateway], "gateway"),
        Command::Console => (&[Service::Console], "console"),
        Command::Migrate { service } => return commands::migrate(&load()?, service).await,
        Command::Config => {
            print!("{}", toml::to_string(&load()?)?);
            return Ok(());
        }
        Command::Doctor => return commands::doctor(&load()?).await,
        Command::Certificates { folder, product, trust_domain } => {
            return commands::certificates(&folder, &trust_domain, &product);
        }
        Command::Client { command } => return commands::client(&load()?, command).await,
        Command::Operator { command } => return commands::operator(&load()?, command).await,
    };
    Box::pin(serve(load()?, services, name)).await
}

/// The variables of the environment that are ours to read.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("PASS_"))
        .collect()
}

/// Runs services until a signal comes or a task fails; then stops everything in order.
async fn serve(config: Config, services: &[Service], name: &str) -> Outcome {
    let telemetry = telemetry::init(&config.telemetry, name)?;
    let context = Context::system();
    let startup = context.health.register("process");
    let listener = TcpListener::bind(config.admin.listen).await.map_err(|error| {
        format!("the setting admin.listen: can't listen on {}: {error}", config.admin.listen)
    })?;
    let (health, metrics, log_level) =
        (context.health.clone(), telemetry.metrics.clone(), telemetry.log_level.clone());
    context.tasks.spawn_outlet("admin port", |shutdown| async move {
        Ok(admin::serve(listener, health, metrics, log_level, shutdown).await?)
    });
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let started = async {
        pass::start(services, &config, &context).await?;
        startup.set(Ok(()));
        tracing::info!(services = ?services, "started");
        Ok::<(), pass::StartError>(())
    };
    let outcome: Outcome = tokio::select! {
        outcome = async {
            started.await?;
            Err(context.tasks.first_failure().await.into())
        } => outcome,
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminated.recv() => Ok(()),
    };
    if let Err(error) = &outcome {
        tracing::error!(error = &**error, "the process can't go on");
    }
    context.health.stop();
    let stopped = context.tasks.stop(Duration::from_secs(config.shutdown_seconds)).await;
    tracing::info!("stopped");
    tokio::task::spawn_blocking(|| telemetry.flush()).await?;
    outcome.and(stopped.map_err(Into::into))
}
