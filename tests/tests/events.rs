//! Every step leaves its event, and one trace goes from the browser's request to the mail.

use opentelemetry::trace::{SpanId, TracerProvider};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData},
};
use pass_proto::events::v1::{Envelope, actor::Kind, envelope::Payload};
use pass_testkit::wait_for;
use pass_tests::{Browser, Listener, Suite};
use std::collections::BTreeMap;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

const PASSWORD: &str = "correct horse battery 7 staple";

/// Panics unless each key's events arrived as 1, 2, 3, …
fn must_be_in_order(events: &[Envelope]) {
    let mut last = BTreeMap::new();
    for event in events {
        let last = last.entry((event.source.as_str(), event.key.as_str())).or_insert(0);
        *last += 1;
        assert_eq!(event.sequence, *last, "{} of {} in order, without gaps", event.key, event.source);
    }
}

/// proves ACC-1, ORG-1, ORG-6, API-5: what happened is told, by whom and from where, each key in order
#[tokio::test(flavor = "multi_thread")]
async fn every_step_leaves_its_event() {
    let suite = Suite::start().await;
    let listener = Listener::start(&suite).await;
    let browser = Browser::new("Taro", "en");
    suite.sign_up(&browser, "Taro Yamada", "taro@example.com", PASSWORD).await;
    let page = browser.open(suite.console.join("/trial/backlog").unwrap()).await;
    let form = page.form("/trial/backlog").with("plan", "standard");
    let page = browser.submit(form.with("organization_name", "Acme").with("space_id", "acme")).await;
    let invite = format!("{}/invitations/new", page.url.as_str().split('?').next().unwrap());
    let page = browser.open(&invite).await;
    let form = page.form("/invitations/new").with("email", "hanako@example.com").with("role", "guest");
    browser.submit(form).await;
    let page = browser.open(&suite.console).await;
    browser.submit(page.form("/sign-out")).await;

    let ended = listener.wait_for(|event| matches!(event.payload, Some(Payload::SessionEnded(_)))).await;
    let signed_up =
        listener.wait_for(|event| matches!(event.payload, Some(Payload::SignUpRequested(_)))).await;
    let created = listener.wait_for(|event| matches!(event.payload, Some(Payload::AccountCreated(_)))).await;
    let invited =
        listener.wait_for(|event| matches!(event.payload, Some(Payload::InvitationCreated(_)))).await;
    for what in [
        |payload: &Payload| matches!(payload, Payload::SignedIn(_)),
        |payload: &Payload| matches!(payload, Payload::OrganizationCreated(_)),
        |payload: &Payload| matches!(payload, Payload::SpaceCreated(_)),
        |payload: &Payload| matches!(payload, Payload::MemberAdded(_)),
    ] {
        listener.wait_for(|event| event.payload.as_ref().is_some_and(what)).await;
    }
    must_be_in_order(&listener.heard());

    assert_eq!(signed_up.actor.unwrap().kind, Kind::Anonymous as i32);
    assert_eq!(ended.source, "identity");
    let actor = invited.actor.clone().unwrap();
    assert_eq!(
        (actor.kind, actor.id.as_str()),
        (Kind::Person as i32, created.key.trim_start_matches("account/"))
    );
    assert!(!invited.organization_id.is_empty());
    let origin = created.origin.unwrap();
    assert_eq!(origin.address, "127.0.0.1");
    assert!(origin.user_agent.contains("Taro"), "{}", origin.user_agent);
    for event in listener.heard() {
        let text = format!("{:?}", event.payload);
        for personal in ["Yamada", "example.com", "Acme", PASSWORD] {
            assert!(!text.contains(personal), "an event carries ids and facts only: {text}");
        }
    }
}

/// One trace from the browser's request through gRPC and SQL, over the broker, to the mail.
#[tokio::test(flavor = "multi_thread")]
async fn one_trace_from_the_browser_to_the_mail() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing_subscriber::registry().with(traces.with_filter(EnvFilter::new("info,sqlx::query=debug"))).init();

    let suite = Suite::start().await;
    let browser = Browser::new("Taro", "en");
    let page = browser.open(suite.gateway.join("/sign-up").unwrap()).await;
    browser.submit(page.form("/sign-up").with("name", "Taro Yamada").with("email", "taro@example.com")).await;
    suite.mails.wait_for("taro@example.com").await;

    let mail = wait_for(async || named(&exporter, "deliver mail").pop()).await;
    let trace = mail.span_context.trace_id();
    let spans: Vec<_> =
        finished(&exporter).into_iter().filter(|it| it.span_context.trace_id() == trace).collect();
    let find = |name: &str| {
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| {
            panic!("no {name} among {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>())
        })
    };
    let request = find("POST /sign-up");
    assert_eq!(request.parent_span_id, SpanId::INVALID, "the browser's request begins the trace");
    let call = find("pass.identity.v1.AccountService/RequestSignUp");
    let asked = spans.iter().filter(|span| span.name == call.name).count();
    assert_eq!(asked, 2, "the gateway's call and identity's answer");
    find("pass.identity.v1.DirectoryService/PrepareSignUpMail");
    let statements = spans.iter().flat_map(|span| span.events.iter()).flat_map(|event| &event.attributes);
    let statements: Vec<_> = statements.map(|attribute| attribute.value.to_string()).collect();
    assert!(statements.iter().any(|it| it.contains("INSERT INTO sign_ups")), "SQL is noted: {statements:?}");
    let consumed = finished(&exporter)
        .into_iter()
        .any(|span| span.links.iter().any(|link| link.span_context.trace_id() == trace));
    assert!(consumed, "the consumer's span is linked to the trace");
    for span in finished(&exporter) {
        let text = format!("{span:?}");
        for personal in ["Yamada", "taro@example.com"] {
            assert!(!text.contains(personal), "nothing personal in spans: {text}");
        }
    }
}

fn finished(exporter: &InMemorySpanExporter) -> Vec<SpanData> {
    exporter.get_finished_spans().expect("the exporter works")
}

fn named(exporter: &InMemorySpanExporter, name: &str) -> Vec<SpanData> {
    finished(exporter).into_iter().filter(|span| span.name == name).collect()
}
