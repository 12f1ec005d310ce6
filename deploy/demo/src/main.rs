//! `pass-demo`: the sample product, the sample identity provider, the mail sink and the DNS server, for
//! `deploy/dev up`.

use clap::{Parser, Subcommand};
use pass_demo::{
    RelyingPartyConfig,
    backlog::Backlog,
    dns::Dns,
    idp::{IdentityProvider, IdentityProviderConfig, Person},
    mail,
    spaces::LegacySpaces,
};
use pass_mesh::MeshConfig;
use pass_runtime::{
    Context,
    config::SecretText,
    telemetry::{self, TelemetryConfig},
};
use pass_testkit::MailSink;
use std::{
    collections::BTreeMap, error::Error, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration,
};
use tokio::net::TcpListener;
use url::Url;

/// What the suite is tried with.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    program: Program,
}

#[derive(Subcommand)]
enum Program {
    /// Takes mails by SMTP and shows them on a page.
    Mail {
        /// Where mails are taken.
        #[arg(long, default_value = "127.0.0.1:1025")]
        smtp: SocketAddr,
        /// Where the page is.
        #[arg(long, default_value = "127.0.0.1:8025")]
        http: SocketAddr,
    },
    /// The sample product.
    Backlog(Box<BacklogArguments>),
    /// The sample identity provider (SAML 2.0), which asks for no password.
    Idp(IdpArguments),
    /// Answers for a zone of DNS (UDP and TCP) and shows it on a page, to add and remove TXT records.
    Dns {
        /// Where questions are answered.
        #[arg(long, default_value = "127.0.0.1:5353")]
        listen: SocketAddr,
        /// Where the page is.
        #[arg(long, default_value = "127.0.0.1:8053")]
        http: SocketAddr,
        /// The zone.
        #[arg(long, default_value = "demo.example")]
        zone: String,
        /// Folder for the records.
        #[arg(long)]
        data: PathBuf,
    },
}

#[derive(clap::Args)]
struct IdpArguments {
    /// Where it listens.
    #[arg(long, default_value = "127.0.0.1:8091")]
    listen: SocketAddr,
    /// Where browsers reach it.
    #[arg(long)]
    public_url: Url,
    /// Folder for its key and certificate, made when they are not there.
    #[arg(long)]
    data: PathBuf,
    /// Somebody to sign in as, as `Email=Name`; several times.
    #[arg(long = "user")]
    users: Vec<Person>,
    /// What the addresses of service providers begin with; several times. Others get no answer.
    #[arg(long = "sp-prefix", required = true)]
    sp_prefixes: Vec<Url>,
}

#[derive(clap::Args)]
struct BacklogArguments {
    /// Where it listens.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Where browsers reach it.
    #[arg(long)]
    public_url: Url,
    /// The gateway's issuer URL.
    #[arg(long)]
    issuer: Url,
    /// From `pass client add`.
    #[arg(long, default_value = "backlog")]
    client_id: String,
    /// File with the secret from `pass client add`.
    #[arg(long)]
    client_secret_file: PathBuf,
    /// Folder with ca.pem, and the product's certificate and key.
    #[arg(long)]
    ca_file: PathBuf,
    /// The product's certificate.
    #[arg(long)]
    certificate_file: PathBuf,
    /// The certificate's key.
    #[arg(long)]
    key_file: PathBuf,
    /// The trust domain of the mesh.
    #[arg(long, default_value = "pass.internal")]
    trust_domain: String,
    /// Where identity is, `https://host:port`.
    #[arg(long)]
    identity: Url,
    /// Where organization is, `https://host:port`.
    #[arg(long)]
    organization: Url,
    /// Where the console's pages begin.
    #[arg(long)]
    console: Url,
    /// Where it answers the suite's questions about legacy spaces, over the mesh.
    #[arg(long, default_value = "127.0.0.1:4090")]
    mesh_listen: SocketAddr,
    /// File (JSON) with the legacy spaces that are to be there: a list of objects with `space_id`, `name`,
    /// `nulab_account`, and `users` with `user_id`, `name`, `email`, `password`, `administrator`.
    #[arg(long)]
    spaces: Option<PathBuf>,
    /// Folder for the legacy spaces; they are made when they are not there.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().program).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pass-demo: {}", pass_runtime::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(program: Program) -> Result<(), Box<dyn Error>> {
    let _telemetry = telemetry::init(&TelemetryConfig::default(), "demo")?;
    let context = Context::system();
    match program {
        Program::Mail { smtp, http } => {
            let sink = MailSink::listen(smtp).await?;
            let listener = TcpListener::bind(http).await?;
            context.tasks.spawn("mail page", |shutdown| async move {
                Ok(mail::serve(sink, listener, shutdown).await?)
            });
        }
        Program::Backlog(arguments) => start_backlog(*arguments, &context).await?,
        Program::Idp(arguments) => start_idp(arguments, &context).await?,
        Program::Dns { listen, http, zone, data } => {
            let dns = Dns::bind(listen, &zone, &data).await?;
            let listener = TcpListener::bind(http).await?;
            context.tasks.spawn("DNS", |shutdown| async move { Ok(dns.serve(listener, shutdown).await?) });
        }
    }
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        failure = context.tasks.first_failure() => return Err(failure.into()),
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
    Ok(context.tasks.stop(Duration::from_secs(5)).await?)
}

async fn start_backlog(arguments: BacklogArguments, context: &Context) -> Result<(), Box<dyn Error>> {
    let secret = std::fs::read_to_string(&arguments.client_secret_file)?;
    let party = RelyingPartyConfig {
        issuer: arguments.issuer,
        public_url: arguments.public_url,
        client_id: arguments.client_id,
        client_secret: SecretText::from(secret.trim().to_owned()),
    };
    let mesh = MeshConfig {
        trust_domain: arguments.trust_domain,
        ca_file: arguments.ca_file,
        certificate_file: arguments.certificate_file,
        key_file: arguments.key_file,
        peers: BTreeMap::from([
            ("identity".to_owned(), arguments.identity),
            ("organization".to_owned(), arguments.organization),
        ]),
        ..MeshConfig::default()
    };
    let wanted = arguments.spaces.map(|file| LegacySpaces::wanted(&file)).transpose()?.unwrap_or_default();
    let spaces = LegacySpaces::open(arguments.data.as_deref(), wanted, &context.clock, &context.entropy)?;
    let backlog = Backlog::new(party, mesh, spaces, arguments.console, context)?;
    let (listener, product) = (TcpListener::bind(arguments.mesh_listen).await?, backlog.clone());
    context
        .tasks
        .spawn("backlog mesh", |shutdown| async move { Ok(product.serve_mesh(listener, shutdown).await?) });
    let listener = TcpListener::bind(arguments.listen).await?;
    context.tasks.spawn("backlog", |shutdown| async move { Ok(backlog.serve(listener, shutdown).await?) });
    Ok(())
}

async fn start_idp(arguments: IdpArguments, context: &Context) -> Result<(), Box<dyn Error>> {
    let config = IdentityProviderConfig {
        public_url: arguments.public_url,
        data: arguments.data,
        people: arguments.users,
        sp_prefixes: arguments.sp_prefixes,
    };
    let idp = IdentityProvider::new(config, context)?;
    let listener = TcpListener::bind(arguments.listen).await?;
    context
        .tasks
        .spawn("identity provider", |shutdown| async move { Ok(idp.serve(listener, shutdown).await?) });
    Ok(())
}
