//! The suite's paths.

use super::load::{Row, run};
use pass_events::{Consumer, Event, Handler, HandlerError, Key, MIGRATOR, Outbox, Relay};
use pass_mesh::{CallContext, Channel, Mesh, MeshConfig};
use pass_proto::{
    events::v1::{Envelope, SignUpRequested, envelope::Payload},
    identity::v1::{SignInRequest, Visit, session_service_client::SessionServiceClient},
    organization::v1::{CheckAccessRequest, access_service_client::AccessServiceClient},
};
use pass_tests::{Browser, Party, Suite};
use pass_types::{Origin, Secret, SignUpId};
use sqlx::{Postgres, Transaction};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};

/// Whose account it is.
pub const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a long enough passphrase 7";
/// Somebody with an account, signed in, and the product that they use.
pub struct Person {
    browser: Browser,
    party: Party,
}

impl Person {
    /// Signs up by the pages.
    pub async fn prepare(suite: &Suite) -> Self {
        let browser = Browser::new("Bench", "en");
        suite.sign_up(&browser, "Bench", EMAIL, PASSWORD).await;
        Self { browser, party: Party::backlog(suite) }
    }

    /// Where they are signed in.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }
}

/// To a service, as somebody of the mesh.
pub fn channel(suite: &Suite, name: &'static str, config: MeshConfig, service: &str) -> Channel {
    let config = MeshConfig { peers: suite.config.gateway.mesh.peers.clone(), ..config };
    Mesh::new(config, name, &suite.context)
        .expect("a place in the mesh")
        .channel(service)
        .expect("an address")
}

/// How many people sign in: so many that none of them comes to more sessions than an account may have.
const PEOPLE: usize = 200;

/// Address and password to a session: what the gateway asks identity. People with a browser that their account knows.
pub async fn sign_in(suite: &Suite, _: &Person, concurrent: usize) -> Row {
    alike(suite, PEOPLE).await;
    let config = suite.pki.service("gateway").expect("files").config("pass.internal");
    let client = SessionServiceClient::new(channel(suite, "gateway", config, "identity"));
    // One of the person's own browsers.
    let device_token = Secret::generate(&suite.context.entropy).reveal();
    let origin = Origin { address: "127.0.0.1".to_owned(), user_agent: "Bench/1.0".to_owned() };
    let work = move |number: usize| {
        let (mut client, origin) = (client.clone(), origin.clone());
        let visit = Some(Visit { device_token: device_token.clone(), product: "Backlog".to_owned() });
        async move {
            let request = SignInRequest {
                email: format!("{}-{EMAIL}", number % PEOPLE),
                password: PASSWORD.to_owned(),
                replaced_token: String::new(),
                visit,
            };
            let context = CallContext::anonymous(origin).within(Duration::from_secs(20));
            client.sign_in(context.request(request)).await.expect("a session");
        }
    };
    run(16, PEOPLE, work.clone()).await;
    run(concurrent, 100 * concurrent.min(8), work).await
}

/// Makes so many accounts like the person's, with the same password.
async fn alike(suite: &Suite, count: usize) {
    let copy = "INSERT INTO accounts
            (id, kind, name, email, email_key, unique_id, language, time_zone, appearance, password_hash, created_at)
         SELECT gen_random_uuid(), kind, name, i || '-' || email, i || '-' || email_key, unique_id || i, language,
            time_zone, appearance, password_hash, created_at
         FROM accounts, generate_series(0, $2 - 1) i WHERE email_key = $1
         ON CONFLICT DO NOTHING";
    let copied = sqlx::query(copy).bind(EMAIL).bind(i32::try_from(count).expect("a number"));
    copied.execute(&suite.databases["identity"].pool).await.expect("accounts");
}

/// A code to tokens.
pub async fn code_exchange(person: &Person, concurrent: usize) -> Row {
    const COUNT: usize = 400;
    let mut codes = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        codes.push(person.party.code(&person.browser).await);
    }
    let (party, codes) = (person.party.clone(), Arc::new(codes));
    run(concurrent, COUNT, move |number| {
        let (party, codes) = (party.clone(), codes.clone());
        async move {
            party.exchange(&codes[number]).await.expect("tokens");
        }
    })
    .await
}

/// A refresh token to its successor: each worker has a family of its own.
pub async fn refresh(person: &Person, concurrent: usize) -> Row {
    const EACH: usize = 50;
    let mut families = Vec::new();
    for _ in 0..concurrent {
        families.push(person.party.tokens(&person.browser).await);
    }
    let begun = Instant::now();
    let workers: Vec<_> = families
        .into_iter()
        .map(|mut current| {
            let party = person.party.clone();
            tokio::spawn(async move {
                let mut each = Vec::with_capacity(EACH);
                for _ in 0..EACH {
                    let begun = Instant::now();
                    current = party.refresh(&current).await.expect("tokens");
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
    let token: Arc<str> = person.party.tokens(&person.browser).await.access.into();
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
