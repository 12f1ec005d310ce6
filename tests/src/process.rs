//! Services of a running suite as processes of their own, to be killed in earnest.

use crate::Suite;
use pass::{Config, Service};
use pass_events::BrokerConfig;
use pass_mesh::MeshConfig;
use pass_runtime::{config::SecretText, database::DatabaseConfig};
use pass_testkit::wait_for;
use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A service as a process: `pass <service>`, where its peers look for it and on the data of the suite's own. It
/// is killed with the value.
pub struct Process {
    /// Which service.
    pub service: Service,
    child: Child,
    _folder: TempDir,
}

impl Suite {
    /// A suite at the machine's time of which identity and `others` (organization, billing) run as processes.
    pub async fn start_apart(others: &[Service], adjust: impl FnOnce(&mut Config)) -> (Self, Vec<Process>) {
        let aside = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let suite = Box::pin(Self::start_without_identity(|config| {
            // They run here, too, but where nobody calls them.
            if others.contains(&Service::Organization) {
                config.organization.listen = aside;
            }
            if others.contains(&Service::Billing) {
                config.billing.listen = aside;
            }
            adjust(config);
        }))
        .await;
        let mut processes = vec![Process::start(&suite, Service::Identity).await];
        for service in others {
            processes.push(Process::start(&suite, *service).await);
        }
        (suite, processes)
    }
}

impl Process {
    /// Starts it, with the suite's settings, and waits until it takes calls.
    pub async fn start(suite: &Suite, service: Service) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let common = Common::of(&suite.config, service);
        let name = service.name();
        let peers: Vec<_> = common.mesh.peers.iter().map(|(name, url)| format!("{name} = '{url}'")).collect();
        let file = folder.path().join("pass.toml");
        fs::write(&file, format!("[{name}.mesh.peers]\n{}\n", peers.join("\n"))).expect("a file");
        let port = common.mesh.peers[name].port().expect("peers have ports");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut command = Command::new(program());
        command.arg(name).env_clear().env("PASS_CONFIG", &file).env("PASS_ADMIN__LISTEN", "127.0.0.1:0");
        let table = name.to_uppercase();
        for (setting, value) in common.settings(address).into_iter().chain(special(&suite.config, service)) {
            command.env(format!("PASS_{table}__{setting}"), value);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        let child = command.spawn().expect("the program");
        let mut process = Self { service, child, _folder: folder };
        wait_for(async || {
            let ended = process.child.try_wait().expect("its state");
            assert!(ended.is_none(), "`pass {name}` ended at once: {ended:?}");
            TcpStream::connect(address).await.is_ok()
        })
        .await;
        process
    }

    /// SIGKILL: nothing of it runs any more when this returns.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("its end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the settings of every service that can be a process have.
struct Common<'c> {
    database: &'c DatabaseConfig,
    broker: &'c BrokerConfig,
    mesh: &'c MeshConfig,
    issuer: &'c str,
    link_secret: &'c SecretText,
    console_url: String,
}

impl<'c> Common<'c> {
    fn of(config: &'c Config, service: Service) -> Self {
        macro_rules! of {
            ($table:ident) => {
                Self {
                    database: &config.$table.database,
                    broker: &config.$table.broker,
                    mesh: &config.$table.mesh,
                    issuer: &config.$table.issuer,
                    link_secret: &config.$table.link_secret,
                    console_url: config.$table.console_url.to_string(),
                }
            };
        }
        match service {
            Service::Identity => of!(identity),
            Service::Organization => of!(organization),
            Service::Billing => of!(billing),
            other => panic!("nobody has needed `pass {}` as a process yet", other.name()),
        }
    }

    fn settings(self, address: SocketAddr) -> Vec<(&'static str, String)> {
        let path = |path: &PathBuf| path.display().to_string();
        vec![
            ("DATABASE__URL", self.database.url.expose().to_owned()),
            ("DATABASE__MAX_CONNECTIONS", self.database.max_connections.to_string()),
            ("BROKER__URL", self.broker.url.expose().to_owned()),
            ("BROKER__NAMESPACE", self.broker.namespace.clone()),
            ("MESH__CA_FILE", path(&self.mesh.ca_file)),
            ("MESH__CERTIFICATE_FILE", path(&self.mesh.certificate_file)),
            ("MESH__KEY_FILE", path(&self.mesh.key_file)),
            ("LISTEN", address.to_string()),
            ("ISSUER", self.issuer.to_owned()),
            ("LINK_SECRET", self.link_secret.expose().to_owned()),
            ("CONSOLE_URL", self.console_url),
        ]
    }
}

/// What one service alone is told.
fn special(config: &Config, service: Service) -> Vec<(&'static str, String)> {
    if service != Service::Identity {
        return Vec::new();
    }
    vec![
        ("SAML__SECRET", config.identity.saml.secret.expose().to_owned()),
        ("PASSWORDS__MEMORY_KIB", config.identity.passwords.memory_kib.to_string()),
        ("PASSWORDS__ITERATIONS", config.identity.passwords.iterations.to_string()),
        // It looks often for what was left half-way, and waits long for the others.
        ("HOUSEKEEPING_MILLIS", "200".to_owned()),
        ("STEP_MILLIS", "8000".to_owned()),
    ]
}

/// The suite's program, which cargo builds beside these tests.
fn program() -> PathBuf {
    let own = env::current_exe().expect("a path");
    let program = own.parent().and_then(|deps| deps.parent()).expect("target/<profile>/deps").join("pass");
    assert!(program.exists(), "{} is missing: run `cargo build -p pass`", program.display());
    program
}
