//! One trace over the broker: the transaction that wrote an event is linked from where it is consumed.

use opentelemetry::{propagation::TextMapPropagator, trace::TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use std::collections::HashMap;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const HEADER: &str = "traceparent";

/// The W3C traceparent of the current span; empty when it is not traced.
pub(crate) fn current() -> String {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut carrier);
    carrier.remove(HEADER).unwrap_or_default()
}

/// Links `span` to the trace that `trace_parent` names, if it names one.
pub(crate) fn link(span: &Span, trace_parent: &str) {
    let carrier = HashMap::from([(HEADER.to_owned(), trace_parent.to_owned())]);
    let linked = TraceContextPropagator::new().extract(&carrier).span().span_context().clone();
    if linked.is_valid() {
        span.add_link(linked);
    }
}
