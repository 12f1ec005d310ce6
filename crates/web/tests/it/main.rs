//! The layers, through HTTP requests to a small service.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod aborted;
mod serving;

use askama::Template;
use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderMap, Request, StatusCode, header};
use pass_types::Entropy;
use pass_web::{
    Browser, Form, FormTargets, HostCookie, Page, Refusal, Texts, Web, WebConfig, html, html_with, problem,
};
use tower::ServiceExt;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% extends "card.html" %}
{% import "form.html" as form %}
{% block title %}Sample{% endblock %}
{% block card %}<form method="post">
{% call form::token(page) %}{% endcall %}
{% call form::text(page, "email", "Address", email, "email", "username", "As in mails") %}{% endcall %}
{% call form::optional(page, "nickname", "Nickname", "", "text", "off", "") %}{% endcall %}
{% call form::area(page, "message", "Message", "", 500, "") %}{% endcall %}
{% call form::select(page, "role", "Role", "b", options, "") %}{% endcall %}
</form>{% endblock %}"#
)]
struct Sample {
    page: Page,
    email: String,
    options: Vec<(String, String)>,
}

impl Sample {
    fn new(page: Page, email: &str) -> Self {
        let options = ["a", "b"].map(|word| (word.to_owned(), word.to_uppercase())).to_vec();
        Self { page, email: email.to_owned(), options }
    }
}

#[derive(serde::Deserialize)]
struct Fields {
    email: String,
}

async fn show(browser: Browser) -> Response {
    let mut response = html(&Sample::new(browser.page(), "taro@example.com"));
    response
        .extensions_mut()
        .insert(FormTargets(vec!["https://backlog.example/callback?a=b".parse().unwrap()]));
    response
}

async fn send(browser: Browser, Form(fields): Form<Fields>) -> Response {
    if fields.email.contains('@') {
        return Redirect::to("/").into_response();
    }
    let refusal = Refusal::of_field("account.email", "must be an email address");
    html_with(StatusCode::BAD_REQUEST, &Sample::new(browser.page().refused(refusal), &fields.email))
}

fn web() -> Web {
    let config = WebConfig {
        public_url: "https://pass.example".parse().unwrap(),
        trusted_proxies: vec![],
        form_secret: "0123456789abcdef".to_owned().into(),
    };
    let cookie = HostCookie::new("__Host-sample-form");
    // Each service of its own: what one gave a browser must not depend on the seed.
    Web::new(&config, cookie, vec![], Entropy::from_os(), Texts::shared()).unwrap()
}

fn service() -> Router {
    let routes = Router::new()
        .route("/", get(show).post(send))
        .route(
            "/panic",
            get(|| async {
                assert!(String::new().len() > 1, "on purpose");
            }),
        )
        .route("/json", get(|| async { problem(&Refusal::of_field("a.b", "is wrong")) }));
    web().around(routes)
}

async fn ask(request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response = service().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn get_of(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// The page's cookie and token, as a browser keeps them.
async fn visit() -> (String, String) {
    let (_, headers, body) = ask(get_of("/")).await;
    let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let token = body.split(r#"name="form_token" value=""#).nth(1).unwrap().split('"').next().unwrap();
    (cookie, token.to_owned())
}

fn post(cookie: &str, origin: &str, body: String) -> Request<Body> {
    Request::post("/")
        .header(header::COOKIE, cookie)
        .header(header::ORIGIN, origin)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap()
}

/// proves security.md, "OpenID provider": the headers of all routes
#[tokio::test]
async fn every_response_has_the_security_headers() {
    for path in ["/", "/nowhere", "/json", "/panic"] {
        let (_, headers, body) = ask(get_of(path)).await;
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(headers[header::STRICT_TRANSPORT_SECURITY], "max-age=63072000; includeSubDomains");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        if let Some(nonce) = body.split(r#"nonce=""#).nth(1).and_then(|rest| rest.split('"').next()) {
            assert!(policy.contains(&format!("style-src 'nonce-{nonce}'")), "{path}: {policy}");
        }
    }
    let (_, headers, _) = ask(get_of("/")).await;
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.ends_with("form-action 'self' https://backlog.example"), "{policy}");
}

#[tokio::test]
async fn assets_are_kept_for_good_and_set_no_cookie() {
    let (status, headers, _) = ask(get_of(&pass_web::STYLE_URL)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert!(!headers.contains_key(header::SET_COOKIE));
}

/// proves security.md, "OpenID provider": form tokens and Origin checks on each form
#[tokio::test]
async fn a_form_is_taken_only_from_our_page_in_this_browser() {
    let (cookie, token) = visit().await;
    let fields = format!("form_token={token}&email=taro%40example.com");
    let ours = "https://pass.example";
    assert_eq!(ask(post(&cookie, ours, fields.clone())).await.0, StatusCode::SEE_OTHER);
    let refused = [
        post(&cookie, "https://evil.example", fields.clone()),
        post(&cookie, "null", fields.clone()),
        post("", ours, fields.clone()),
        post("__Host-sample-form=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ours, fields.clone()),
        post(&cookie, ours, "email=taro%40example.com".to_owned()),
        post(&cookie, ours, format!("{fields}&form_token={token}")),
    ];
    for request in refused {
        let shown = format!("{request:?}");
        assert_eq!(ask(request).await.0, StatusCode::FORBIDDEN, "{shown}");
    }
}

#[tokio::test]
async fn a_wrong_field_is_named_at_the_top_and_at_the_field() {
    let (cookie, token) = visit().await;
    let wrong = post(&cookie, "https://pass.example", format!("form_token={token}&email=%3Cb%3E"));
    let (status, _, body) = ask(wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains(r##"<a href="#email">"##), "{body}");
    assert!(body.contains(r#"aria-invalid="true" aria-describedby="email-error email-hint""#), "{body}");
    assert!(!body.contains("<b>"), "what was typed is escaped");
}

#[tokio::test]
async fn malformed_and_oversized_forms_are_refused() {
    let (cookie, token) = visit().await;
    let missing = post(&cookie, "https://pass.example", format!("form_token={token}"));
    assert_eq!(ask(missing).await.0, StatusCode::BAD_REQUEST);
    let big =
        post(&cookie, "https://pass.example", format!("form_token={token}&email={}", "a".repeat(70_000)));
    assert_eq!(ask(big).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let json = Request::post("/").header(header::CONTENT_TYPE, "application/json").body("{}".into()).unwrap();
    assert_eq!(ask(json).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_not_there_and_what_breaks_are_pages_in_the_browsers_language() {
    let request = Request::get("/nowhere").header(header::ACCEPT_LANGUAGE, "ja").body(Body::empty()).unwrap();
    let (status, _, body) = ask(request).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains(r#"<html lang="ja""#) && body.contains("ページが見つかりません"), "{body}");
    assert_eq!(ask(get_of("/panic")).await.0, StatusCode::INTERNAL_SERVER_ERROR);
    let put = Request::put("/").body(Body::empty()).unwrap();
    assert_eq!(ask(put).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn programs_get_problem_json() {
    let (status, headers, body) = ask(get_of("/json")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["reason"], "INVALID_ARGUMENT");
    assert_eq!(body["violations"][0]["field"], "a.b");
}
