//! Logs (JSON lines on stdout, with trace ids), traces (OTLP) and metrics (Prometheus).

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::{global, trace::TraceContextExt, trace::TracerProvider};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use serde_json::{Map, Value, json};
use std::{fmt, time::Duration};
use time::format_description::well_known::Rfc3339;
use tracing::{Event, Subscriber, field::Field};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
    reload,
    util::SubscriberInitExt,
};

/// What a process tells of itself, and where.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Directives of tracing's `EnvFilter`, for instance `info,pass_events=debug`.
    pub log: String,
    /// OTLP/gRPC collector, for instance `http://collector:4317`; empty: no traces are exported.
    pub otlp_endpoint: String,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { log: "info".to_owned(), otlp_endpoint: String::new() }
    }
}

/// Why telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is malformed.
    #[error("the setting telemetry.log is not a list of log directives")]
    Log(#[source] tracing_subscriber::filter::ParseError),
    /// The exporter can't be built.
    #[error("the setting telemetry.otlp_endpoint is not usable")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
    /// The metrics recorder is there already or can't be built.
    #[error("metrics can't be recorded")]
    Metrics(#[source] metrics_exporter_prometheus::BuildError),
}

/// The running telemetry; [`flush`](Telemetry::flush) it at the end.
pub struct Telemetry {
    /// For the admin port.
    pub metrics: PrometheusHandle,
    /// For the admin port.
    pub log_level: LogLevel,
    provider: Option<SdkTracerProvider>,
}

/// Changes what is logged, while the process runs.
#[derive(Clone)]
pub struct LogLevel(reload::Handle<EnvFilter, Registry>);

impl LogLevel {
    #[cfg(test)]
    pub(crate) fn new(handle: reload::Handle<EnvFilter, Registry>) -> Self {
        Self(handle)
    }

    /// The directives in force.
    pub fn current(&self) -> String {
        self.0.with_current(ToString::to_string).unwrap_or_default()
    }

    /// Puts other directives in force.
    pub fn set(&self, directives: &str) -> Result<(), TelemetryError> {
        let filter = EnvFilter::try_new(directives).map_err(TelemetryError::Log)?;
        if self.0.reload(filter).is_err() {
            tracing::error!("the log filter can't be changed: its subscriber is gone");
        }
        Ok(())
    }
}

/// Starts logs, traces and metrics for the process; once, on its runtime.
pub fn init(config: &TelemetryConfig, service: &str) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&config.log).map_err(TelemetryError::Log)?;
    let (filter, handle) = reload::Layer::new(filter);
    global::set_text_map_propagator(TraceContextPropagator::new());
    let resource = Resource::builder().with_service_name(service.to_owned()).build();
    let mut provider = SdkTracerProvider::builder().with_resource(resource);
    if !config.otlp_endpoint.is_empty() {
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&config.otlp_endpoint)
            .build()
            .map_err(TelemetryError::Exporter)?;
        provider = provider.with_batch_exporter(exporter);
    }
    let provider = provider.build();
    let logs = tracing_subscriber::fmt::layer()
        .event_format(JsonLines)
        .with_ansi(false)
        .with_writer(std::io::stdout);
    // Statements (texts with placeholders, never values) are noted in traces whatever the log shows.
    let statements =
        EnvFilter::new(if config.otlp_endpoint.is_empty() { "info" } else { "info,sqlx::query=debug" });
    let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("pass"));
    tracing_subscriber::registry().with(logs.with_filter(filter)).with(traces.with_filter(statements)).init();
    Ok(Telemetry { metrics: recorder()?, log_level: LogLevel(handle), provider: Some(provider) })
}

/// How often the samples of histograms are put together.
const UPKEEP: Duration = Duration::from_secs(5);

fn recorder() -> Result<PrometheusHandle, TelemetryError> {
    const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .inspect(|handle| {
            // Without it samples would pile up until somebody asks for them.
            let handle = handle.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(UPKEEP).await;
                    handle.run_upkeep();
                }
            });
        })
        .map_err(TelemetryError::Metrics)
}

impl Telemetry {
    /// Sends what is left of traces. Blocks for at most a few seconds.
    pub fn flush(mut self) {
        if let Some(provider) = self.provider.take()
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// One JSON object a line: time, level, target, message, fields, and the trace and span it belongs to.
struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        #[expect(
            clippy::disallowed_methods,
            reason = "log lines carry the machine's time, nothing decides by it"
        )]
        let now = time::OffsetDateTime::now_utc();
        let mut line = Map::new();
        line.insert("time".into(), now.format(&Rfc3339).unwrap_or_default().into());
        line.insert("level".into(), event.metadata().level().as_str().into());
        line.insert("target".into(), event.metadata().target().into());
        event.record(&mut Fields(&mut line));
        if let Some(span) = context.lookup_current() {
            line.insert("span".into(), span.name().into());
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
                && !fields.is_empty()
            {
                line.insert("span_fields".into(), fields.to_string().into());
            }
            let traced = tracing::dispatcher::get_default(|dispatch| get_otel_context(&span.id(), dispatch));
            if let Some(traced) = traced {
                let ids = traced.span().span_context().clone();
                if ids.is_valid() {
                    line.insert("trace_id".into(), ids.trace_id().to_string().into());
                    line.insert("span_id".into(), ids.span_id().to_string().into());
                }
            }
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").into());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().into(), json!(value));
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.0.insert(field.name().into(), crate::chain(value).into());
    }
}
