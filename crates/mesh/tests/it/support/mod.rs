//! A mesh of its own for each test: an authority, a clock, a gateway's key, services to call.

pub mod services;
pub mod tokens;

use pass_mesh::{Channel, Failure, Mesh, MeshConfig, Server, Trust, development::Pki};
use pass_proto::{errors::v1::ErrorReason, gateway::v1::watch_trust_response::Message};
use pass_runtime::{Context, Tasks};
use pass_types::{Clock, Entropy};
use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tonic::Status;

pub const ISSUER: &str = "https://pass.test";
pub const DOMAIN: &str = "pass.test";

/// A clock that a test moves.
pub struct FakeClock(Mutex<OffsetDateTime>);

impl FakeClock {
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

pub struct World {
    pub folder: TempDir,
    pub pki: Pki,
    pub clock: Arc<FakeClock>,
    pub context: Context,
}

/// A server that runs until it is stopped or dropped.
pub struct Running {
    pub address: SocketAddr,
    pub tasks: Tasks,
}

impl World {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(FakeClock(Mutex::new(time::macros::datetime!(2026-01-01 12:00 UTC))));
        let context = Context::new(clock.clone(), Entropy::from_seed(7));
        Self { pki: Pki::open(folder.path(), DOMAIN).unwrap(), folder, clock, context }
    }

    /// Trust that knows the gateway's key.
    pub fn trust(&self) -> Trust {
        let trust = Trust::new(ISSUER, self.clock.clone());
        trust.apply(Message::Jwks(tokens::jwks())).unwrap();
        trust
    }

    pub fn config(&self, name: &str) -> MeshConfig {
        quick(self.pki.service(name).unwrap().config(DOMAIN))
    }

    pub fn service(&self, name: &'static str) -> Mesh {
        Mesh::new(self.config(name), name, &self.context).unwrap()
    }

    /// A channel to `server` (as "identity") of the service `name`.
    pub fn channel(&self, name: &'static str, server: &Running) -> Channel {
        self.channel_with(self.config(name), name, server)
    }

    pub fn product(&self, name: &'static str, server: &Running) -> Channel {
        let config = quick(self.pki.product(name).unwrap().config(DOMAIN));
        self.channel_with(config, name, server)
    }

    pub fn channel_with(&self, mut config: MeshConfig, name: &'static str, server: &Running) -> Channel {
        config.peers.insert("identity".to_owned(), url(server.address));
        Mesh::new(config, name, &self.context).unwrap().channel("identity").unwrap()
    }

    /// An identity server with these accounts, trusting the gateway's key.
    pub async fn identity(&self, accounts: &services::Accounts) -> Running {
        serve(self.service("identity").server(self.trust()).add(accounts.server())).await
    }
}

/// The contract, with changes to identity's accounts: each text that is replaced must be in it.
pub fn contract(changes: &[(&str, &str)]) -> prost_reflect::DescriptorPool {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let folder = TempDir::new().unwrap();
    let file = "pass/identity/v1/account_service.proto";
    let mut text = std::fs::read_to_string(real.join(file)).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "{old:?} is not in {file}");
        text = text.replace(old, new);
    }
    std::fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
    std::fs::write(folder.path().join(file), text).unwrap();
    let mut compiler = protox::Compiler::new([folder.path(), &real]).unwrap();
    compiler.include_imports(true).open_file(file).unwrap();
    prost_reflect::DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap()
}

/// Everything that is done again and again, more often.
pub fn quick(mut config: MeshConfig) -> MeshConfig {
    config.limits.reload = Duration::from_millis(20);
    config.limits.resolve = Duration::from_millis(20);
    config
}

pub fn url(address: SocketAddr) -> url::Url {
    format!("https://{address}").parse().unwrap()
}

pub async fn serve(server: Server) -> Running {
    serve_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), server)
}

pub fn serve_on(listener: TcpListener, server: Server) -> Running {
    let (address, tasks) = (listener.local_addr().unwrap(), Tasks::default());
    tasks.spawn("server", |shutdown| async move { Ok(server.serve(listener, shutdown).await?) });
    Running { address, tasks }
}

#[track_caller]
pub fn refused<T>(result: Result<T, Status>) -> ErrorReason {
    match result {
        Ok(_) => panic!("was not refused"),
        Err(status) => Failure::of(&status).reason,
    }
}
