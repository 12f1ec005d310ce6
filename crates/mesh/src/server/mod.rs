//! Serving: what is served, and the life of the server.

mod admission;
mod connection;
mod gate;

use crate::{Mesh, MeshError, Trust, config::Limits, rules::Rules, tls::Credentials};
use gate::Gate;
pub(crate) use gate::grpc_timeout;
use pass_runtime::Shutdown;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{body::Body, server::NamedService, service::Routes};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::Service;

/// How long dropping what runs may take.
const STOP: Duration = Duration::from_secs(1);

/// A server of this program's services, being put together.
pub struct Server {
    routes: Routes,
    health: HealthReporter,
    served: Vec<&'static str>,
    development: bool,
    shared: Shared,
}

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) rules: Arc<Rules>,
    pub(crate) trust: Trust,
    pub(crate) trust_domain: String,
    pub(crate) limits: Limits,
    pub(crate) credentials: watch::Receiver<Arc<Credentials>>,
    /// One permit a running call.
    pub(crate) permits: Arc<Semaphore>,
    /// One permit a running call of a product: products take a part of the whole at most, all together.
    pub(crate) product_permits: Arc<Semaphore>,
    /// Everything that runs: connections, and handlers, which may outlive theirs.
    pub(crate) running: TaskTracker,
    /// Finish what runs, take nothing new.
    pub(crate) drain: CancellationToken,
    /// Drop what runs.
    pub(crate) stop: CancellationToken,
}

impl Server {
    pub(crate) fn new(mesh: &Mesh, trust: Trust) -> Self {
        let health = HealthReporter::new();
        let service = tonic_health::pb::health_server::HealthServer::new(
            tonic_health::server::HealthService::from_health_reporter(health.clone()),
        );
        Self {
            routes: Routes::new(service),
            health,
            served: Vec::new(),
            development: mesh.config.development,
            shared: Shared {
                rules: mesh.rules.clone(),
                trust,
                trust_domain: mesh.config.trust_domain.clone(),
                limits: mesh.config.limits.clone(),
                credentials: mesh.credentials.clone(),
                permits: Arc::new(Semaphore::new(mesh.config.limits.concurrent_calls.get())),
                product_permits: Arc::new(Semaphore::new(mesh.config.limits.concurrent_product_calls())),
                running: TaskTracker::new(),
                drain: CancellationToken::new(),
                stop: CancellationToken::new(),
            },
        }
    }

    /// Adds a generated service.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "adds to a list, like tonic's add_service")]
    pub fn add<S>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.routes = self.routes.add_service(service);
        self.served.push(S::NAME);
        self
    }

    /// Serves until shutdown, then lets what runs finish, within the grace of the limits. Refuses to
    /// start when a served method does not say who may call it.
    pub async fn serve(self, listener: TcpListener, shutdown: Shutdown) -> Result<(), MeshError> {
        for name in &self.served {
            self.shared.rules.check(name)?;
        }
        for name in self.served.iter().chain(&[""]) {
            self.health.set_service_status(*name, ServingStatus::Serving).await;
        }
        let routes = if self.development { reflection(self.routes)? } else { self.routes };
        let shared = Arc::new(self.shared);
        // Calls run in tasks of their own: a server that is itself dropped, at a hard stop, drops them too.
        let _stop = shared.stop.clone().drop_guard();
        let gate = Gate::new(shared.clone(), routes.prepare());
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "serving calls");
        }
        connection::accept(&listener, &gate, &shared, &shutdown).await;
        drop(listener);
        for name in self.served.iter().chain(&[""]) {
            self.health.set_service_status(*name, ServingStatus::NotServing).await;
        }
        shared.finish().await;
        Ok(())
    }
}

impl Shared {
    async fn finish(&self) {
        self.drain.cancel();
        self.running.close();
        if tokio::time::timeout(self.limits.grace, self.running.wait()).await.is_err() {
            tracing::warn!(running = self.running.len(), "calls did not finish in time and are dropped");
            self.stop.cancel();
            // What does not even notice that it is dropped is left behind.
            let _ = tokio::time::timeout(STOP, self.running.wait()).await;
        }
    }
}

/// With gRPC reflection, for development.
fn reflection(routes: Routes) -> Result<Routes, MeshError> {
    let service = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pass_proto::DESCRIPTORS)
        .build_v1()
        .map_err(|error| MeshError::Development(Box::new(error)))?;
    Ok(routes.add_service(service))
}
