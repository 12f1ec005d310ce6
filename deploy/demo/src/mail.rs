//! The mail sink with its page: where a newcomer reads the suite's mails.

use askama::Template;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use pass_runtime::Shutdown;
use pass_testkit::MailSink;
use std::sync::Arc;
use tokio::net::TcpListener;

#[derive(Template)]
#[template(path = "mail.html")]
struct Page {
    mails: Vec<Shown>,
}

/// A mail as page and JSON show it.
#[derive(serde::Serialize)]
struct Shown {
    to: String,
    subject: String,
    text: String,
    links: Vec<String>,
}

/// Serves the page (`/`), and the same as JSON (`/mails`), until the end is asked for.
pub async fn serve(sink: MailSink, listener: TcpListener, shutdown: Shutdown) -> std::io::Result<()> {
    let router = Router::new().route("/", get(page)).route("/mails", get(list)).with_state(Arc::new(sink));
    axum::serve(listener, router).with_graceful_shutdown(async move { shutdown.requested().await }).await
}

fn shown(sink: &MailSink) -> Vec<Shown> {
    let is_link = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
    sink.mails()
        .iter()
        .rev()
        .map(|mail| Shown {
            to: mail.to.join(", "),
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            links: mail.text.split_whitespace().filter(is_link).map(str::to_owned).collect(),
        })
        .collect()
}

async fn page(State(sink): State<Arc<MailSink>>) -> Response {
    match (Page { mails: shown(&sink) }).render() {
        Ok(page) => ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn list(State(sink): State<Arc<MailSink>>) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(shown(&sink))).into_response()
}
