//! A browser without a screen: cookies by host, redirects, links and forms. It sends what browsers
//! send (Origin, Accept-Language, User-Agent) and runs no scripts, as the pages must work without.

use pass_runtime::http;
use reqwest::{Method, StatusCode, header};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use url::Url;

/// One browser with its own cookies.
pub struct Browser {
    client: reqwest::Client,
    language: &'static str,
    agent: String,
    /// Where its requests come from, as a proxy says.
    address: Option<&'static str>,
    cookies: Mutex<BTreeMap<(String, String), String>>,
}

/// A page that a browser shows.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is, after all redirects.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: header::HeaderMap,
    /// Its source.
    pub body: String,
}

/// A form of a page, filled in.
#[derive(Debug, Clone)]
pub struct Form {
    url: Url,
    page: Url,
    method: Method,
    fields: Vec<(String, String)>,
    /// Names of boxes and choices that nobody has ticked yet.
    unticked: Vec<String>,
}

impl Browser {
    /// A new one, whose person prefers `language` (a tag of Accept-Language).
    pub fn new(name: &str, language: &'static str) -> Self {
        Self {
            client: http::client(Duration::from_secs(20)).expect("a client"),
            language,
            agent: format!("Mozilla/5.0 ({name}) TestBrowser/1.0"),
            address: None,
            cookies: Mutex::default(),
        }
    }

    /// The same somewhere else: behind a proxy, which gateway and console have to trust.
    #[must_use]
    pub fn at(self, address: &'static str) -> Self {
        Self { address: Some(address), ..self }
    }

    /// Opens an address and follows where it leads.
    pub async fn open(&self, url: impl AsRef<str>) -> Page {
        let url = Url::parse(url.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", url.as_ref()));
        self.follow(Method::GET, url, None, None).await
    }

    /// Where an address leads, without following it.
    pub async fn redirect_of(&self, url: &str) -> Url {
        let url = Url::parse(url).expect("an address");
        let answer = self.send(&Method::GET, &url, None, None).await;
        let location = answer.headers().get(header::LOCATION).cloned();
        let location = location.unwrap_or_else(|| panic!("{url} leads nowhere ({})", answer.status()));
        url.join(location.to_str().expect("ASCII")).expect("an address")
    }

    /// Follows the link with that text, or whose address has that part.
    pub async fn click(&self, page: &Page, link: &str) -> Page {
        let url = page.links().into_iter().find(|(href, text)| text.contains(link) || href.contains(link));
        let (href, _) = url.unwrap_or_else(|| panic!("no link {link:?} at {}:\n{}", page.url, page.body));
        self.open(page.url.join(&href).expect("a link is an address")).await
    }

    /// Sends a form.
    pub async fn submit(&self, form: Form) -> Page {
        if form.method == Method::GET {
            let mut url = form.url;
            url.query_pairs_mut().clear().extend_pairs(&form.fields);
            return self.follow(Method::GET, url, None, Some(form.page)).await;
        }
        self.follow(Method::POST, form.url, Some(form.fields), Some(form.page)).await
    }

    /// Posts what a page of another site has it post, and follows. The post goes without cookies, which are
    /// `SameSite=Lax`; what it redirects to gets them.
    pub async fn post_across(&self, from: &Url, to: &Url, fields: &[(&str, &str)]) -> Page {
        let request = self
            .client
            .post(to.clone())
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::ACCEPT, "text/html")
            .header(header::USER_AGENT, &self.agent)
            .header(header::ORIGIN, from.origin().ascii_serialization());
        let answer = request.form(fields).send().await.unwrap_or_else(|error| panic!("POST {to}: {error}"));
        self.keep_cookies(to, answer.headers());
        let (status, headers) = (answer.status(), answer.headers().clone());
        match headers.get(header::LOCATION) {
            Some(location) if status.is_redirection() => {
                let next = to.join(location.to_str().expect("ASCII")).expect("an address");
                self.follow(Method::GET, next, None, None).await
            }
            _ => {
                let body = answer.text().await.expect("a body");
                Page { url: to.clone(), status, headers, body }
            }
        }
    }

    /// Sends a form and follows, up to the first address that begins with `stop`, which is not opened.
    pub async fn submit_until(&self, form: Form, stop: &str) -> Url {
        let (mut method, mut url, mut fields) = (form.method, form.url, Some(form.fields));
        for _ in 0..20 {
            if url.as_str().starts_with(stop) {
                return url;
            }
            let answer = self.send(&method, &url, fields.as_ref(), Some(&form.page)).await;
            self.keep_cookies(&url, answer.headers());
            let location = answer.headers().get(header::LOCATION).cloned();
            let location = location.unwrap_or_else(|| panic!("{url} leads nowhere ({})", answer.status()));
            url = url.join(location.to_str().expect("ASCII")).expect("an address");
            (method, fields) = (Method::GET, None);
        }
        panic!("too many redirects, last to {url}");
    }

    /// The value of a cookie of a host, if it is there.
    pub fn cookie(&self, host: &str, name: &str) -> Option<String> {
        self.jar().get(&(host.to_owned(), name.to_owned())).cloned()
    }

    /// Puts a cookie in, as an attacker with a stolen one would.
    pub fn set_cookie(&self, host: &str, name: &str, value: &str) {
        self.jar().insert((host.to_owned(), name.to_owned()), value.to_owned());
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, String), String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn follow(
        &self,
        mut method: Method,
        mut url: Url,
        mut form: Option<Vec<(String, String)>>,
        from: Option<Url>,
    ) -> Page {
        for _ in 0..20 {
            let answer = self.send(&method, &url, form.as_ref(), from.as_ref()).await;
            self.keep_cookies(&url, answer.headers());
            let location = answer.headers().get(header::LOCATION).cloned();
            let (status, headers) = (answer.status(), answer.headers().clone());
            match location {
                Some(location) if status.is_redirection() => {
                    url = url.join(location.to_str().expect("ASCII")).expect("an address");
                    method = Method::GET;
                    form = None;
                }
                _ => {
                    let body = answer.text().await.expect("a body");
                    return Page { url, status, headers, body };
                }
            }
        }
        panic!("too many redirects, last to {url}");
    }

    async fn send(
        &self,
        method: &Method,
        url: &Url,
        form: Option<&Vec<(String, String)>>,
        from: Option<&Url>,
    ) -> reqwest::Response {
        let host = url.host_str().unwrap_or_default();
        let cookies: Vec<_> = self
            .jar()
            .iter()
            .filter(|((of, _), _)| of == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let mut request = self
            .client
            .request(method.clone(), url.clone())
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::ACCEPT, "text/html")
            .header(header::USER_AGENT, &self.agent);
        if let Some(address) = self.address {
            request = request.header("x-forwarded-for", address);
        }
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if let Some(form) = form {
            let origin = from.unwrap_or(url).origin().ascii_serialization();
            request = request.header(header::ORIGIN, origin).form(form);
        }
        request.send().await.unwrap_or_else(|error| panic!("{method} {url}: {error}"))
    }

    fn keep_cookies(&self, url: &Url, headers: &header::HeaderMap) {
        let host = url.host_str().unwrap_or_default().to_owned();
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("ASCII");
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("name=value");
            assert!(name.starts_with("__Host-"), "every cookie is bound to its host: {cookie}");
            let lower = attributes.to_ascii_lowercase();
            for needed in ["secure", "httponly", "path=/", "samesite="] {
                assert!(lower.contains(needed), "{needed} is missing in {cookie}");
            }
            let key = (host.clone(), name.to_owned());
            if value.is_empty() || lower.contains("max-age=0") {
                self.jar().remove(&key);
            } else {
                self.jar().insert(key, value.to_owned());
            }
        }
    }
}

impl Page {
    /// The text of the element that a CSS selector finds, without markup.
    pub fn text(&self, selector: &str) -> Option<String> {
        let dom = tl::parse(&self.body, tl::ParserOptions::default()).expect("HTML");
        let node = dom.query_selector(selector)?.next()?.get(dom.parser())?;
        Some(unescape(&node.inner_text(dom.parser())).split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Whether the page says that, markup aside.
    pub fn says(&self, text: &str) -> bool {
        self.text("body").is_some_and(|body| body.contains(text))
    }

    /// Panics with the page when it does not say that.
    #[track_caller]
    pub fn must_say(&self, text: &str) -> &Self {
        assert!(self.says(text), "{} ({}) does not say {text:?}:\n{}", self.url, self.status, self.body);
        self
    }

    /// All links: address and text.
    pub fn links(&self) -> Vec<(String, String)> {
        let dom = tl::parse(&self.body, tl::ParserOptions::default()).expect("HTML");
        dom.query_selector("a[href]")
            .expect("a selector")
            .filter_map(|handle| {
                let node = handle.get(dom.parser())?;
                let href = node.as_tag()?.attributes().get("href")??.as_utf8_str();
                Some((unescape(&href), unescape(&node.inner_text(dom.parser())).trim().to_owned()))
            })
            .collect()
    }

    /// The form whose action has that part, with the values that the page gave its fields.
    #[track_caller]
    pub fn form(&self, action: &str) -> Form {
        self.forms()
            .into_iter()
            .find(|form| form.url.as_str().contains(action))
            .unwrap_or_else(|| panic!("no form {action:?} at {} ({}):\n{}", self.url, self.status, self.body))
    }

    /// All forms of the page.
    pub fn forms(&self) -> Vec<Form> {
        let dom = tl::parse(&self.body, tl::ParserOptions::default()).expect("HTML");
        let parser = dom.parser();
        let forms = dom.query_selector("form").expect("a selector");
        forms
            .filter_map(|handle| {
                let tag = handle.get(parser)?.as_tag()?;
                let attribute = |tag: &tl::HTMLTag<'_>, name: &str| {
                    tag.attributes().get(name).flatten().map(|value| unescape(&value.as_utf8_str()))
                };
                let action = attribute(tag, "action").unwrap_or_default();
                let method = attribute(tag, "method").unwrap_or_default();
                let (mut fields, mut unticked) = (Vec::new(), Vec::new());
                let children = tag.children();
                let nodes: Vec<_> = children.all(parser).to_vec();
                let mut select: Option<(String, Option<String>)> = None;
                for node in &nodes {
                    let Some(field) = node.as_tag() else { continue };
                    let name = attribute(field, "name");
                    match field.name().as_utf8_str().as_ref() {
                        "input" => {
                            let kind = attribute(field, "type").unwrap_or_default();
                            let off = matches!(kind.as_str(), "checkbox" | "radio")
                                && field.attributes().get("checked").is_none();
                            match name {
                                Some(name) if off => unticked.push(name),
                                Some(name) => {
                                    fields.push((name, attribute(field, "value").unwrap_or_default()));
                                }
                                None => {}
                            }
                        }
                        "textarea" => {
                            if let Some(name) = name {
                                fields.push((name, unescape(&field.inner_text(parser))));
                            }
                        }
                        "select" => {
                            fields.extend(select.take().and_then(|(name, value)| Some((name, value?))));
                            select = name.map(|name| (name, None));
                        }
                        "option" => {
                            if let Some((_, chosen)) = &mut select
                                && (chosen.is_none() || field.attributes().get("selected").is_some())
                            {
                                *chosen = attribute(field, "value");
                            }
                        }
                        "button" => {
                            if let (Some(name), Some(value)) = (name, attribute(field, "value")) {
                                fields.push((name, value));
                            }
                        }
                        _ => {}
                    }
                }
                fields.extend(select.take().and_then(|(name, value)| Some((name, value?))));
                let method = if method.eq_ignore_ascii_case("post") { Method::POST } else { Method::GET };
                Some(Form {
                    url: self.url.join(&action).ok()?,
                    page: self.url.clone(),
                    method,
                    fields,
                    unticked,
                })
            })
            .collect()
    }
}

impl Form {
    /// Fills in a field, which must be there.
    #[must_use]
    #[track_caller]
    pub fn with(mut self, field: &str, value: &str) -> Self {
        if self.value(field).is_none() && self.unticked.iter().any(|name| name == field) {
            self.fields.push((field.to_owned(), String::new()));
        }
        let entry = self.fields.iter_mut().find(|(name, _)| name == field);
        let (_, old) = entry.unwrap_or_else(|| panic!("the form has no field {field:?}"));
        value.clone_into(old);
        self
    }

    /// Leaves a field out, or puts one in that the page does not have: what an attacker would send.
    #[must_use]
    pub fn tampered(mut self, field: &str, value: Option<&str>) -> Self {
        self.fields.retain(|(name, _)| name != field);
        self.fields.extend(value.map(|value| (field.to_owned(), value.to_owned())));
        self
    }

    /// Says that it comes from a page of another site.
    #[must_use]
    pub fn from_site(mut self, site: &str) -> Self {
        self.page = Url::parse(site).expect("an address");
        self
    }

    /// The value of a field.
    pub fn value(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str())
    }

    /// Where it goes.
    pub fn action(&self) -> &Url {
        &self.url
    }
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}
