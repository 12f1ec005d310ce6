//! The suite's paths.

use super::load::{Row, run};
use pass_events::{Consumer, Event, Handler, HandlerError, Key, MIGRATOR, Outbox, Relay};
use pass_mesh::{CallContext, Channel, Mesh, MeshConfig};
use pass_proto::{
    events::v1::{Envelope, SignUpRequested, envelope::Payload},
    identity::v1::{SignInRequest, session_service_client::SessionServiceClient},
    organization::v1::{CheckAccessRequest, access_service_client::AccessServiceClient},
};
use pass_runtime::http;
use pass_tests::{Browser, Suite};
use pass_types::{Origin, SignUpId};
use sqlx::{Postgres, Transaction};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};
use url::Url;

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a long enough passphrase 7";
const VERIFIER: &str = "bench-verifier-bench-verifier-bench-verifier-0001";
/// S256 of the verifier.
const CHALLENGE_OF: fn(&str) -> String = |verifier| {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use sha2::{Digest, Sha256};
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
};

/// Somebody with an account, signed in.
pub struct Person {
    browser: Browser,
    client: reqwest::Client,
}

/// The tokens that an exchange gives.
#[derive(Clone)]
struct Tokens {
    access: String,
    refresh: String,
}

impl Person {
    /// Signs up by the pages.
    pub async fn prepare(suite: &Suite) -> Self {
        let browser = Browser::new("Bench", "en");
        suite.sign_up(&browser, "Bench", EMAIL, PASSWORD).await;
        Self { browser, client: http::client(Duration::from_secs(20)).expect("a client") }
    }

    /// A code for the sample product, from a browser that is signed in.
    async fn code(&self, suite: &Suite) -> String {
        let mut url = suite.gateway.join("/oauth/authorize").expect("a path");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", "backlog")
            .append_pair("redirect_uri", &redirect_uri(suite))
            .append_pair("scope", "openid offline_access")
            .append_pair("state", "s")
            .append_pair("code_challenge", &CHALLENGE_OF(VERIFIER))
            .append_pair("code_challenge_method", "S256");
        let location = self.browser.redirect_of(url.as_str()).await;
        let mut pairs = location.query_pairs();
        pairs.find(|(name, _)| name == "code").expect("a code").1.into_owned()
    }

    async fn tokens(&self, suite: &Suite) -> Tokens {
        let code = self.code(suite).await;
        exchange(&self.client, &endpoint(suite), &suite.backlog_secret, &redirect_uri(suite), &code).await
    }
}

fn redirect_uri(suite: &Suite) -> String {
    format!("{}callback", suite.backlog)
}

fn endpoint(suite: &Suite) -> Url {
    suite.gateway.join("/oauth/token").expect("a path")
}

async fn token(client: &reqwest::Client, endpoint: &Url, secret: &str, form: &[(&str, &str)]) -> Tokens {
    let request = client.post(endpoint.clone()).basic_auth("backlog", Some(secret)).form(form);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    let answer: serde_json::Value = answer.json().await.expect("JSON");
    let text = |name: &str| answer[name].as_str().expect("a token").to_owned();
    Tokens { access: text("access_token"), refresh: text("refresh_token") }
}

async fn exchange(
    client: &reqwest::Client,
    endpoint: &Url,
    secret: &str,
    redirect_uri: &str,
    code: &str,
) -> Tokens {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    token(client, endpoint, secret, &form).await
}

fn channel(suite: &Suite, name: &'static str, config: MeshConfig, service: &str) -> Channel {
    let config = MeshConfig { peers: suite.config.gateway.mesh.peers.clone(), ..config };
    Mesh::new(config, name, &suite.context)
        .expect("a place in the mesh")
        .channel(service)
        .expect("an address")
}

/// Address and password to a session: what the gateway asks identity.
pub async fn sign_in(suite: &Suite, _: &Person, concurrent: usize) -> Row {
    let config = suite.pki.service("gateway").expect("files").config("pass.internal");
    let client = SessionServiceClient::new(channel(suite, "gateway", config, "identity"));
    run(concurrent, 40 * concurrent.min(8), move |_| {
        let mut client = client.clone();
        async move {
            let request = SignInRequest {
                email: EMAIL.to_owned(),
                password: PASSWORD.to_owned(),
                replaced_token: String::new(),
            };
            let context = CallContext::anonymous(Origin::default()).within(Duration::from_secs(20));
            client.sign_in(context.request(request)).await.expect("a session");
        }
    })
    .await
}

/// A code to tokens.
pub async fn code_exchange(suite: &Suite, person: &Person, concurrent: usize) -> Row {
    const COUNT: usize = 400;
    let mut codes = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        codes.push(person.code(suite).await);
    }
    let codes = Arc::new(codes);
    let (client, endpoint, uri) = (person.client.clone(), endpoint(suite), redirect_uri(suite));
    let secret = suite.backlog_secret.clone();
    run(concurrent, COUNT, move |number| {
        let (client, endpoint, uri, secret) = (client.clone(), endpoint.clone(), uri.clone(), secret.clone());
        let codes = codes.clone();
        async move {
            exchange(&client, &endpoint, &secret, &uri, &codes[number]).await;
        }
    })
    .await
}

/// A refresh token to its successor: each worker has a family of its own.
pub async fn refresh(suite: &Suite, person: &Person, concurrent: usize) -> Row {
    const EACH: usize = 50;
    let mut families = Vec::new();
    for _ in 0..concurrent {
        families.push(person.tokens(suite).await.refresh);
    }
    let begun = Instant::now();
    let workers: Vec<_> = families
        .into_iter()
        .map(|mut current| {
            let (client, endpoint, secret) =
                (person.client.clone(), endpoint(suite), suite.backlog_secret.clone());
            tokio::spawn(async move {
                let mut each = Vec::with_capacity(EACH);
                for _ in 0..EACH {
                    let begun = Instant::now();
                    let form = [("grant_type", "refresh_token"), ("refresh_token", current.as_str())];
                    current = token(&client, &endpoint, &secret, &form).await.refresh;
                    each.push(begun.elapsed());
                }
                each
            })
        })
        .collect();
    let mut each = Vec::new();
    for worker in workers {
        each.extend(worker.await.expect("a worker that does not panic"));
    }
    Row::of(begun.elapsed(), each)
}

/// What a product asks at each request of a person.
pub async fn check_access(suite: &Suite, person: &Person, concurrent: usize) -> Row {
    let config = suite.pki.product("backlog").expect("files").config("pass.internal");
    let client = AccessServiceClient::new(channel(suite, "backlog", config, "organization"));
    let token: Arc<str> = person.tokens(suite).await.access.into();
    run(concurrent, 3_000, move |_| {
        let (mut client, token) = (client.clone(), token.clone());
        async move {
            let context = CallContext::person(token, Origin::default());
            client.check_access(context.request(CheckAccessRequest::default())).await.expect("an answer");
        }
    })
    .await
}

#[derive(Clone, Default)]
struct Arrivals(Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>);

impl Handler for Arrivals {
    async fn handle(&self, _: &mut Transaction<'_, Postgres>, event: &Envelope) -> Result<(), HandlerError> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&event.key);
        if let Some(waiting) = waiting {
            let _ = waiting.send(());
        }
        Ok(())
    }
}

/// From the commit of a transaction with an event to the handler that gets it.
pub async fn event(suite: &Suite, concurrent: usize) -> Row {
    let database = pass_testkit::postgres().await.database(&[&MIGRATOR]).await;
    let broker = pass_testkit::broker().await;
    let context = pass_runtime::Context::new(suite.context.clock.clone(), suite.context.entropy.clone());
    let arrivals = Arrivals::default();
    Relay::new(database.pool.clone(), broker.clone(), "bench", &context).expect("a relay").spawn();
    Consumer::new(database.pool.clone(), broker, "bench", &["bench.*"], arrivals.clone(), &context)
        .expect("a consumer")
        .spawn();
    pass_testkit::wait_for(async || context.health.is_complete()).await;
    let (pool, outbox) = (database.pool.clone(), Outbox::new("bench", &context));
    let ids = context.clone();
    let row = run(concurrent, 500, move |_| {
        let id = SignUpId::generate(&ids.entropy, ids.clock.now());
        let (pool, outbox, arrivals) = (pool.clone(), outbox.clone(), arrivals.clone());
        async move {
            let key = Key::sign_up(id);
            let (arrived, arrival) = oneshot::channel();
            arrivals
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(key.as_str().to_owned(), arrived);
            let payload = Payload::SignUpRequested(SignUpRequested { sign_up_id: id.to_string() });
            let mut tx = pool.begin().await.expect("a transaction");
            outbox.publish(&mut tx, Event::new(key, payload)).await.expect("an event");
            tx.commit().await.expect("a commit");
            arrival.await.expect("an arrival");
        }
    })
    .await;
    context.tasks.stop(Duration::from_secs(5)).await.expect("an orderly end");
    row
}
