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

#[derive(Clone)]
struct Admin {
    health: Health,
    metrics: PrometheusHandle,
    log_level: LogLevel,
}

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
    match admin.log_level.set(directives.trim()) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => (StatusCode::BAD_REQUEST, format!("{problem}\n")).into_response(),
    }
}
