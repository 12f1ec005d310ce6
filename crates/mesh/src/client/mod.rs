//! Calling: a channel to a service, with a deadline on every call and retries of those that may be
//! repeated.

mod attempt;
mod balance;
mod circuit;

pub use balance::{Dns, Resolve};

use crate::{
    Mesh, MeshError, config::MESSAGE_BYTES, rules::Rules, server::grpc_timeout, trace, until::until,
};
use attempt::{Answer, Retry};
use bytes::Bytes;
use circuit::Circuit;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, request::Parts};
use http_body_util::{BodyExt, Full};
use pass_types::Entropy;
use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tonic::{Code, Status, body::Body};
use tower::{Service, ServiceExt};
use tracing::{Instrument, Span};

/// A way to call one service, for tonic's generated clients. Clones share their connections.
///
/// - Every unary call has a deadline, on the wire too: that of its `CallContext`, else the default.
/// - A unary call whose method states an idempotency level is tried again when the service was not
///   available; any other only when it never left this process.
/// - Streams pass as they are.
/// - A product's has a circuit: one that did not answer several times in a row is not asked for a while.
#[derive(Clone)]
pub struct Channel {
    inner: tonic::transport::Channel,
    service: Arc<str>,
    rules: Arc<Rules>,
    entropy: Entropy,
    default_deadline: Duration,
    circuit: Option<Arc<Circuit>>,
}

/// Where a call goes, by its path.
struct Target {
    service: String,
    method: String,
    unary: bool,
    idempotent: bool,
}

impl Channel {
    pub(crate) fn new(mesh: &Mesh, service: &str) -> Result<Self, MeshError> {
        let url = mesh.config.peers.get(service).ok_or_else(|| MeshError::PeerUnknown(service.to_owned()))?;
        let wrong = || MeshError::PeerAddress(format!("peers.{service}"));
        Ok(Self::over(mesh, service, balance::connect(mesh, service, url, wrong)?))
    }

    /// To a product: by its own name in the mesh, and with a circuit.
    pub(crate) fn to_product(mesh: &Mesh, product: &str) -> Result<Self, MeshError> {
        let url = mesh.config.products.get(product);
        let url = url.ok_or_else(|| MeshError::ProductUnknown(product.to_owned()))?;
        let wrong = || MeshError::PeerAddress(format!("products.{product}"));
        let name = format!("{product}.product");
        let channel = Self::over(mesh, &name, balance::connect(mesh, &name, url, wrong)?);
        let limits = &mesh.config.limits;
        let circuit = Circuit::new(product.into(), limits.circuit_failures.get(), limits.circuit_pause);
        Ok(Self { circuit: Some(circuit), ..channel })
    }

    fn over(mesh: &Mesh, service: &str, inner: tonic::transport::Channel) -> Self {
        Self {
            inner,
            service: service.into(),
            rules: mesh.rules.clone(),
            entropy: mesh.context.entropy.clone(),
            default_deadline: mesh.config.limits.call,
            circuit: None,
        }
    }

    /// What is called. A method that is not in the contract (health, reflection) is taken for a stream.
    fn target(&self, path: &str) -> Target {
        if let Some(method) = self.rules.method(path) {
            return Target {
                service: method.service.clone(),
                method: method.name.clone(),
                unary: !method.streaming,
                idempotent: method.idempotent,
            };
        }
        let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
        Target { service: service.into(), method: method.into(), unary: false, idempotent: false }
    }

    async fn run(self, target: Target, request: Request<Body>) -> Result<Response<Body>, Status> {
        let asked = grpc_timeout(request.headers());
        if !target.unary {
            return self.stream(request, asked.map(|time| Instant::now() + time)).await;
        }
        let deadline = Instant::now() + asked.unwrap_or(self.default_deadline);
        let unary = self.unary(target.idempotent, request, deadline);
        timeout_at(deadline, unary)
            .await
            .unwrap_or_else(|_| Err(Status::deadline_exceeded("the deadline passed without an answer")))
    }

    async fn stream(
        mut self,
        mut request: Request<Body>,
        deadline: Option<Instant>,
    ) -> Result<Response<Body>, Status> {
        pass_runtime::trace::inject(&Span::current(), request.headers_mut());
        let call = async { self.inner.ready().await?.call(request).await };
        let Some(deadline) = deadline else { return call.await.map_err(attempt::status) };
        let passed = || Status::deadline_exceeded("the deadline has passed");
        let response = timeout_at(deadline, call).await.map_err(|_| passed())?.map_err(attempt::status)?;
        let end = Box::pin(async move {
            sleep_until(deadline).await;
            passed()
        });
        Ok(response.map(|body| until(body, end)))
    }

    /// Tries until there is an answer that another try would not change.
    async fn unary(
        self,
        idempotent: bool,
        request: Request<Body>,
        deadline: Instant,
    ) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let message = body.collect().await?.to_bytes();
        let mut retry = Retry::new(idempotent);
        loop {
            let answer = self.clone().attempt(&parts, message.clone(), deadline).await;
            Span::current().record("rpc.attempts", retry.attempts());
            match retry.after(&answer, &self.entropy) {
                Some(pause) if Instant::now() + pause < deadline => sleep(pause).await,
                _ => return answer.into_result(),
            }
        }
    }

    async fn attempt(mut self, parts: &Parts, message: Bytes, deadline: Instant) -> Answer {
        let mut request = Request::from_parts(parts.clone(), Body::new(Full::new(message)));
        let left = deadline.saturating_duration_since(Instant::now());
        // At most 8 digits (gRPC over HTTP/2): microseconds up to 99 s, then milliseconds.
        let micros = left.as_micros();
        let left = if micros < 100_000_000 { format!("{micros}u") } else { format!("{}m", micros / 1000) };
        if let Ok(left) = HeaderValue::try_from(left) {
            request.headers_mut().insert("grpc-timeout", left);
        }
        pass_runtime::trace::inject(&Span::current(), request.headers_mut());
        let response = match self.inner.ready().await {
            Ok(ready) => ready.call(request).await,
            Err(error) => Err(error),
        };
        match response {
            Ok(response) => Answer::read(response, MESSAGE_BYTES).await,
            Err(error) => Answer::Failed(error),
        }
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        // Each try waits for a connection of its own, inside its deadline.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let target = self.target(request.uri().path());
        let span = trace::client_span(&self.service, &target.service, &target.method);
        let method = format!("{}/{}", target.service, target.method);
        let (channel, started) = (self.clone(), Instant::now());
        let call = async move {
            let leave = channel.circuit.as_ref().map(Circuit::admit).transpose();
            let (leave, result) = match leave {
                Ok(leave) => (leave, channel.run(target, request).await),
                Err(refused) => (None, Err(refused)),
            };
            let code = match &result {
                Ok(response) => Status::from_header_map(response.headers()).map_or(Code::Ok, |it| it.code()),
                Err(status) => status.code(),
            };
            if let Some(leave) = leave {
                leave.settle(code);
            }
            Span::current().record("rpc.grpc.status_code", code as i32);
            metrics::counter!("mesh_calls_total", "method" => method.clone(), "code" => format!("{code:?}"))
                .increment(1);
            metrics::histogram!("mesh_call_seconds", "method" => method)
                .record(started.elapsed().as_secs_f64());
            result
        };
        Box::pin(call.instrument(span))
    }
}
