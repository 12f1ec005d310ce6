//! What is told of a call: one trace from the caller's span into the handler's, and one log entry.

use crate::support::{World, services::Accounts};
use opentelemetry::trace::{SpanKind, TraceContextExt, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pass_mesh::{CallContext, Problem};
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{RequestSignUpRequest, account_service_client::AccountServiceClient},
};
use pass_types::{Kind, Origin};
use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
};
use tonic_types::StatusExt;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;

/// What the whole test binary tells of itself: handlers run in tasks, so there is one for all tests.
static TOLD: LazyLock<Told> = LazyLock::new(Told::start);

struct Told {
    spans: InMemorySpanExporter,
    log: Log,
    _provider: SdkTracerProvider,
}

impl Told {
    fn start() -> Self {
        let (spans, log) = (InMemorySpanExporter::default(), Log::default());
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let writer = log.clone();
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(traces).with(lines);
        tracing::subscriber::set_global_default(subscriber).unwrap();
        Self { spans, log, _provider: provider }
    }

    /// The log's lines with a text in them.
    fn lines(&self, with: &str) -> Vec<String> {
        let text = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(with)).map(ToOwned::to_owned).collect()
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("saving the account")]
struct Fault(#[source] io::Error);

impl Problem for Fault {
    fn kind(&self) -> Kind {
        Kind::Internal
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::Internal
    }
}

#[tokio::test]
async fn the_servers_span_is_a_child_of_the_clients_and_a_fault_tells_the_trace() {
    let told = &*TOLD;
    let world = World::new();
    let accounts = Accounts::working(|_| {
        let work = async { Err(pass_mesh::status(Fault(io::Error::other("cause-of-the-trace-test")))) };
        work.instrument(tracing::info_span!("handler"))
    });
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let root = tracing::info_span!("journey");
    let trace_id = root.context().span().span_context().trace_id();
    let origin = Origin { address: "192.0.2.201".to_owned(), user_agent: "Secret-Agent".to_owned() };
    let request = CallContext::anonymous(origin).request(RequestSignUpRequest::default());
    let status = client.request_sign_up(request).instrument(root).await.unwrap_err();
    let info = status.get_details_request_info().expect("a fault has its trace id");
    assert_eq!(info.request_id, trace_id.to_string());
    server.tasks.stop(std::time::Duration::from_secs(10)).await.unwrap();

    let spans = told.spans.get_finished_spans().unwrap();
    let ours = spans.iter().filter(|span| span.span_context.trace_id() == trace_id).collect::<Vec<_>>();
    let named = |name: &str, kind: SpanKind| {
        ours.iter().find(|span| span.name == name && span.span_kind == kind).expect(name)
    };
    let method = "pass.identity.v1.AccountService/RequestSignUp";
    let (outgoing, incoming) = (named(method, SpanKind::Client), named(method, SpanKind::Server));
    let handler = named("handler", SpanKind::Internal);
    assert_eq!(incoming.parent_span_id, outgoing.span_context.span_id());
    assert_eq!(handler.parent_span_id, incoming.span_context.span_id());
    let attributes = format!("{:?}", incoming.attributes);
    assert!(attributes.contains("anonymous") && attributes.contains("gateway"), "{attributes}");

    let lines = told.lines("cause-of-the-trace-test");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("ERROR") && lines[0].contains("saving the account: cause-of"), "{lines:?}");
    let all = format!("{ours:?}");
    for personal in ["Secret-Agent", "192.0.2.201"] {
        assert!(!all.contains(personal) && told.lines(personal).is_empty());
    }
}

#[derive(Debug, thiserror::Error)]
#[error("refused-by-the-log-test")]
struct Refused;

impl Problem for Refused {
    fn kind(&self) -> Kind {
        Kind::Precondition
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::TrialUsed
    }
}

#[test]
fn refusals_that_are_the_rules_at_work_are_information() {
    let told = &*TOLD;
    let _ = pass_mesh::status(Refused);
    let lines = told.lines("refused-by-the-log-test");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("INFO") && lines[0].contains("TRIAL_USED"), "{lines:?}");
}

#[tokio::test]
async fn calls_are_counted_by_method_peer_and_code() {
    // One thread runs client and server of this test: its own recorder sees both.
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    let call = |channel, context: CallContext| async move {
        let request = context.request(RequestSignUpRequest::default());
        AccountServiceClient::new(channel).request_sign_up(request).await
    };
    call(world.channel("gateway", &server), CallContext::anonymous(Origin::default())).await.unwrap();
    call(world.channel("console", &server), CallContext::system()).await.unwrap_err();
    let text = handle.render();
    let counted = |peer: &str, code: &str| {
        text.lines().any(|line| {
            let labels = [r#"method="pass.identity.v1.AccountService/RequestSignUp""#, peer, code];
            line.starts_with("mesh_served_calls_total") && labels.iter().all(|it| line.contains(it))
        })
    };
    assert!(counted(r#"peer="gateway""#, r#"code="Ok""#), "{text}");
    assert!(counted(r#"peer="console""#, r#"code="PermissionDenied""#), "{text}");
    assert!(text.contains("mesh_served_call_seconds") && text.contains("mesh_calls_total"), "{text}");
}
