//! One trace over the broker.

use crate::support::{Record, World, signed_in};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;

/// proves: the trace of the transaction that wrote an event is linked from where it is consumed
#[tokio::test]
async fn consuming_links_to_the_trace_of_the_change() {
    let world = World::new().await;
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    // For this thread, on which all of this test runs.
    let _subscribed = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let _consumer = world.consumer(Record).await;
    world.relay();
    world.publish(signed_in(1)).instrument(tracing::info_span!("change")).await;
    world.settled(1).await;
    let (change, consume) = pass_testkit::wait_for(async || {
        let spans = exporter.get_finished_spans().unwrap();
        let named = |name: &str| spans.iter().find(|span| span.name == name).cloned();
        named("change").zip(named("consume"))
    })
    .await;
    let links = consume.links.iter().map(|link| link.span_context.trace_id()).collect::<Vec<_>>();
    assert_eq!(links, [change.span_context.trace_id()]);
    assert_ne!(consume.span_context.trace_id(), change.span_context.trace_id());
}
