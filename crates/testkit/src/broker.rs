//! Real brokers for tests: one server for all, a namespace for each test; or a server of one's own, to
//! stop, kill and freeze.

use crate::supervisor::{Supervisor, User, free_ports};
use pass_events::BrokerConfig;
use pass_mesh::development::Files;
use std::{
    env,
    io::{Read, Write},
    net::TcpStream,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Names the broker to use instead of a private one.
pub const AMQP_URL: &str = "PASS_TEST_AMQP_URL";

/// A fresh namespace on the broker of this process: the one that [`AMQP_URL`] names, else a private one
/// that starts now and ends with the process.
pub async fn broker() -> BrokerConfig {
    static SERVER: OnceLock<OwnBroker> = OnceLock::new();
    if let Ok(url) = env::var(AMQP_URL) {
        return fresh(&url);
    }
    let server = match SERVER.get() {
        Some(server) => server,
        None => tokio::task::spawn_blocking(|| SERVER.get_or_init(OwnBroker::launch))
            .await
            .expect("RabbitMQ for tests starts"),
    };
    server.config()
}

fn fresh(url: &str) -> BrokerConfig {
    BrokerConfig { url: url.to_owned().into(), ca_file: None, namespace: format!("test_{}", crate::unique()) }
}

/// A broker of one test's own. It goes when the last copy of the value does, or with the process.
#[derive(Debug, Clone)]
pub struct OwnBroker {
    server: Arc<Server>,
    port: u16,
    tls_port: u16,
}

#[derive(Debug)]
struct Server(Option<Supervisor>);

impl OwnBroker {
    /// Starts one, with nothing in it.
    pub async fn start() -> Self {
        tokio::task::spawn_blocking(Self::launch).await.expect("RabbitMQ for a test starts")
    }

    /// Starts one that speaks TLS too, with that certificate (for the host name "localhost").
    pub async fn start_with_tls(certificate: Files) -> Self {
        let launch = move || Self::launch_with(Some(&certificate));
        tokio::task::spawn_blocking(launch).await.expect("RabbitMQ for a test starts")
    }

    /// A fresh namespace on it.
    pub fn config(&self) -> BrokerConfig {
        fresh(&self.url())
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// Where it speaks TLS, if it was started with a certificate.
    pub fn tls_url(&self) -> String {
        format!("amqps://guest:guest@localhost:{}/%2f", self.tls_port)
    }

    /// Stops it in order; what is durable stays.
    pub async fn stop(&self) {
        self.order("stop").await;
    }

    /// Kills it (SIGKILL).
    pub async fn kill(&self) {
        self.order("kill").await;
    }

    /// Makes it hang (SIGSTOP): connections stay, nothing answers.
    pub async fn freeze(&self) {
        self.order("freeze").await;
    }

    /// Goes on after [`freeze`](Self::freeze).
    pub async fn thaw(&self) {
        self.order("thaw").await;
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port with the same data.
    pub async fn start_again(&self) {
        let (server, port) = (self.server.clone(), self.port);
        let boot = move || Self::boot(server.supervisor(), port);
        tokio::task::spawn_blocking(boot).await.expect("RabbitMQ for a test starts again");
    }

    async fn order(&self, order: &'static str) {
        let server = self.server.clone();
        let answer = tokio::task::spawn_blocking(move || server.supervisor().order(order)).await;
        assert_eq!(answer.expect("the order is given"), format!("{order} done"));
    }

    fn launch() -> Self {
        Self::launch_with(None)
    }

    fn launch_with(certificate: Option<&Files>) -> Self {
        let [port, distribution, epmd, tls_port] = free_ports();
        let mut arguments = [port, distribution, epmd].map(|port| port.to_string()).to_vec();
        if let Some(Files { ca_file, certificate_file, key_file }) = certificate {
            arguments.push(tls_port.to_string());
            arguments.extend([ca_file, certificate_file, key_file].map(|file| file.display().to_string()));
        }
        let supervisor = Supervisor::start(include_str!("broker.sh"), &arguments, User::Same);
        Self::boot(&supervisor, port);
        Self { server: Arc::new(Server(Some(supervisor))), port, tls_port }
    }

    /// Starts the server and waits until it speaks AMQP.
    fn boot(supervisor: &Supervisor, port: u16) {
        let answer = supervisor.order("start");
        assert_eq!(answer, "start done");
        // It takes 5 s alone and 16 s beside a build.
        for _ in 0..1_200 {
            if speaks(port) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("RabbitMQ did not start within 60 s");
    }
}

impl Server {
    fn supervisor(&self) -> &Supervisor {
        self.0.as_ref().expect("it is there until dropped")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(supervisor) = self.0.take() {
            supervisor.end();
        }
    }
}

fn speaks(port: u16) -> bool {
    let Ok(mut connection) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut first = [0];
    connection.set_read_timeout(Some(Duration::from_secs(2))).is_ok()
        && connection.write_all(b"AMQP\0\0\x09\x01").is_ok()
        && connection.read_exact(&mut first).is_ok()
        && first == [1]
}
