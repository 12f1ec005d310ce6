//! A span and two metrics around every request: what came, what it got, how long it took. Addresses,
//! user agents and queries are not part of it.

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use pass_runtime::trace;
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

/// Around every request, outermost. The span is a child of the caller's, where the caller says so
/// (W3C trace context); a browser begins a trace.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    // Strangers make methods up: labels stay bounded.
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let method = known.into_iter().find(|it| *it == request.method().as_str()).unwrap_or("_OTHER");
    let span = tracing::info_span!(
        "http",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    trace::adopt(&span, request.headers());
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    let labels = [("route", route), ("method", method.to_owned()), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels[..2]).record(begun.elapsed());
    response
}
