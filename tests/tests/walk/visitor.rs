//! Requests as browsers send them, and as no browser would.

use crate::{people::Person, route_row::Site};
use pass_tests::{Browser, Suite};
use reqwest::{Method, StatusCode, header::HeaderMap};
use std::time::Duration;
use url::Url;

/// Somebody in a browser: what the browser knows of one of our two sites.
#[derive(Debug, Clone)]
pub struct Visitor {
    client: reqwest::Client,
    cookies: String,
    /// What forms of this site must carry, from this browser.
    pub form_token: String,
}

/// What comes with a POST.
#[derive(Debug, Clone)]
pub struct Body {
    /// Its Content-Type.
    pub kind: &'static str,
    /// It.
    pub bytes: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Visitor {
    /// Nobody who is signed in.
    pub async fn nobody(suite: &Suite, of: Site) -> Self {
        let browser = Browser::new("Nobody", "en");
        let page = browser.open(suite.gateway.join("/sign-in").expect("a path")).await;
        let form_token = match of {
            Site::Gateway => page.form("/sign-in").value("form_token").expect("a token").to_owned(),
            // Nobody sees a form there who is not signed in.
            Site::Console => String::new(),
        };
        Self::with(&browser, of, form_token)
    }

    /// Somebody who is signed in.
    pub async fn of(suite: &Suite, at: Site, person: &Person) -> Self {
        let browser = &person.browser;
        let (url, form) = match at {
            Site::Gateway => (suite.gateway.join("/sign-up"), "/sign-up"),
            Site::Console => (suite.console.join("/account"), "/sign-out"),
        };
        let page = browser.open(url.expect("a path")).await;
        let form_token = page.form(form).value("form_token").expect("a token").to_owned();
        Self::with(browser, at, form_token)
    }

    fn with(browser: &Browser, site: Site, form_token: String) -> Self {
        let (host, names) = match site {
            Site::Gateway => ("pass.localhost", ["__Host-pass", "__Host-pass-form"]),
            Site::Console => ("console.localhost", ["__Host-console", "__Host-console-form"]),
        };
        let cookies = names.iter().filter_map(|name| Some(format!("{name}={}", browser.cookie(host, name)?)));
        let client = pass_runtime::http::client(Duration::from_secs(20)).expect("a client");
        Self { client, cookies: cookies.collect::<Vec<_>>().join("; "), form_token }
    }

    /// Asks, without following where the answer leads. `origin` is the page that asks.
    pub async fn ask(&self, method: &str, url: &Url, origin: Option<&str>, body: Option<Body>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method.clone(), url.clone()).header("accept", "text/html");
        if !self.cookies.is_empty() {
            request = request.header("cookie", &self.cookies);
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(Body { kind, bytes }) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{method} {url}: {error}"));
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, body: answer.text().await.expect("a body") }
    }
}

impl Body {
    /// A form.
    pub fn form(fields: &[(String, String)]) -> Self {
        let mut bytes = url::form_urlencoded::Serializer::new(String::new());
        let bytes = bytes.extend_pairs(fields).finish().into_bytes();
        Self { kind: "application/x-www-form-urlencoded", bytes }
    }
}

impl Answer {
    /// Where it leads; empty: nowhere.
    pub fn location(&self) -> &str {
        self.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Headers that every answer must have, and this one has not.
    pub fn insecure(&self) -> Vec<String> {
        let has =
            |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let must = [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("permissions-policy", "camera=()"),
            ("content-security-policy", "default-src 'none'"),
            ("content-security-policy", "frame-ancestors 'none'"),
            ("content-security-policy", "base-uri 'none'"),
            ("content-security-policy", "form-action 'self'"),
        ];
        let missing = must.into_iter().filter(|(name, part)| !has(name).contains(part));
        let mut missing: Vec<_> = missing.map(|(name, part)| format!("{name}: …{part}…")).collect();
        if !["no-store", "public, max-age=60"].contains(&has("cache-control")) {
            missing.push("cache-control".to_owned());
        }
        missing
    }
}
