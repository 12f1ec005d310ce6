//! A gateway with everything around it, for one test.

use crate::{
    browser::Browser,
    neighbours::{Neighbours, Someone},
    product::{CALLBACK, Product},
};
use gateway::{
    App, Config, MIGRATORS,
    app::Gateway,
    app::clients::{self, Registration},
    domain::revocation::Subject,
};
use pass_events::{Event, Key, Outbox};
use pass_mesh::development::Pki;
use pass_proto::events::v1::{
    Envelope, SessionEnded, envelope::Payload, session_ended, token_family_revoked::Cause as Revoked,
};
use pass_runtime::Context;
use pass_testkit::{FakeClock, TestDatabase};
use pass_types::{Entropy, SessionId, SharedClock};
use prost::Message;
use std::net::SocketAddr;
use tempfile::TempDir;
use url::Url;

/// What browsers and relying parties know the gateway by.
pub const ISSUER: &str = "https://pass.example";
/// Where somebody goes who came from nowhere.
pub const CONSOLE: &str = "https://console.example/";

pub struct Suite {
    pub clock: FakeClock,
    pub gateway: Gateway,
    pub neighbours: Neighbours,
    pub database: TestDatabase,
    pub pki: Pki,
    pub config: Config,
    pub context: Context,
    pub http: SocketAddr,
    pub grpc: SocketAddr,
    _folder: TempDir,
}

impl Suite {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let clock = FakeClock::default();
        let shared: SharedClock = clock.shared();
        let context = Context::new(shared, Entropy::from_os());
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::open(folder.path(), "pass.test").unwrap();
        let (neighbours, addresses) = Neighbours::start(&pki, &context).await;
        let database = pass_testkit::postgres().await.database(MIGRATORS).await;
        let mut config = Config {
            http_listen: "127.0.0.1:0".parse().unwrap(),
            grpc_listen: "127.0.0.1:0".parse().unwrap(),
            console_url: CONSOLE.parse().unwrap(),
            broker: pass_testkit::broker().await,
            mesh: pki.service("gateway").unwrap().config(pki.trust_domain()),
            ..Config::default()
        };
        config.web.public_url = ISSUER.parse().unwrap();
        config.web.form_secret = "a secret for form tokens".to_owned().into();
        config.database.url = database.url.clone().into();
        config.keys.secret = "a secret that seals the signing keys".to_owned().into();
        config.refresh.secret = "a secret for refresh tokens".to_owned().into();
        config.back_channel.allow = vec!["127.0.0.0/8".parse().unwrap()];
        config.credentials_per_minute = 1000.try_into().unwrap();
        for (name, address) in addresses {
            let url = Url::parse(&format!("https://localhost:{}", address.port())).unwrap();
            config.mesh.peers.insert(name.to_owned(), url);
        }
        change(&mut config);
        let app = gateway::build(config.clone(), &context).await.unwrap();
        let (http, grpc) = (app.addresses().http, app.addresses().grpc);
        let gateway = app.gateway().clone();
        app.start();
        Self { clock, gateway, neighbours, database, pki, config, context, http, grpc, _folder: folder }
    }

    /// A second replica beside the first: the same database, broker and settings.
    pub async fn replica(&self) -> App {
        gateway::build(self.config.clone(), &self.context).await.unwrap()
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.http)
    }

    /// Registers a confidential product.
    pub async fn product(&self, name: &str) -> Product {
        self.register(Registration {
            client_id: name.to_owned(),
            name: format!("Product {name}"),
            audience: name.to_owned(),
            confidential: true,
            jwks: None,
            redirect_uris: vec![CALLBACK.to_owned()],
            post_logout_uris: vec!["https://product.example/bye".to_owned()],
            back_channel_logout_uri: None,
        })
        .await
    }

    /// How many events of that kind the gateway has told of.
    pub async fn events(&self, name: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE routing_key = $1")
            .bind(format!("gateway.{name}"))
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }

    /// Voids a subject's tokens.
    pub async fn revoke(&self, subject: Subject) {
        let now = self.gateway.clock.now();
        sqlx::query(
            "INSERT INTO revocations (subject_kind, subject, not_before, create_time, expire_time)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(subject.kind())
        .bind(subject.id())
        .bind(now + time::Duration::seconds(1))
        .bind(now)
        .bind(now + time::Duration::hours(1))
        .execute(&self.database.pool)
        .await
        .unwrap();
    }

    /// How many revocations there are of that kind.
    pub async fn revocations_of(&self, kind: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM revocations WHERE subject_kind = $1")
            .bind(kind)
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }

    /// What a revoked family's event says of why, of all that there are, in order.
    pub async fn revoked_because(&self) -> Vec<Revoked> {
        let envelopes: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT envelope FROM outbox WHERE routing_key = 'gateway.token_family_revoked' ORDER BY position")
                .fetch_all(&self.database.pool)
                .await
                .unwrap();
        let cause = |envelope: &Vec<u8>| match Envelope::decode(envelope.as_slice()).unwrap().payload {
            Some(Payload::TokenFamilyRevoked(revoked)) => revoked.cause(),
            other => panic!("{other:?}"),
        };
        envelopes.iter().map(cause).collect()
    }

    /// How many clients are still to be told that a session ended, and are not being told right now.
    pub async fn waiting_logouts(&self) -> i64 {
        let query =
            "SELECT count(*) FROM back_channel_logouts WHERE settle_time IS NULL AND next_attempt_time <= $1";
        let soon = self.gateway.clock.now() + time::Duration::seconds(10);
        sqlx::query_scalar(query).bind(soon).fetch_one(&self.database.pool).await.unwrap()
    }

    /// Has identity tell that a session ended, over the broker. (The row is in the gateway's own outbox: its
    /// relay carries it.)
    pub async fn session_ended(&self, who: &Someone, session: SessionId) {
        // What is published before the queue is bound for the first time is routed nowhere.
        pass_testkit::wait_for(async || self.context.health.is_complete()).await;
        let outbox = Outbox::new("identity", &self.context);
        let ended = SessionEnded {
            account_id: who.id.to_string(),
            session_id: session.to_string(),
            cause: session_ended::Cause::EndedByOwner.into(),
        };
        let mut tx = self.database.pool.begin().await.unwrap();
        let event = Event::new(Key::session(session), Payload::SessionEnded(ended));
        outbox.publish(&mut tx, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Whether a token was signed by one of the published keys.
    pub fn verifies(&self, token: &str) -> bool {
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&self.gateway.keys.jwks()).unwrap();
        let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
        (rules.validate_exp, rules.validate_aud) = (false, false);
        jsonwebtoken::decode::<serde_json::Value>(token, &key, &rules).is_ok()
    }

    pub async fn register(&self, registration: Registration) -> Product {
        let gateway = &self.gateway;
        let now = gateway.clock.now();
        let secret = clients::register(&gateway.pool, &gateway.outbox, &gateway.entropy, now, &registration);
        let secret = secret.await.unwrap().map(|secret| secret.reveal());
        Product::new(self.http, registration.client_id, secret, &gateway.entropy)
    }
}
