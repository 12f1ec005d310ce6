//! One identity service of a test's own, on a real database and broker, and clients for every role that
//! may call it, over mTLS.

use crate::{
    directory::Directory,
    gateway::{ISSUER, access_token},
    neighbours::{peer, service, with_neighbours},
    role::Role,
    standins::World,
};
use identity::{Config, Cost};
use pass_mesh::{CallContext, Mesh, MeshConfig, SUITE_AUDIENCE, development::Pki};
use pass_proto::{
    events::v1::{Envelope, envelope::Payload},
    identity::v1::*,
    types::v1::Language,
};
use pass_runtime::{Context, database::DatabaseConfig};
use pass_testkit::{FakeClock, TestDatabase, wait_for};
use pass_types::{
    AccountId, AccountKind, Clock, Entropy, Membership, Origin, Person, Product, Secret, SessionId,
};
use prost::Message;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tempfile::TempDir;

/// A password that may be chosen.
pub const PASSWORD: &str = "violet otter maps seven dunes";
/// Argon2id as cheap as it gets, so that tests spend their time on something else.
pub const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, lanes: 1 };

/// A running identity and its surroundings. Clones are the same one.
#[derive(Clone)]
pub struct Suite {
    pub clock: FakeClock,
    pub database: Arc<TestDatabase>,
    pub world: World,
    /// Legacy spaces of the products "backlog" and "cacoo".
    pub backlog: Directory,
    pub cacoo: Directory,
    pub config: Config,
    pub context: Context,
    /// Where the neighbours run: they outlive a restart.
    _surroundings: Context,
    pki: Pki,
    _folder: Arc<TempDir>,
    address: SocketAddr,
    hashes: Arc<dyn Fn() -> BTreeMap<Cost, u64> + Send + Sync>,
    /// Of its randomness: another one after each restart, or the same ids come again.
    seed: u64,
}

/// Somebody who has an account and is signed in.
#[derive(Debug, Clone)]
pub struct User {
    pub account: AccountId,
    pub session: SessionId,
    pub token: String,
}

impl Suite {
    /// With settings as they are, but for cheap passwords and wide limits.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With these changes of the settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let (clock, entropy) = (FakeClock::default(), Entropy::from_seed(7));
        let context = Context::new(clock.shared(), entropy);
        let database = pass_testkit::postgres().await.database(identity::MIGRATORS).await;
        let folder = TempDir::new().unwrap();
        let pki = Pki::open(folder.path(), "pass.test").unwrap();
        let surroundings = Context::new(clock.shared(), Entropy::from_seed(9));
        let world = World::new(clock.shared());
        let mut mesh = with_neighbours(&pki, &world, &surroundings).await;
        let [backlog, cacoo] = [Directory::default(), Directory::default()];
        for (name, product) in [("backlog", &backlog), ("cacoo", &cacoo)] {
            let address = product.serve(&pki, name, &surroundings).await;
            mesh.products.insert(name.to_owned(), format!("https://{address}").parse().unwrap());
        }
        let mut config = Config {
            database: DatabaseConfig { url: database.url.clone().into(), ..DatabaseConfig::default() },
            broker: pass_testkit::broker().await,
            mesh,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            issuer: ISSUER.to_owned(),
            link_secret: "a secret of tests".to_owned().into(),
            console_url: "https://console.test".to_owned(),
            housekeeping_millis: 20,
            ..Config::default()
        };
        (config.passwords.memory_kib, config.passwords.iterations) = (CHEAP.memory_kib, CHEAP.iterations);
        config.passwords.queue = 1000;
        config.saml.secret = "a secret of tests, 32 bytes long".to_owned().into();
        config.legacy.products = vec![Product::Backlog, Product::Cacoo];
        config.limits.space_tries_per_network = 1_000_000;
        config.limits.sign_ups_per_network = 1_000_000;
        config.limits.failed_sign_ins_per_network = 1_000_000;
        config.limits.wrong_passwords_per_account = 1_000_000;
        change(&mut config);
        let app = identity::build(config.clone(), &context.for_service("identity")).await.unwrap();
        let (address, hashes) = (app.address(), Arc::new(app.hashes()));
        app.start();
        let ready = context.health.clone();
        wait_for(async || ready.report().iter().all(|(name, state)| name.contains("relay") || state.is_ok()))
            .await;
        let (database, folder) = (Arc::new(database), Arc::new(folder));
        Self {
            clock,
            database,
            world,
            backlog,
            cacoo,
            config,
            context,
            _surroundings: surroundings,
            pki,
            _folder: folder,
            address,
            hashes,
            seed: 100,
        }
    }

    /// The same service again, with other settings, on the same database.
    pub async fn restarted(self, change: impl FnOnce(&mut Config)) -> Self {
        self.stop().await;
        let mut config = self.config.clone();
        change(&mut config);
        let seed = self.seed + 1;
        let context = Context::new(self.clock.shared(), Entropy::from_seed(seed));
        let app = identity::build(config.clone(), &context).await.unwrap();
        let (address, hashes) = (app.address(), Arc::new(app.hashes()));
        app.start();
        Self { config, context, address, hashes, seed, ..self }
    }

    /// Stops the service, as a process that ends.
    pub async fn stop(&self) {
        self.context.tasks.stop(Duration::from_secs(20)).await.unwrap();
    }

    /// Stops the service as a crash does: what is under way is dropped.
    pub async fn kill(&self) {
        self.context.tasks.stop(Duration::from_millis(100)).await.unwrap_err();
    }

    /// Lets the jobs look twice.
    pub async fn rounds_of_jobs(&self) -> u32 {
        for email in ["one@example.com", "two@example.com"] {
            self.gateway_anonymous().request_sign_up(wish(email)).await.unwrap();
            sqlx::query("UPDATE sign_ups SET expires_at = '2000-01-01'")
                .execute(&self.database.pool)
                .await
                .unwrap();
            wait_for(async || self.count("SELECT count(*) FROM sign_ups").await == 0).await;
        }
        2
    }

    /// Somebody signs in to a Managed Account; the token of the session.
    pub async fn managed_session(&self, id: AccountId) -> String {
        let now = self.clock.now();
        let token = Secret::generate(&self.context.entropy);
        let activate =
            "UPDATE managed_accounts SET state = 'active', activated_at = $2 WHERE account_id = $1";
        sqlx::query(activate).bind(id.uuid()).bind(now).execute(&self.database.pool).await.unwrap();
        sqlx::query(
            "INSERT INTO sessions
                (id, account_id, token_hash, methods, address, user_agent, created_at, last_used_at, expires_at)
             VALUES ($1, $2, $3, '{fed}', '', '', $4, $4, $4 + interval '1 hour')",
        )
        .bind(self.context.entropy.uuid(now))
        .bind(id.uuid())
        .bind(token.hash().as_bytes())
        .bind(now)
        .execute(&self.database.pool)
        .await
        .unwrap();
        token.reveal()
    }

    /// The gateway, for somebody who has not signed in, at another replica of the service.
    pub async fn replica(&self) -> Role {
        self.at_replica(Self::gateway_anonymous).await
    }

    /// The console, for this person, at another replica.
    pub async fn console_at_replica(&self, user: &User) -> Role {
        self.at_replica(|there| there.console_as(user)).await
    }

    async fn at_replica(&self, role: impl FnOnce(&Self) -> Role) -> Role {
        let context = Context::new(self.clock.shared(), Entropy::from_seed(12));
        let app = identity::build(self.config.clone(), &context).await.unwrap();
        let address = app.address();
        app.start();
        let there = Self { context, address, ..self.clone() };
        let role = role(&there);
        Role { _replica: Some(Arc::new(there)), ..role }
    }

    /// How many passwords were hashed.
    pub fn hashes(&self) -> BTreeMap<Cost, u64> {
        (self.hashes)()
    }

    fn role(&self, config: MeshConfig, name: &'static str, call: CallContext) -> Role {
        let config = peer(config, "identity", self.address);
        let channel = Mesh::new(config, name, &self.context).unwrap().channel("identity").unwrap();
        Role { channel, call, _replica: None }
    }

    /// The gateway, for somebody who has not signed in.
    pub fn gateway_anonymous(&self) -> Role {
        self.gateway_from("192.0.2.1", "Browser/1.0")
    }

    /// The same, from this address with this browser.
    pub fn gateway_from(&self, address: &str, user_agent: &str) -> Role {
        let origin = Origin { address: address.to_owned(), user_agent: user_agent.to_owned() };
        self.role(service(&self.pki, "gateway"), "gateway", CallContext::anonymous(origin))
    }

    /// A service on its own behalf.
    pub fn system(&self, name: &'static str) -> Role {
        self.role(service(&self.pki, name), name, CallContext::system())
    }

    /// The console, for this person.
    pub fn console_as(&self, user: &User) -> Role {
        let token = access_token(&self.person(user, None), SUITE_AUDIENCE);
        self.role(service(&self.pki, "console"), "console", CallContext::person(token, Origin::default()))
    }

    /// A product, for this person, in this organization.
    pub fn product_as(&self, name: &'static str, user: &User, membership: Option<Membership>) -> Role {
        let token = access_token(&self.person(user, membership), name);
        let config = self.pki.product(name).unwrap().config(self.pki.trust_domain());
        self.role(config, name, CallContext::person(token, Origin::default()))
    }

    /// A product on its own behalf.
    pub fn product(&self, name: &'static str) -> Role {
        let config = self.pki.product(name).unwrap().config(self.pki.trust_domain());
        self.role(config, name, CallContext::system())
    }

    /// The console, for somebody with a Managed Account.
    pub fn console_as_managed(&self, user: &User) -> Role {
        let person = Person { kind: AccountKind::Managed, ..self.person(user, None) };
        let call = CallContext::person(access_token(&person, SUITE_AUDIENCE), Origin::default());
        self.role(service(&self.pki, "console"), "console", call)
    }

    fn person(&self, user: &User, membership: Option<Membership>) -> Person {
        Person {
            account: user.account,
            kind: AccountKind::Nulab,
            session: user.session,
            client: "console".parse().unwrap(),
            grant: user.session.uuid().into(),
            membership,
            operator: false,
            issued_at: self.clock.now(),
        }
    }

    /// Asks for an account, and gives the token of the link that the mail would have.
    pub async fn link(&self, email: &str) -> String {
        self.gateway_anonymous().request_sign_up(wish(email)).await.unwrap();
        self.latest_link().await
    }

    /// The token of the latest sign-up's link.
    pub async fn latest_link(&self) -> String {
        let id = self.sign_ups().await.pop().unwrap();
        let mail =
            self.system("notification").prepare_sign_up_mail(PrepareSignUpMailRequest { sign_up_id: id });
        mail.await.unwrap().url.strip_prefix("https://pass.test/sign-up/").unwrap().to_owned()
    }

    /// Somebody with an account, signed in.
    pub async fn user(&self, email: &str) -> User {
        let token = self.link(email).await;
        let request = CompleteSignUpRequest {
            token,
            password: PASSWORD.to_owned(),
            ..CompleteSignUpRequest::default()
        };
        let made = self.gateway_anonymous().complete_sign_up(request).await.unwrap();
        let session = made.session.unwrap();
        User {
            account: made.account.unwrap().account_id.parse().unwrap(),
            session: session.session_id.parse().unwrap(),
            token: session.token,
        }
    }

    /// Signs in from another browser.
    pub async fn sign_in(&self, email: &str) -> User {
        self.clock.advance(Duration::from_millis(1));
        let answer = self.gateway_anonymous().sign_in(credentials(email, PASSWORD)).await.unwrap();
        let session = answer.session.unwrap();
        User {
            account: answer.account_id.parse().unwrap(),
            session: session.session_id.parse().unwrap(),
            token: session.token,
        }
    }

    /// The ids of all sign-ups that were announced, in order.
    pub async fn sign_ups(&self) -> Vec<String> {
        let announced = self.events().await.into_iter().filter_map(|event| match event.payload {
            Some(Payload::SignUpRequested(payload)) => Some(payload.sign_up_id),
            _ => None,
        });
        announced.collect()
    }

    /// Everything that was told, in order.
    pub async fn events(&self) -> Vec<Envelope> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar("SELECT envelope FROM outbox ORDER BY position")
            .fetch_all(&self.database.pool)
            .await
            .unwrap();
        rows.iter().map(|row| Envelope::decode(row.as_slice()).unwrap()).collect()
    }

    /// What was told about an account and its sessions, in order, without gaps in a key's sequence.
    pub async fn events_of(&self, account: AccountId) -> Vec<Payload> {
        let (key, id) = (format!("account/{account}"), account.to_string());
        let mut events = self.events().await;
        events.retain(|event| match &event.payload {
            Some(Payload::SessionEnded(ended)) => ended.account_id == id,
            _ => event.key == key,
        });
        must_be_gapless(&events);
        events.into_iter().filter_map(|event| event.payload).collect()
    }

    /// How many rows a query counts.
    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.database.pool).await.unwrap()
    }
}

/// Panics unless the events of each key are numbered 1, 2, 3, … in this order.
pub fn must_be_gapless(events: &[Envelope]) {
    let mut last = BTreeMap::new();
    for event in events {
        let last = last.entry(event.key.as_str()).or_insert(0);
        *last += 1;
        assert_eq!(event.sequence, *last, "{} has no gaps and keeps its order", event.key);
    }
}

/// A wish for an account.
pub fn wish(email: &str) -> RequestSignUpRequest {
    RequestSignUpRequest {
        name: "Taro Yamada".to_owned(),
        email: email.to_owned(),
        language: Language::Ja as i32,
        time_zone: "Asia/Tokyo".to_owned(),
        continuation: "r-1".to_owned(),
    }
}

/// A try to sign in.
pub fn credentials(email: &str, password: &str) -> SignInRequest {
    SignInRequest { email: email.to_owned(), password: password.to_owned(), ..SignInRequest::default() }
}
