//! A browser: keeps cookies, follows nothing by itself, fills in forms.

use pass_types::Secret;
use reqwest::{
    Method,
    header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE},
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use url::Url;

/// What came back.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

#[derive(Clone)]
pub struct Browser {
    http: reqwest::Client,
    base: String,
    pub cookies: Arc<Mutex<BTreeMap<String, String>>>,
    pub language: Option<&'static str>,
}

impl Page {
    /// Where it leads.
    #[track_caller]
    pub fn location(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.text);
        self.headers[LOCATION].to_str().unwrap().to_owned()
    }

    /// The client's URL that it leads to.
    #[track_caller]
    pub fn leads_to(&self) -> Url {
        Url::parse(&self.location()).expect("an absolute address")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The form's token.
    pub fn form_token(&self) -> String {
        between(&self.text, "name=\"form_token\" value=\"", "\"").to_owned()
    }
}

pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

impl Browser {
    pub fn new(gateway: SocketAddr) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        Self {
            http: http.unwrap(),
            base: format!("http://{gateway}"),
            cookies: Arc::default(),
            language: None,
        }
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, None, &[]).await
    }

    /// Posts fields, as a page of `origin` would.
    pub async fn post_from(&self, origin: Option<&str>, path: &str, fields: &[(&str, &str)]) -> Page {
        let origin: Vec<_> = origin.map(|origin| (ORIGIN.as_str(), origin)).into_iter().collect();
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.send(Method::POST, path, Some(body), &origin).await
    }

    /// Posts fields from our own page.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from(Some(crate::suite::ISSUER), path, fields).await
    }

    /// Opens a page and posts its form.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.get(path).await.form_token();
        let mut fields = fields.to_vec();
        fields.push(("form_token", &token));
        self.post(path, &fields).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Page {
        let form = body.is_some().then_some((CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"));
        let headers: Vec<_> = form.into_iter().chain(headers.iter().copied()).collect();
        self.raw(method, path, &body.unwrap_or_default(), &headers).await
    }

    /// Sends a body that says of itself what the headers say.
    pub async fn raw(&self, method: Method, path: &str, body: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        let cookies: Vec<_> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(language) = self.language {
            request = request.header("accept-language", language);
        }
        if !body.is_empty() {
            request = request.body(body.to_owned());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        self.keep(response.headers());
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Page { status, headers, text: response.text().await.unwrap() }
    }

    fn keep(&self, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let (pair, attributes) = value.to_str().unwrap().split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if attributes.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The session cookie.
    pub fn session(&self) -> Option<Secret> {
        self.cookies.lock().unwrap().get("__Host-pass").and_then(|value| value.parse().ok())
    }

    /// Signs in on the page that `path` is.
    pub async fn sign_in(&self, path: &str, who: &crate::neighbours::Someone) -> Page {
        self.submit(path, &[("email", &who.email), ("password", &who.password)]).await
    }

    /// Follows redirects of the gateway's own; gives the first page, or redirect to elsewhere.
    pub async fn follow(&self, mut page: Page) -> Page {
        while page.status == 303 && page.header("location").starts_with('/') {
            let location = page.location();
            page = self.get(&location).await;
        }
        page
    }
}
