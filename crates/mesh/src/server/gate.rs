//! What every call goes through: admission, deadline, span, metrics, and a task of its own.
//!
//! A handler runs in a task that nobody's cancellation drops: a caller who goes away, or a deadline,
//! ends the waiting, not the work (a transaction that is dropped half-way can poison its connection).

use super::{Shared, admission::admit};
use crate::{Peer, Problem, rules::Method, status, trace, until::until};
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Actor, Kind};
use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use tonic::{Code, Status, body::Body, service::Routes};
use tower::{Service, ServiceExt};
use tracing::{Instrument, Span};

/// Served without an access rule, to whoever has a certificate.
const EXEMPT: [&str; 2] = ["/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/"];

/// The way into one connection's calls.
#[derive(Clone)]
pub(super) struct Gate {
    shared: Arc<Shared>,
    routes: Routes,
    peer: Option<Arc<Peer>>,
}

/// Held while a call runs.
struct Permit {
    _whole: OwnedSemaphorePermit,
    _share: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("there is no such method here")]
    NoMethod,
    #[error("the request can't be read as a message of this method")]
    Unreadable,
    #[error("too much to do at the moment")]
    Busy,
    #[error("the handler of {0} crashed")]
    Crashed(String),
}

impl Problem for Trouble {
    fn kind(&self) -> Kind {
        match self {
            Self::NoMethod => Kind::NotFound,
            Self::Unreadable => Kind::InvalidInput,
            Self::Busy => Kind::Unavailable,
            Self::Crashed(_) => Kind::Internal,
        }
    }
    fn reason(&self) -> ErrorReason {
        match self {
            Self::NoMethod => ErrorReason::NotFound,
            Self::Unreadable => ErrorReason::InvalidArgument,
            Self::Busy => ErrorReason::Unavailable,
            Self::Crashed(_) => ErrorReason::Internal,
        }
    }
}

impl Gate {
    pub(super) fn new(shared: Arc<Shared>, routes: Routes) -> Self {
        Self { shared, routes, peer: None }
    }

    /// The same, for a connection of that peer.
    pub(super) fn of(mut self, peer: Option<Peer>) -> Self {
        self.peer = peer.map(Arc::new);
        self
    }

    /// The deadline that the caller states; a unary call has one in any case, and no later one than the limit.
    fn deadline(&self, method: Option<&Method>, headers: &HeaderMap) -> Option<Instant> {
        let most = method.filter(|method| !method.streaming).map(|_| self.shared.limits.served_call);
        let stated = grpc_timeout(headers);
        stated.into_iter().chain(most).min().map(|time| Instant::now() + time)
    }

    /// Leave for one call, while there is room: in the whole, and in the share of products.
    fn permit(&self) -> Option<Permit> {
        let share = match self.peer.as_deref() {
            Some(Peer::Product(_)) => Some(self.shared.product_permits.clone().try_acquire_owned().ok()?),
            _ => None,
        };
        Some(Permit { _whole: self.shared.permits.clone().try_acquire_owned().ok()?, _share: share })
    }

    /// Admission and handler. Runs in the call's own task.
    async fn handle(self, mut request: Request<Body>, deadline: Option<Instant>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        let streaming = match self.shared.rules.method(&path) {
            Some(method) => {
                let admitted =
                    admit(&self.shared, method, self.peer.as_deref(), request.headers(), deadline).await;
                match admitted {
                    Ok(caller) => {
                        describe(&caller.actor);
                        request.extensions_mut().insert(caller);
                    }
                    Err(refusal) => return status(refusal).into_http(),
                }
                method.streaming
            }
            None if self.peer.is_some() && EXEMPT.iter().any(|it| path.starts_with(it)) => true,
            None if self.peer.is_some() => {
                let mut unknown = status(Trouble::NoMethod);
                unknown = Status::with_details(
                    Code::Unimplemented,
                    unknown.message().to_owned(),
                    unknown.details().to_vec().into(),
                );
                return unknown.into_http();
            }
            None => return status(crate::Refusal::Peer).into_http(),
        };
        let handler = AssertUnwindSafe(self.routes.clone().oneshot(request)).catch_unwind();
        match handler.await {
            Ok(Ok(response)) if unreadable(&response) => status(Trouble::Unreadable).into_http(),
            Ok(Ok(response)) if streaming => response.map(|body| until(body, self.end(deadline))),
            Ok(Ok(response)) => response,
            // The panic itself was printed by the panic hook.
            Err(_) => status(Trouble::Crashed(path)).into_http(),
        }
    }

    /// How a stream ends that does not end by itself.
    fn end(&self, deadline: Option<Instant>) -> BoxFuture<'static, Status> {
        let drain = self.shared.drain.clone();
        Box::pin(async move {
            let expired = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = expired => Status::deadline_exceeded("the deadline has passed"),
                () = drain.cancelled() => Status::unavailable("the server ends"),
            }
        })
    }
}

impl Service<Request<Incoming>> for Gate {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let request = request.map(Body::new);
        let gate = self.clone();
        let method = gate.shared.rules.method(request.uri().path());
        let (service, name) = match method {
            Some(method) => (method.service.clone(), method.name.clone()),
            None => ("other".to_owned(), "other".to_owned()),
        };
        let peer = gate.peer.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        let span = trace::server_span(&peer, &service, &name, request.headers());
        let Some(permit) = gate.permit() else {
            let refused = span.in_scope(|| status(Trouble::Busy));
            return Box::pin(std::future::ready(Ok(refused.into_http())));
        };
        let deadline = gate.deadline(method, request.headers());
        let running = gate.shared.running.clone();
        let stop = gate.shared.stop.clone();
        let work = async move {
            let started = Instant::now();
            let response = gate.handle(request, deadline).await;
            drop(permit);
            let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            record(
                &format!("{service}/{name}"),
                peer,
                if late { Code::DeadlineExceeded } else { code(&response) },
                started,
            );
            response
        };
        let task = running.spawn(stop.run_until_cancelled_owned(work).instrument(span));
        Box::pin(async move {
            let waiting = async {
                match task.await {
                    Ok(Some(response)) => response,
                    Ok(None) | Err(_) => Status::unavailable("the server ends").into_http(),
                }
            };
            Ok(match deadline {
                None => waiting.await,
                Some(deadline) => tokio::time::timeout_at(deadline, waiting)
                    .await
                    .unwrap_or_else(|_| Status::deadline_exceeded("the deadline has passed").into_http()),
            })
        })
    }
}

/// Puts the actor into the span: the kind and ids, nothing personal.
fn describe(actor: &Actor) {
    let span = Span::current();
    let kind = match actor {
        Actor::Anonymous => "anonymous",
        Actor::Client(_) => "client",
        Actor::System(_) => "system",
        Actor::Person(person) | Actor::Operator(person) => {
            span.record("account.id", tracing::field::display(person.account));
            if let Some(membership) = &person.membership {
                span.record("org.id", tracing::field::display(membership.organization));
            }
            if matches!(actor, Actor::Operator(_)) { "operator" } else { "person" }
        }
    };
    span.record("actor", kind);
}

/// Whether tonic could not decode the request: it calls that INTERNAL, and it is the caller's mistake.
fn unreadable(response: &Response<Body>) -> bool {
    Status::from_header_map(response.headers()).is_some_and(|status| {
        status.code() == Code::Internal && status.message().starts_with("failed to decode Protobuf message")
    })
}

fn code(response: &Response<Body>) -> Code {
    response.headers().get("grpc-status").map_or(Code::Ok, |value| Code::from_bytes(value.as_bytes()))
}

/// Labels are bounded: methods of the contract, codes, and peers that have a certificate.
fn record(method: &str, peer: String, code: Code, started: Instant) {
    Span::current().record("rpc.grpc.status_code", code as i32);
    let method = method.to_owned();
    metrics::counter!(
        "mesh_served_calls_total", "method" => method.clone(), "peer" => peer, "code" => format!("{code:?}")
    )
    .increment(1);
    metrics::histogram!("mesh_served_call_seconds", "method" => method)
        .record(started.elapsed().as_secs_f64());
}

/// The time that the caller gives (gRPC over HTTP/2, `grpc-timeout`); a malformed one counts as none.
pub(crate) fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<u64>().ok()?;
    Some(match unit {
        "H" => Duration::from_hours(number),
        "M" => Duration::from_mins(number),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_and_malformed_ones_are_none() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            grpc_timeout(&headers)
        };
        assert_eq!(of("5S"), Some(Duration::from_secs(5)));
        assert_eq!(of("1500m"), Some(Duration::from_millis(1500)));
        assert_eq!(of("99999999H"), Some(Duration::from_hours(99_999_999)));
        for wrong in ["", "S", "5", "-5S", "+5S", "123456789S", "5x", "1.5S"] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }
}
