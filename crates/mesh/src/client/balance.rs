//! All addresses of a service, resolved again and again, and calls spread over them.

use crate::{Mesh, MeshError, config::Limits, tls::Credentials};
use futures::{FutureExt, future::BoxFuture};
use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{mpsc::Sender, watch};
use tonic::transport::{Endpoint, Uri, channel::Change};
use url::Url;

/// How soon to ask again when there is no address at all.
const EMPTY_PAUSE: Duration = Duration::from_millis(500);
const CHANGES: usize = 64;

/// Finds the addresses of a host.
pub trait Resolve: Send + Sync + 'static {
    /// Its addresses now.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// Finds addresses by the system's resolver. Of `localhost` it takes the IPv4 address alone: nothing
/// of ours listens on both.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dns;

impl Resolve for Dns {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        async move {
            if host == "localhost" || host.ends_with(".localhost") {
                return Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]);
            }
            Ok(tokio::net::lookup_host((host, port)).await?.collect())
        }
        .boxed()
    }
}

struct Balancer {
    service: String,
    host: String,
    port: u16,
    limits: Limits,
    resolver: Arc<dyn Resolve>,
    credentials: watch::Receiver<Arc<Credentials>>,
    changes: Sender<Change<SocketAddr, Endpoint>>,
    known: BTreeSet<SocketAddr>,
    /// The certificate has changed since the known addresses were connected to.
    renewed: bool,
}

/// A channel over all addresses of a service, kept up to date until it is dropped.
/// Its certificate must be in the name `service`.
pub(super) fn connect(
    mesh: &Mesh,
    service: &str,
    url: &Url,
    wrong: impl Fn() -> MeshError,
) -> Result<tonic::transport::Channel, MeshError> {
    let (host, port) = address(url).ok_or_else(&wrong)?;
    let (channel, changes) = tonic::transport::Channel::balance_channel(CHANGES);
    let balancer = Balancer {
        service: service.to_owned(),
        host,
        port,
        limits: mesh.config.limits.clone(),
        resolver: mesh.resolver.clone(),
        credentials: mesh.credentials.clone(),
        changes,
        known: BTreeSet::new(),
        renewed: false,
    };
    // The name that certificates are checked against is an origin too; find out now if it is none.
    let known = balancer.endpoint(SocketAddr::from(([127, 0, 0, 1], balancer.port)));
    known.map_err(|NotAnAddress| wrong())?;
    tokio::spawn(balancer.run());
    Ok(channel)
}

fn address(url: &Url) -> Option<(String, u16)> {
    let plain = url.scheme() == "https" && matches!(url.path(), "" | "/") && url.query().is_none();
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    plain.then(|| (host.to_owned(), url.port_or_known_default().unwrap_or(443)))
}

impl Balancer {
    async fn run(mut self) {
        loop {
            if self.resolve().await.is_err() {
                return;
            }
            let pause = if self.known.is_empty() { EMPTY_PAUSE } else { self.limits.resolve };
            tokio::select! {
                () = tokio::time::sleep(pause.min(self.limits.resolve)) => {}
                renewed = self.credentials.changed() => {
                    if renewed.is_err() {
                        // The program ends; go on with the certificate that is there.
                        self.changes.closed().await;
                        return;
                    }
                    // New connections with the new certificate; calls on the old ones finish there.
                    self.renewed = true;
                }
                () = self.changes.closed() => return,
            }
        }
    }

    /// Asks once. What can't be asked or is empty changes nothing: old addresses are better than none.
    async fn resolve(&mut self) -> Result<(), Closed> {
        let found: BTreeSet<SocketAddr> = match self.resolver.resolve(&self.host, self.port).await {
            Ok(found) if !found.is_empty() => found.into_iter().collect(),
            Ok(_) => return Ok(()),
            Err(error) => {
                tracing::warn!(service = self.service, error = %error, "resolving a service's name");
                return Ok(());
            }
        };
        for gone in self.known.difference(&found) {
            self.changes.send(Change::Remove(*gone)).await.map_err(|_| Closed)?;
        }
        for new in found.iter().filter(|it| self.renewed || !self.known.contains(it)) {
            let Ok(endpoint) = self.endpoint(*new) else { continue };
            self.changes.send(Change::Insert(*new, endpoint)).await.map_err(|_| Closed)?;
        }
        self.known = found;
        self.renewed = false;
        Ok(())
    }

    /// A connection goes to an address, and its certificate must be the service's.
    fn endpoint(&self, address: SocketAddr) -> Result<Endpoint, NotAnAddress> {
        let to = match address.ip() {
            IpAddr::V4(ip) => format!("https://{ip}:{}", address.port()),
            IpAddr::V6(ip) => format!("https://[{ip}]:{}", address.port()),
        };
        let origin = Uri::try_from(format!("https://{}", self.service)).map_err(|_| NotAnAddress)?;
        let tls = self.credentials.borrow().client.clone().domain_name(&self.service);
        let endpoint = Endpoint::from_shared(to).map_err(|_| NotAnAddress)?.origin(origin);
        let endpoint = endpoint.tls_config(tls).map_err(|_| NotAnAddress)?;
        Ok(endpoint
            .connect_timeout(self.limits.connect)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(self.limits.keep_alive)
            .keep_alive_timeout(self.limits.keep_alive)
            .keep_alive_while_idle(true))
    }
}

/// Nobody has the channel any more.
struct Closed;

/// What was configured can't be connected to, whoever is there.
struct NotAnAddress;
