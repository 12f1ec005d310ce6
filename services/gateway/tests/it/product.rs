//! A relying party: asks for codes, redeems them, shows what it got.

use crate::{browser::Browser, neighbours::Someone, suite::ISSUER};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_types::{Entropy, Secret};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, net::SocketAddr};
use url::Url;

pub const CALLBACK: &str = "https://product.example/callback?of=pass";

#[derive(Clone)]
pub struct Product {
    pub id: String,
    pub secret: Option<String>,
    pub verifier: String,
    http: reqwest::Client,
    base: String,
}

/// What an endpoint answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub json: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    #[track_caller]
    pub fn good(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json
    }

    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json[name].as_str().unwrap_or_else(|| panic!("{name} in {}", self.json)).to_owned()
    }

    #[track_caller]
    pub fn refused(&self, error: &str) {
        assert_eq!(self.json["error"], error, "{}", self.json);
        assert_eq!(self.status, if error == "invalid_client" { 401 } else { 400 });
    }
}

/// The query parameters of a URL.
pub fn query(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// A token's claims, unverified.
pub fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// A token's header.
pub fn header(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

impl Product {
    pub fn new(gateway: SocketAddr, id: String, secret: Option<String>, entropy: &Entropy) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let verifier = Secret::generate(entropy).reveal();
        Self { id, secret, verifier, http, base: format!("http://{gateway}") }
    }

    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }

    /// The address that starts a sign-in, with changes: an empty value leaves the parameter out.
    pub fn authorize(&self, changes: &[(&str, &str)]) -> String {
        format!("/oauth/authorize?{}", serde_urlencoded::to_string(self.parameters(changes)).unwrap())
    }

    pub fn parameters(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let challenge = self.challenge();
        let good = [
            ("client_id", self.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let kept = good.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        let all = kept.chain(changes).filter(|(_, value)| !value.is_empty());
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Has somebody sign in in a browser (which may be signed in already); gives where it came back to.
    pub async fn sign_in(&self, browser: &Browser, who: &Someone, changes: &[(&str, &str)]) -> Url {
        let mut page = browser.get(&self.authorize(changes)).await;
        let location = page.location();
        if location.starts_with("/sign-in") {
            page = browser.sign_in(&location, who).await;
        }
        browser.follow(page).await.leads_to()
    }

    /// The same, up to the code.
    pub async fn code(&self, browser: &Browser, who: &Someone) -> String {
        let back = query(&self.sign_in(browser, who, &[]).await);
        assert_eq!(back["iss"], ISSUER);
        back["code"].clone()
    }

    /// The same, up to the tokens.
    pub async fn tokens(&self, browser: &Browser, who: &Someone) -> Answer {
        let code = self.code(browser, who).await;
        let answer = self.redeem(&code).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        answer
    }

    pub async fn redeem(&self, code: &str) -> Answer {
        self.redeem_with(code, &[]).await
    }

    /// Redeems a code, with changes: an empty value leaves the parameter out.
    pub async fn redeem_with(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let good = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", &self.verifier),
        ];
        let kept = good.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        let fields: Vec<_> = kept.chain(changes).filter(|(_, value)| !value.is_empty()).copied().collect();
        self.post("/oauth/token", &fields).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Posts as the client that it is.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        match &self.secret {
            Some(secret) => self.post_as(path, fields, Some((&self.id, secret))).await,
            None => self.post_as(path, &[fields, &[("client_id", &self.id)]].concat(), None).await,
        }
    }

    pub async fn post_as(&self, path: &str, fields: &[(&str, &str)], basic: Option<(&str, &str)>) -> Answer {
        let mut request = self.http.post(format!("{}{path}", self.base)).form(fields);
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret));
        }
        answer(request).await
    }

    pub async fn userinfo(&self, token: &str) -> Answer {
        answer(self.http.get(format!("{}/oauth/userinfo", self.base)).bearer_auth(token)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.http.get(format!("{}{path}", self.base))).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let json = serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null);
    Answer { status, json, headers }
}
