//! One trace through client and server (W3C trace context in the metadata), and their spans.

use http::HeaderMap;
use opentelemetry::{
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The trace that goes on here, if there is one.
pub(crate) fn id() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| span.trace_id().to_string())
}

/// The span of a call that is made.
pub(crate) fn client_span(peer: &str, service: &str, method: &str) -> Span {
    tracing::info_span!(
        "call",
        otel.name = format!("{service}/{method}"),
        otel.kind = "client",
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = method,
        peer = peer,
        rpc.grpc.status_code = tracing::field::Empty,
        rpc.attempts = tracing::field::Empty,
    )
}

/// The span of a call that is served, a child of the caller's.
pub(crate) fn server_span(peer: &str, service: &str, method: &str, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        "serve",
        otel.name = format!("{service}/{method}"),
        otel.kind = "server",
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = method,
        peer = peer,
        actor = tracing::field::Empty,
        account.id = tracing::field::Empty,
        org.id = tracing::field::Empty,
        rpc.grpc.status_code = tracing::field::Empty,
    );
    let parent = TraceContextPropagator::new().extract(&Incoming(headers));
    if parent.span().span_context().is_valid() {
        // Without an OpenTelemetry layer there is nothing to be a child of.
        let _ = span.set_parent(parent);
    }
    span
}

/// Puts a span's trace context into the metadata of a call.
pub(crate) fn inject(span: &Span, headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&span.context(), &mut Outgoing(headers));
}

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(key), http::HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}
