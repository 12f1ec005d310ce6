//! Signing keys: rotation without a failed verification, at rest only sealed.

use crate::{
    product::{Answer, claims, header},
    suite::Suite,
};
use pass_mesh::Trust;
use pass_proto::gateway::v1::watch_trust_response::Message;
use std::collections::BTreeSet;
use time::Duration;

fn kids(jwks: &Answer) -> BTreeSet<String> {
    let keys = jwks.json["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Keys rotate with no failed verification: day by day over three periods, whoever fetched the keys an hour ago
/// can verify what is signed now, and what was signed five minutes ago is still verified.
#[tokio::test]
async fn keys_rotate_with_no_failed_verification() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    assert_eq!(suite.events("signing_key_created").await, 2, "the current one and the next one");
    let mut signers = BTreeSet::new();
    let mut fetched = suite.gateway.keys.jwks();
    for _ in 0..91 {
        suite.clock.advance(Duration::hours(23));
        suite.gateway.rotate_keys().await.unwrap();
        let before = std::mem::replace(&mut fetched, suite.gateway.keys.jwks());
        suite.clock.advance(Duration::hours(1));
        let token = product.tokens(&suite.browser(), &taro).await.text("access_token");
        let kid = header(&token)["kid"].as_str().unwrap().to_owned();
        assert!(fetched.contains(&kid), "published an hour before it signs");
        signers.insert(kid);
        suite.gateway.rotate_keys().await.unwrap();
        suite.clock.advance(Duration::minutes(4));
        for jwks in [&fetched, &suite.gateway.keys.jwks()] {
            let trust = Trust::new(crate::suite::ISSUER, suite.clock.shared());
            trust.apply(Message::Jwks(jwks.clone())).unwrap();
            trust.verify(&token).await.unwrap();
        }
        assert!(!before.is_empty());
        suite.clock.advance(Duration::minutes(-4));
    }
    assert_eq!(signers.len(), 4, "each signs for thirty days");
    let published = kids(&product.get("/oauth/jwks").await);
    assert!((2..=3).contains(&published.len()), "next, current, previous");
}

/// Two replicas that start at once make one key, and both sign with it.
#[tokio::test]
async fn replicas_share_their_keys() {
    let suite = Suite::start().await;
    let replica = suite.replica().await;
    assert_eq!(replica.gateway().keys.jwks(), suite.gateway.keys.jwks());
    suite.clock.advance(Duration::days(31));
    let (one, two) = tokio::join!(suite.gateway.rotate_keys(), replica.gateway().rotate_keys());
    one.unwrap();
    two.unwrap();
    suite.gateway.rotate_keys().await.unwrap();
    assert_eq!(replica.gateway().keys.jwks(), suite.gateway.keys.jwks());
}

/// The private halves are sealed with a key that is not in the database; the sealing key can be changed, and
/// without it nothing starts.
#[tokio::test]
async fn the_sealing_key_is_outside_the_database_and_can_be_changed() {
    let suite = Suite::start().await;
    let before = suite.gateway.keys.jwks();
    let sealed_by = async || -> Vec<String> {
        sqlx::query_scalar("SELECT DISTINCT sealed_by FROM signing_keys")
            .fetch_all(&suite.database.pool)
            .await
            .unwrap()
    };
    let first = sealed_by().await;
    let mut config = suite.config.clone();
    config.keys.secret = "another secret that seals signing keys".to_owned().into();
    let Err(error) = gateway::build(config.clone(), &suite.context).await else {
        panic!("it opened without its key")
    };
    let cause =
        std::error::Error::source(&error).and_then(|it| it.source()).and_then(|it| it.source()).unwrap();
    assert!(cause.to_string().contains("not among the configured ones"), "{cause}");
    config.keys.previous_secret = suite.config.keys.secret.clone();
    let changed = gateway::build(config.clone(), &suite.context).await.unwrap();
    assert_eq!(changed.gateway().keys.jwks(), before, "the same keys");
    let second = sealed_by().await;
    assert!(second.len() == 1 && second != first, "sealed anew");
    config.keys.previous_secret = String::new().into();
    gateway::build(config.clone(), &suite.context).await.unwrap();
    config.keys.secret = "short".to_owned().into();
    let Err(error) = gateway::build(config, &suite.context).await else { panic!("it took a short key") };
    assert_eq!(error.to_string(), "the setting keys.secret is wrong");
}

/// Who can write to the database can't have a key of their own published: what is published follows from the
/// sealed private key, and a row that says otherwise is refused.
#[tokio::test]
async fn a_public_key_that_somebody_put_into_the_database_is_not_published() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    use p256::elliptic_curve::sec1::ToEncodedPoint;
    let suite = Suite::start().await;
    suite.clock.advance(Duration::days(31));
    suite.gateway.rotate_keys().await.unwrap();
    let before: serde_json::Value = serde_json::from_str(&suite.gateway.keys.jwks()).unwrap();
    assert_eq!(before["keys"].as_array().unwrap().len(), 2);
    let point = p256::SecretKey::from_slice(&[7; 32]).unwrap().public_key().to_encoded_point(false);
    let (x, y) = (BASE64.encode(point.x().unwrap()), BASE64.encode(point.y().unwrap()));
    let changed = "UPDATE signing_keys SET x = $1, y = $2 WHERE key_id = $3";
    let victim = before["keys"][1]["kid"].as_str().unwrap();
    let pool = &suite.database.pool;
    sqlx::query(changed).bind(&x).bind(&y).bind(victim).execute(pool).await.unwrap();
    suite.gateway.rotate_keys().await.unwrap();
    let after: serde_json::Value = serde_json::from_str(&suite.gateway.keys.jwks()).unwrap();
    assert_eq!(after["keys"], serde_json::json!([before["keys"][0]]));
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let token = product.tokens(&suite.browser(), &taro).await.text("access_token");
    assert!(suite.verifies(&token), "the other key goes on");
}

/// Algorithm by key: `none`, HS256 with the public key, a changed claim, a foreign key and a `kid` of another are all
/// refused; so is an ID token as an access token.
#[tokio::test]
async fn forged_tokens_are_refused() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let good = product.tokens(&suite.browser(), &taro).await.text("access_token");
    let parts: Vec<_> = good.split('.').collect();
    let kid = header(&good)["kid"].clone();
    let head =
        |alg: &str| BASE64.encode(serde_json::json!({"alg": alg, "typ": "at+jwt", "kid": kid}).to_string());
    let mut changed = claims(&good);
    changed["sub"] = "01900000-0000-7000-8000-000000000000".into();
    let changed = BASE64.encode(changed.to_string());
    let jwks = suite.gateway.keys.jwks();
    let hs = {
        let key = jsonwebtoken::EncodingKey::from_secret(jwks.as_bytes());
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = kid.as_str().map(str::to_owned);
        jsonwebtoken::encode(&header, &claims(&good), &key).unwrap()
    };
    let foreign = {
        let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
        let der = p256::pkcs8::EncodePrivateKey::to_pkcs8_der(&secret).unwrap();
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = kid.as_str().map(str::to_owned);
        header.jku = Some("https://evil.example/jwks".to_owned());
        let key = jsonwebtoken::EncodingKey::from_ec_der(der.as_bytes());
        jsonwebtoken::encode(&header, &claims(&good), &key).unwrap()
    };
    for forged in [
        format!("{}.{}.", head("none"), parts[1]),
        format!("{}.{}.{}", head("none"), parts[1], parts[2]),
        format!("{}.{changed}.{}", parts[0], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], BASE64.encode([0; 64])),
        hs,
        foreign,
    ] {
        assert_eq!(product.userinfo(&forged).await.status, 401, "{forged}");
    }
    assert_eq!(product.userinfo(&good).await.status, 200);
}
