//! gRPC both ways for every service: TLS, who calls and on whose behalf, deadlines, retries,
//! balancing, tracing, errors.
//!
//! A service makes one [`Mesh`] from its certificate, takes a [`Channel`] for each service that it
//! calls, and serves its own with [`Mesh::server`]. Who may call what stands in the protos
//! (`pass.options.v1.access`) and is enforced here, before a handler runs; a handler starts with
//! [`open`], which gives it the [`Caller`]. What the actor may do to *this* thing is not decided here.
//!
//! What happens to a call, from one end to the other:
//! 1. `CallContext::request` writes into the metadata on whose behalf it is, from where, and how long
//!    the caller waits.
//! 2. [`Channel`] opens a span, puts its trace context beside it, chooses one of the service's addresses,
//!    and states on the wire the time that is left. It tries again what may be repeated.
//! 3. The server's `connection` knows the peer by its certificate; its `gate` gives the call a span (a child of
//!    the caller's), a deadline and a task of its own, which no cancellation drops.
//! 4. `admission` reads the method's access rule: may the peer call, what does the token say
//!    ([`Trust`]), for which audience and scope, or who else is the actor.
//! 5. The handler runs. What it refuses becomes a status by [`status`], the one table of codes;
//!    the other end reads it back with [`Failure::of`].

mod caller;
mod client;
mod config;
pub mod development;
mod error;
mod fault;
mod peer;
mod rules;
mod server;
mod tls;
mod trace;
mod trust;
mod until;

pub use caller::{CallContext, Caller, open};
pub use client::{Channel, Dns, Resolve};
pub use config::{Limits, MeshConfig};
pub use error::{Failure, Problem, status, violation};
pub use fault::{Fault, NeighbourError, ReadError, Unauthorized, answer, database_kind};
pub use peer::Peer;
pub use server::Server;
pub use trust::{Claims, Flaw, Refusal, SUITE_AUDIENCE, TOKEN_LIFE, Trust, Verified};

use pass_runtime::Context;
use std::{path::PathBuf, sync::Arc};
use tls::Credentials;
use tokio::sync::watch;

/// Why a service can't take part in the mesh. Each names the setting or the method that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum MeshError {
    /// A certificate or key file can't be read.
    #[error("reading {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate or key file has something else in it.
    #[error("the certificates can't be used: {0}")]
    Certificates(&'static str, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// The certificate is somebody else's.
    #[error("the certificate of {0} must say spiffe://{1}/{0} (or …/product/{0})")]
    Name(&'static str, String),
    /// A channel was asked for, and no address is configured.
    #[error("the setting peers.{0} is missing: where that service is, for instance https://{0}:4000")]
    PeerUnknown(String),
    /// A channel to a product was asked for, and no address is configured.
    #[error("the setting products.{0} is missing: where that product is, for instance https://{0}:4000")]
    ProductUnknown(String),
    /// The configured address is not one.
    #[error("the setting {0} must be https://host:port")]
    PeerAddress(String),
    /// A served method does not say who may call it.
    #[error("{0} can't be served: {1}")]
    Undeclared(String, &'static str),
    /// The listening socket failed.
    #[error("listening for calls")]
    Listen(#[source] std::io::Error),
    /// Development certificates can't be made.
    #[error("making development certificates")]
    Development(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A program's place in the mesh: its certificate, the addresses of the others, the contract.
#[derive(Clone)]
pub struct Mesh {
    name: &'static str,
    config: Arc<MeshConfig>,
    context: Context,
    credentials: watch::Receiver<Arc<Credentials>>,
    rules: Arc<rules::Rules>,
    resolver: Arc<dyn Resolve>,
}

impl Mesh {
    /// Reads the certificates, and goes on reading them when the files change.
    pub fn new(config: MeshConfig, name: &'static str, context: &Context) -> Result<Self, MeshError> {
        let credentials = Credentials::load(&config, name)?;
        let (sender, receiver) = watch::channel(Arc::new(credentials));
        let watched = config.clone();
        context.tasks.spawn("mesh certificates", move |shutdown| async move {
            tls::reload(watched, name, sender, shutdown).await;
            Ok(())
        });
        Ok(Self {
            name,
            config: Arc::new(config),
            context: context.clone(),
            credentials: receiver,
            rules: Arc::new(rules::Rules::of(&pass_proto::descriptor_pool())),
            resolver: Arc::new(Dns),
        })
    }

    /// The same, that finds addresses in another way than DNS.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// The same, for a contract that is not `proto/`: in tests, and for what a product adds.
    #[must_use]
    pub fn with_descriptors(mut self, descriptors: &prost_reflect::DescriptorPool) -> Self {
        self.rules = Arc::new(rules::Rules::of(descriptors));
        self
    }

    /// The name that this program's certificate says.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// A way to call a service by its name. It connects when it is first used, and again whenever it
    /// has to, so the service need not be there yet.
    pub fn channel(&self, service: &str) -> Result<Channel, MeshError> {
        Channel::new(self, service)
    }

    /// A way to call a product, which need not be there at all: it has a circuit, so that one that is down
    /// takes nobody's time.
    pub fn product(&self, name: &str) -> Result<Channel, MeshError> {
        Channel::to_product(self, name)
    }

    /// A server for this program's own services; `trust` judges the access tokens of its callers.
    pub fn server(&self, trust: Trust) -> Server {
        Server::new(self, trust)
    }
}
