//! The whole suite in this process, as `pass all` runs it: real databases, broker, mail server, mTLS and
//! HTTP on loopback; and the sample product. Each test has its own.

use crate::{Browser, Page};
use pass::{Config, Registration, Service};
use pass_demo::{
    RelyingPartyConfig,
    backlog::Backlog,
    spaces::{LegacySpaces, NewSpace, NewUser},
};
use pass_events::BrokerConfig;
use pass_mesh::{MeshConfig, development::Pki};
use pass_runtime::{Context, config::SecretText, database::DatabaseConfig};
use pass_testkit::{FakeClock, MailSink, TestDatabase, wait_for};
use pass_types::{Clock, Entropy, Product, SystemClock};
use sqlx::PgPool;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};
use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};
use tokio::net::TcpListener;
use url::Url;

/// The running suite.
pub struct Suite {
    /// The suite's time.
    pub clock: FakeClock,
    /// Where its mails go.
    pub mails: MailSink,
    /// Its certificates.
    pub pki: Pki,
    /// Its settings.
    pub config: Config,
    /// Its processes' common ground.
    pub context: Context,
    /// The databases, by service.
    pub databases: BTreeMap<&'static str, TestDatabase>,
    /// The gateway's address.
    pub gateway: Url,
    /// The console's address.
    pub console: Url,
    /// The sample product's address.
    pub backlog: Url,
    /// The secret of the client "backlog".
    pub backlog_secret: String,
    _folder: TempDir,
}

/// Ports of this suite: reserved by binding and letting go.
struct Ports {
    identity: SocketAddr,
    organization: SocketAddr,
    billing: SocketAddr,
    domain_verification: SocketAddr,
    gateway: SocketAddr,
    gateway_http: SocketAddr,
    console_http: SocketAddr,
    backlog: SocketAddr,
}

impl Ports {
    async fn reserve() -> Self {
        let free = async || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
            (listener.local_addr().expect("an address"), listener)
        };
        // All are held until all are known, so that they differ.
        let mut held = Vec::new();
        for _ in 0..8 {
            held.push(free().await);
        }
        let mut addresses = held.iter().map(|(address, _)| *address);
        let mut next = || addresses.next().expect("enough of them");
        Self {
            identity: next(),
            organization: next(),
            billing: next(),
            domain_verification: next(),
            gateway: next(),
            gateway_http: next(),
            console_http: next(),
            backlog: next(),
        }
    }

    fn products(&self) -> BTreeMap<String, Url> {
        BTreeMap::from([("backlog".to_owned(), url("https", "localhost", self.backlog))])
    }

    fn peers(&self) -> BTreeMap<String, Url> {
        [
            ("identity", self.identity),
            ("organization", self.organization),
            ("billing", self.billing),
            ("domain-verification", self.domain_verification),
            ("gateway", self.gateway),
        ]
        .into_iter()
        .map(|(name, address)| (name.to_owned(), url("https", "localhost", address)))
        .collect()
    }
}

fn url(scheme: &str, host: &str, address: SocketAddr) -> Url {
    format!("{scheme}://{host}:{}", address.port()).parse().expect("a URL")
}

fn secret(text: &str) -> SecretText {
    SecretText::from(format!("{text} for tests only and longer than 32 bytes"))
}

impl Suite {
    /// Starts everything and waits until it is ready.
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// The same with other settings.
    pub async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(datetime!(2026-11-22 09:00 UTC), Service::ALL, adjust).await
    }

    /// The same at the machine's time and without identity: it runs as an
    /// [`Process`](crate::Process).
    pub async fn start_without_identity(adjust: impl FnOnce(&mut Config)) -> Self {
        let others: Vec<_> =
            Service::ALL.iter().copied().filter(|service| *service != Service::Identity).collect();
        Self::start_at(SystemClock.now(), &others, adjust).await
    }

    /// The same at the machine's time, for programs of others that look at it.
    pub async fn start_now() -> Self {
        Self::start_at(SystemClock.now(), Service::ALL, |_| ()).await
    }

    async fn start_at(now: OffsetDateTime, services: &[Service], adjust: impl FnOnce(&mut Config)) -> Self {
        let clock = FakeClock::at(now);
        let context = Context::new(clock.shared(), Entropy::from_seed(7));
        let (postgres, broker) = (pass_testkit::postgres().await, pass_testkit::broker().await);
        let mut databases = BTreeMap::new();
        for service in Service::ALL {
            databases.insert(service.name(), postgres.database(service.migrators()).await);
        }
        let mails = MailSink::start().await;
        let folder = tempfile::tempdir().expect("a folder");
        let pki = Pki::open(folder.path(), "pass.internal").expect("certificates");
        let ports = Ports::reserve().await;
        let gateway = url("http", "pass.localhost", ports.gateway_http);
        let console = url("http", "console.localhost", ports.console_http);
        let product = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let backlog = url("http", "backlog.localhost", product.local_addr().expect("an address"));

        let clients = &databases["gateway"].pool;
        let backlog_secret = register(clients, &context, "backlog", "backlog", &backlog).await;
        let console_secret = register(clients, &context, "console", "pass", &console).await;
        let mut config =
            settings(&ports, &databases, &broker, &pki, &mails, &gateway, &console, console_secret);
        adjust(&mut config);
        pass::start(services, &config, &context).await.unwrap_or_else(|error| panic!("{error:?}"));
        let party = RelyingPartyConfig {
            issuer: gateway.clone(),
            public_url: backlog.clone(),
            client_id: "backlog".to_owned(),
            client_secret: SecretText::from(backlog_secret.clone()),
        };
        let mesh = MeshConfig {
            peers: ports.peers(),
            ..pki.product("backlog").expect("files").config("pass.internal")
        };
        let spaces = LegacySpaces::open(None, legacy_spaces(), &context.clock, &context.entropy);
        let sample = Backlog::new(party, mesh, spaces.expect("spaces"), console.clone(), &context);
        let sample = sample.expect("the sample product");
        let (directory, listener) = (sample.clone(), TcpListener::bind(ports.backlog).await.expect("a port"));
        context.tasks.spawn("backlog mesh", |shutdown| async move {
            Ok(directory.serve_mesh(listener, shutdown).await?)
        });
        context.tasks.spawn("backlog", |shutdown| async move { Ok(sample.serve(product, shutdown).await?) });

        let suite = Self {
            clock,
            mails,
            pki,
            config,
            context,
            databases,
            gateway,
            console,
            backlog,
            backlog_secret,
            _folder: folder,
        };
        suite.ready().await;
        suite
    }

    /// Waits until every dependency of every service is there.
    pub async fn ready(&self) {
        wait_for(async || self.context.health.is_complete()).await;
    }

    /// Signs somebody up in a browser, from the mail to the password; the browser is signed in afterwards.
    pub async fn sign_up(&self, browser: &Browser, name: &str, email: &str, password: &str) -> Page {
        let page = browser.open(self.gateway.join("/sign-up").expect("a path")).await;
        let page = browser.submit(page.form("/sign-up").with("name", name).with("email", email)).await;
        assert!(page.status.is_success(), "{}", page.body);
        let mail = self.mails.wait_for(email).await;
        let page = browser.open(mail.link().expect("a link")).await;
        browser.submit(page.form("/sign-up/").with("password", password)).await
    }

    /// Signs somebody in on the page that the gateway shows.
    pub async fn sign_in(&self, browser: &Browser, page: &Page, email: &str, password: &str) -> Page {
        browser.submit(page.form("/sign-in").with("email", email).with("password", password)).await
    }
}

/// The password of everybody in the sample product's legacy spaces.
pub const SPACE_PASSWORD: &str = "a word of old";

/// The sample product's legacy spaces: "old-works", where `taro` is administrator and `hana` is not, and "harbour"
/// with `t.yamada`. Both let people log in with a Nulab Account.
fn legacy_spaces() -> Vec<NewSpace> {
    let user = |user_id: &str, name: &str, administrator| NewUser {
        user_id: user_id.to_owned(),
        name: name.to_owned(),
        email: format!("{user_id}@old.example"),
        password: SPACE_PASSWORD.to_owned(),
        administrator,
    };
    let space = |space_id: &str, name: &str, users| NewSpace {
        space_id: space_id.to_owned(),
        name: name.to_owned(),
        nulab_account: true,
        users,
    };
    vec![
        space(
            "old-works",
            "Old Works",
            vec![user("taro", "T. of old", true), user("hana", "Hana of old", false)],
        ),
        space("harbour", "Harbour & Sons", vec![user("t.yamada", "Harbour's T.", false)]),
    ]
}

/// Registers a client whose pages are at `origin`; gives its secret.
async fn register(clients: &PgPool, context: &Context, id: &str, audience: &str, origin: &Url) -> String {
    let client = Registration {
        client_id: id.to_owned(),
        name: format!("{}{}", id[..1].to_uppercase(), &id[1..]),
        audience: audience.to_owned(),
        confidential: true,
        jwks: None,
        redirect_uris: vec![format!("{origin}callback")],
        post_logout_uris: vec![origin.to_string(), format!("{origin}signed-out")],
        back_channel_logout_uri: Some(format!("{origin}back-channel-logout")),
    };
    let secret = pass::register_client(clients, context, &client).await.expect("a new client");
    secret.expect("a confidential client has a secret").reveal()
}

#[expect(clippy::too_many_arguments, reason = "everything that the settings are made from, once")]
fn settings(
    ports: &Ports,
    databases: &BTreeMap<&'static str, TestDatabase>,
    broker: &BrokerConfig,
    pki: &Pki,
    mails: &MailSink,
    gateway: &Url,
    console: &Url,
    console_secret: String,
) -> Config {
    let database = |service: &str| DatabaseConfig {
        url: databases[service].url.clone().into(),
        max_connections: 6,
        ..DatabaseConfig::default()
    };
    let mesh = |service: &str| MeshConfig {
        peers: ports.peers(),
        ..pki.service(service).expect("files").config("pass.internal")
    };
    let issuer = gateway.as_str().trim_end_matches('/').to_owned();
    let mut config = Config::default();
    for (service, database_of, broker_of, mesh_of) in [
        (
            "identity",
            &mut config.identity.database,
            Some(&mut config.identity.broker),
            &mut config.identity.mesh,
        ),
        (
            "organization",
            &mut config.organization.database,
            Some(&mut config.organization.broker),
            &mut config.organization.mesh,
        ),
        (
            "notification",
            &mut config.notification.database,
            Some(&mut config.notification.broker),
            &mut config.notification.mesh,
        ),
        ("billing", &mut config.billing.database, Some(&mut config.billing.broker), &mut config.billing.mesh),
        (
            "domain-verification",
            &mut config.domain_verification.database,
            Some(&mut config.domain_verification.broker),
            &mut config.domain_verification.mesh,
        ),
        ("gateway", &mut config.gateway.database, Some(&mut config.gateway.broker), &mut config.gateway.mesh),
        ("console", &mut config.console.database, None, &mut config.console.mesh),
    ] {
        *database_of = database(service);
        *mesh_of = mesh(service);
        if let Some(broker_of) = broker_of {
            *broker_of = broker.clone();
        }
    }
    config.identity.listen = ports.identity;
    config.identity.issuer.clone_from(&issuer);
    config.identity.link_secret = secret("identity's links");
    config.identity.saml.secret = secret("identity's keys for SAML");
    config.identity.mesh.products = ports.products();
    config.identity.legacy.products = vec![Product::Backlog];
    console.as_str().trim_end_matches('/').clone_into(&mut config.identity.console_url);
    // The cheapest that Argon2id takes: what hashing costs is tested elsewhere.
    (config.identity.passwords.memory_kib, config.identity.passwords.iterations) = (64, 1);
    config.organization.listen = ports.organization;
    config.organization.issuer.clone_from(&issuer);
    config.organization.link_secret = secret("organization's links");
    config.organization.console_url = console.clone();
    config.billing.listen = ports.billing;
    config.billing.issuer.clone_from(&issuer);
    config.billing.link_secret = secret("billing's page tokens");
    config.billing.console_url = console.clone();
    config.domain_verification.listen = ports.domain_verification;
    config.domain_verification.issuer.clone_from(&issuer);
    config.notification.console_url = console.clone();
    "127.0.0.1".clone_into(&mut config.notification.smtp.host);
    config.notification.smtp.port = mails.address().port();
    config.notification.smtp.tls = pass::TlsMode::None;
    config.gateway.http_listen = ports.gateway_http;
    config.gateway.grpc_listen = ports.gateway;
    config.gateway.web.public_url = gateway.clone();
    config.gateway.web.form_secret = secret("the gateway's forms");
    config.gateway.console_url = console.clone();
    config.gateway.keys.secret = secret("the gateway's signing keys");
    config.gateway.refresh.secret = secret("the gateway's refresh tokens");
    config.gateway.back_channel.allow = vec!["127.0.0.0/8".parse().expect("a network")];
    config.console.listen = ports.console_http;
    config.console.web.public_url = console.clone();
    config.console.web.form_secret = secret("the console's forms");
    config.console.issuer.clone_from(&issuer);
    config.console.client_secret = SecretText::from(console_secret);
    config.console.encryption_secret = secret("the console's sessions");
    config
}
