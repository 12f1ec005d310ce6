//! The admin port of a process: `/live`, `/ready`, `/metrics`, `/log-level`. It is for the machine
//! room only and must not be reachable from outside.

use crate::{Health, Shutdown, telemetry::LogLevel};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use std::collections::BTreeMap;
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

#[derive(Clone)]
struct Admin {
    health: Health,
    metrics: PrometheusHandle,
    log_level: LogLevel,
}

/// What logs of the suite's own are called: our crates begin with `pass`, the services have their names.
const OWN: [&str; 7] =
    ["billing", "console", "domain_verification", "gateway", "identity", "notification", "organization"];

/// The series of `/metrics` and what they tell; those of traffic are there from the first of it. A test holds the
/// list against what a process serves.
pub const SERIES: &[(&str, &str)] = &[
    ("http_requests_total", "requests of browsers and relying parties, by route, method and status"),
    ("http_request_seconds", "how long they took, by route and method"),
    ("mails_total", "mails that were settled, by kind and state"),
    (
        "password_ranges_total",
        "new passwords that the service at passwords.range_url was asked about, by outcome",
    ),
    ("mesh_calls_total", "gRPC calls made, by method and code"),
    ("mesh_call_seconds", "how long they took, by method"),
    ("mesh_served_calls_total", "gRPC calls served, by method, peer and code"),
    ("mesh_served_call_seconds", "how long they took, by method"),
    ("pass_outbox_depth", "events that wait for the broker, by source and lane"),
    ("pass_outbox_oldest_seconds", "how long the first of them has waited"),
    ("pass_events_published_total", "events that the broker has confirmed, by source and lane"),
    ("pass_events_consumed_total", "events handled, by queue"),
    ("pass_events_duplicate_total", "events that came again and did nothing, by queue"),
    ("pass_events_retried_total", "events that were not handled at once, by queue"),
    ("pass_events_dead_lettered_total", "events given up, by queue"),
    ("pass_events_dead_letter_messages", "dead letters that lie there now, by queue: should be 0"),
    ("pass_events_unrouted_messages", "events that nobody was bound to; each source tells of the same queue"),
];

/// Serves the admin port until the end is asked for.
pub async fn serve(
    listener: TcpListener,
    health: Health,
    metrics: PrometheusHandle,
    log_level: LogLevel,
    shutdown: Shutdown,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/live", get(|| async { "live\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(|State(admin): State<Admin>| async move { admin.metrics.render() }))
        .route("/log-level", get(show_log_level).put(set_log_level))
        .with_state(Admin { health, metrics, log_level });
    axum::serve(listener, router).with_graceful_shutdown(async move { shutdown.requested().await }).await
}

async fn ready(State(admin): State<Admin>) -> Response {
    let report: BTreeMap<_, _> = admin
        .health
        .report()
        .into_iter()
        .map(|(name, state)| (name, state.err().unwrap_or_else(|| "ready".to_owned())))
        .collect();
    let status = if admin.health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn show_log_level(State(admin): State<Admin>) -> String {
    format!("{}\n", admin.log_level.current())
}

async fn set_log_level(State(admin): State<Admin>, directives: String) -> Response {
    if let Err(reason) = permitted(directives.trim()) {
        return (StatusCode::BAD_REQUEST, format!("{reason}\n")).into_response();
    }
    match admin.log_level.set(directives.trim()) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => (StatusCode::BAD_REQUEST, format!("{problem}\n")).into_response(),
    }
}

/// Refuses what would log more than our own lines: those never have secrets in them. Libraries write down
/// headers and frames, tokens and cookies included, when they are asked for much; to be asked for little is
/// harmless.
fn permitted(directives: &str) -> Result<(), String> {
    // An empty word parses too, as "error".
    let of_level = |word: &str| word.parse::<LevelFilter>().ok().filter(|_| !word.is_empty());
    for directive in directives.split(',').map(str::trim) {
        let (target, level) = match directive.split_once('=') {
            Some((target, level)) => (Some(target), of_level(level)),
            None if of_level(directive).is_some() => (None, of_level(directive)),
            None => (Some(directive), Some(LevelFilter::TRACE)),
        };
        let Some(level) = level else { return Err(format!("{directive:?} does not name a level")) };
        match target {
            None if level > LevelFilter::DEBUG => {
                return Err("for everything, debug is the most; name our targets for more".to_owned());
            }
            Some(target) if !is_own(target) && !is_quiet(target, level) => {
                return Err(format!(
                    "{target:?} is not a target of ours (pass_*, {}): info is the most",
                    OWN.join(", ")
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a target is one of ours: a crate's name, or a module of it.
fn is_own(target: &str) -> bool {
    let name = target.split("::").next().unwrap_or_default();
    is_plain(target) && (name == "pass" || name.starts_with("pass_") || OWN.contains(&name))
}

/// Whether that is no more of a library than its summary.
fn is_quiet(target: &str, level: LevelFilter) -> bool {
    is_plain(target) && level <= LevelFilter::INFO
}

/// Whether a target is a crate's name or a module of it, and nothing else that the filter would understand.
fn is_plain(target: &str) -> bool {
    !target.is_empty() && target.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tracing_subscriber::{EnvFilter, Registry, reload};

    /// proves security.md: nothing on the admin port makes a process write down headers or frames
    #[tokio::test]
    async fn the_log_level_can_be_raised_for_our_own_targets_only() {
        let (_layer, handle) = reload::Layer::<EnvFilter, Registry>::new(EnvFilter::new("info"));
        let admin = Admin {
            health: Health::default(),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            log_level: LogLevel::new(handle),
        };
        let put = async |text: &str| {
            let answer = set_log_level(State(admin.clone()), text.to_owned()).await;
            let status = answer.status();
            let body = axum::body::to_bytes(answer.into_body(), 1 << 10).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        };
        let taken = [
            "debug",
            "warn,identity=trace",
            "info,pass_events::relay=debug",
            "pass=trace",
            "pass_web\n",
            "debug,h2=info,sqlx::query=off",
            "info,hyper=warn",
            "off",
        ];
        for text in taken {
            assert_eq!(put(text).await.0, StatusCode::NO_CONTENT, "{text}");
        }
        assert_eq!(admin.log_level.current(), "off");
        for (text, why) in [
            ("trace", "debug is the most"),
            ("5", "debug is the most"),
            ("h2=trace", "\"h2\" is not a target of ours"),
            ("info,hyper=debug", "\"hyper\""),
            ("info,tonic", "\"tonic\""),
            ("identityx=trace", "\"identityx\""),
            ("h2=debug", "info is the most"),
            ("[{authorization}]=warn", "is not a target of ours"),
            ("pass_web=loud", "does not name a level"),
            ("pass_web[{a=h2}]=trace", "does not name a level"),
            ("[{authorization}]=trace", "is not a target of ours"),
            ("=trace", "is not a target of ours"),
            ("", "is not a target of ours"),
        ] {
            let (status, body) = put(text).await;
            assert!(status == StatusCode::BAD_REQUEST && body.contains(why), "{text:?}: {status} {body}");
        }
        assert_eq!(admin.log_level.current(), "off", "what is refused changes nothing");
    }
}
