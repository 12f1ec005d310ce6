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
const OWN: [&str; 5] = ["console", "gateway", "identity", "notification", "organization"];

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
/// headers and frames, tokens and cookies included, when they are asked for much.
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
            Some(target) if !is_own(target) => {
                return Err(format!("{target:?} is not a target of ours (pass_*, {})", OWN.join(", ")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a target is one of ours: a crate's name, or a module of it.
fn is_own(target: &str) -> bool {
    let name = target.split("::").next().unwrap_or_default();
    let plain = target.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'));
    plain && (name == "pass" || name.starts_with("pass_") || OWN.contains(&name))
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
