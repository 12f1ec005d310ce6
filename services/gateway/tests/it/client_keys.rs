//! Clients that prove who they are by their keys (`private_key_jwt`).

use crate::{
    product::{Answer, CALLBACK, Product},
    suite::{ISSUER, Suite},
};
use gateway::app::clients::{self, ClientError, Registration};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use p256::{SecretKey, pkcs8::EncodePrivateKey};
use serde_json::{Value, json};
use time::Duration;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn key(seed: u8) -> EncodingKey {
    let der = SecretKey::from_slice(&[seed; 32]).unwrap().to_pkcs8_der().unwrap();
    EncodingKey::from_ec_der(der.as_bytes())
}

/// The public halves.
fn jwks(seeds: &[u8]) -> String {
    let keys: Vec<_> =
        seeds.iter().map(|seed| Jwk::from_encoding_key(&key(*seed), Algorithm::ES256).unwrap()).collect();
    json!({ "keys": keys }).to_string()
}

fn registration(id: &str) -> Registration {
    Registration {
        client_id: id.to_owned(),
        name: id.to_owned(),
        audience: id.to_owned(),
        confidential: true,
        jwks: Some(jwks(&[1])),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..Registration::default()
    }
}

/// A product with keys, and what it signs.
struct Signing {
    suite: Suite,
    product: Product,
}

impl Signing {
    async fn start() -> Self {
        let suite = Suite::start().await;
        let product = suite.register(registration("backlog")).await;
        assert!(product.secret.is_none(), "no second way to prove who it is");
        Self { suite, product }
    }

    /// An assertion that is good but for these claims.
    fn assertion(&self, changes: &Value) -> String {
        let now = self.suite.gateway.clock.now();
        let mut claims = json!({
            "iss": "backlog", "sub": "backlog", "aud": ISSUER, "exp": now.unix_timestamp() + 60,
            "jti": self.suite.gateway.entropy.uuid(now).to_string(),
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key(1)).unwrap()
    }

    async fn post(&self, fields: &[(&str, &str)], basic: Option<(&str, &str)>) -> Answer {
        let grant = [("grant_type", "x")];
        self.product.post_as("/oauth/token", &[&grant, fields].concat(), basic).await
    }

    /// Shows an assertion; what comes of it is refused for its grant type at best.
    async fn show(&self, assertion: &str) -> Answer {
        self.post(&[("client_assertion", assertion), ("client_assertion_type", TYPE)], None).await
    }
}

/// What is said to a client that has proved who it is, and asks for what there is not.
const KNOWN: &str = "unsupported_grant_type";

/// proves API-6: a client with keys gets, refreshes and gives back tokens by assertions.
#[tokio::test]
async fn a_client_with_keys_gets_tokens() {
    let it = Signing::start().await;
    let taro = it.suite.neighbours.account("Taro");
    let code = it.product.code(&it.suite.browser(), &taro).await;
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let assertion = it.assertion(&json!({}));
        let proof = [("client_assertion", assertion.as_str()), ("client_assertion_type", TYPE)];
        it.product.post_as(path, &[fields, &proof].concat(), None).await
    };
    let redemption = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", &it.product.verifier),
    ];
    let tokens = post("/oauth/token", &redemption).await;
    let refresh = tokens.text("refresh_token");
    let refreshed =
        post("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    let refresh = refreshed.text("refresh_token");
    assert_eq!(post("/oauth/revoke", &[("token", &refresh)]).await.status, 200);
    post("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", &refresh)])
        .await
        .refused("invalid_grant");
}

/// One use of `jti`: in order, of many at once, and on another replica; another client may use the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_works_once() {
    let it = Signing::start().await;
    let assertion = it.assertion(&json!({}));
    it.show(&assertion).await.refused(KNOWN);
    it.show(&assertion).await.refused("invalid_client");
    let assertion = it.assertion(&json!({}));
    let answers = futures::future::join_all((0..8).map(|_| it.show(&assertion))).await;
    assert_eq!(answers.iter().filter(|answer| answer.json["error"] == KNOWN).count(), 1);
    it.suite.gateway.prune().await.unwrap();
    it.show(&assertion).await.refused("invalid_client");
    it.show(&it.assertion(&json!({ "jti": "mine" }))).await.refused(KNOWN);
    it.show(
        &it.assertion(&json!({ "jti": "mine", "exp": it.suite.gateway.clock.now().unix_timestamp() + 9 })),
    )
    .await
    .refused("invalid_client");
    it.suite.register(registration("cacoo")).await;
    let others = it.assertion(&json!({ "iss": "cacoo", "sub": "cacoo", "jti": "mine" }));
    it.show(&others).await.refused(KNOWN);
}

/// What was taken is forgotten when it is too old to be taken again.
#[tokio::test]
async fn old_assertions_are_forgotten() {
    let it = Signing::start().await;
    let assertion = it.assertion(&json!({}));
    it.show(&assertion).await.refused(KNOWN);
    let kept = async || -> i64 {
        let query = sqlx::query_scalar("SELECT count(*) FROM client_assertions");
        query.fetch_one(&it.suite.database.pool).await.unwrap()
    };
    it.suite.gateway.prune().await.unwrap();
    assert_eq!(kept().await, 1);
    it.suite.clock.advance(Duration::days(2));
    it.suite.gateway.prune().await.unwrap();
    assert_eq!(kept().await, 0);
    it.show(&assertion).await.refused("invalid_client");
}

/// `aud` is our issuer alone; iss and sub are the client; exp is near: each by its claim, through the endpoint.
#[tokio::test]
async fn an_assertion_that_is_not_in_order_is_refused() {
    let it = Signing::start().await;
    let now = it.suite.gateway.clock.now().unix_timestamp();
    for wrong in [
        json!({ "aud": format!("{ISSUER}/oauth/token") }),
        json!({ "aud": [ISSUER, "https://other.example"] }),
        json!({ "iss": "cacoo" }),
        json!({ "sub": "cacoo" }),
        json!({ "exp": now }),
        json!({ "exp": now + 301 }),
        json!({ "exp": "soon" }),
        json!({ "jti": "" }),
        json!({ "jti": Value::Null }),
    ] {
        let refused = it.show(&it.assertion(&wrong)).await;
        refused.refused("invalid_client");
        assert!(!refused.json["error_description"].as_str().unwrap().contains("aud"), "no hint");
    }
    it.show(&it.assertion(&json!({ "aud": [ISSUER] }))).await.refused(KNOWN);
    it.show("nonsense").await.refused("invalid_client");
    let unsigned = it.assertion(&json!({}));
    it.show(unsigned.rsplit_once('.').unwrap().0).await.refused("invalid_client");
}

/// Exactly one way per request, and per client the one that it registered.
#[tokio::test]
async fn there_is_one_way_to_prove_who_it_is() {
    let it = Signing::start().await;
    let other = it.suite.product("cacoo").await;
    let secret = other.secret.clone().unwrap();
    let assertion = || it.assertion(&json!({}));
    let typed = ("client_assertion_type", TYPE);
    let (one, two, three) = (assertion(), assertion(), assertion());
    it.post(&[("client_assertion", &one), typed, ("client_secret", &secret)], None)
        .await
        .refused("invalid_request");
    it.post(&[("client_assertion", &one), typed], Some(("backlog", &secret)))
        .await
        .refused("invalid_request");
    it.post(&[("client_assertion", &one)], None).await.refused("invalid_request");
    it.post(&[typed, ("client_id", "backlog")], None).await.refused("invalid_request");
    let saml = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer");
    it.post(&[("client_assertion", &one), saml], None).await.refused("invalid_client");
    it.post(&[("client_assertion", &one), typed, ("client_id", "cacoo")], None)
        .await
        .refused("invalid_client");
    it.post(&[("client_id", "backlog")], None).await.refused("invalid_client");
    it.post(&[("client_id", "backlog"), ("client_secret", &secret)], None).await.refused("invalid_client");
    let as_cacoo = it.assertion(&json!({ "iss": "cacoo", "sub": "cacoo" }));
    it.show(&as_cacoo).await.refused("invalid_client");
    it.post(&[("client_assertion", &two), typed, ("client_id", "backlog")], None).await.refused(KNOWN);
    it.show(&three).await.refused(KNOWN);
}

/// Keys are replaced with an event (AUD-1), for clients that have some; the old ones end at once.
#[tokio::test]
async fn keys_are_replaced() {
    let it = Signing::start().await;
    let gateway = &it.suite.gateway;
    it.suite.product("cacoo").await;
    let replace = async |id: &str, jwks: &str| {
        clients::replace_keys(&gateway.pool, &gateway.outbox, &id.parse().unwrap(), jwks).await
    };
    replace("backlog", &jwks(&[1, 2])).await.unwrap();
    it.show(&it.assertion(&json!({}))).await.refused(KNOWN);
    replace("backlog", &jwks(&[2])).await.unwrap();
    it.show(&it.assertion(&json!({}))).await.refused("invalid_client");
    assert_eq!(it.suite.events("client_keys_replaced").await, 2);
    for id in ["cacoo", "unknown"] {
        assert!(matches!(replace(id, &jwks(&[3])).await, Err(ClientError::WithoutKeys(_))), "{id}");
    }
    assert!(matches!(replace("backlog", "{}").await, Err(ClientError::Invalid(_))));
    let now = gateway.clock.now();
    let id = "backlog".parse().unwrap();
    let secret = clients::add_secret(&gateway.pool, &gateway.outbox, &gateway.entropy, now, &id).await;
    assert!(matches!(secret, Err(ClientError::WithoutSecret(_))), "no second way");
    assert_eq!(it.suite.events("client_keys_replaced").await, 2, "nothing else was told of");
}
