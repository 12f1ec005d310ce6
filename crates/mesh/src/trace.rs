//! One trace through client and server (W3C trace context in the metadata), and their spans.

use http::HeaderMap;
use opentelemetry::trace::TraceContextExt;
use pass_runtime::trace;
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
    trace::adopt(&span, headers);
    span
}
