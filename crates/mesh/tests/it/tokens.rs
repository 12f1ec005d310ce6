//! Which access tokens are taken, by the server and by [`Trust`] alone.

use crate::support::{
    ISSUER, World, contract, refused, serve,
    services::Accounts,
    tokens::{self, KEY_ID, claims, encode, header, sign, token},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pass_mesh::{CallContext, Mesh, Problem, Refusal, TOKEN_LIFE, Trust};
use pass_proto::{
    errors::v1::ErrorReason,
    gateway::v1::watch_trust_response::Message,
    identity::v1::{GetAccountRequest, GetMyAccountRequest, account_service_client::AccountServiceClient},
};
use pass_types::{Origin, Person};
use serde_json::{Value, json};
use std::time::Duration;

async fn reason(trust: &Trust, token: &str) -> ErrorReason {
    trust.verify(token).await.expect_err("was taken").reason()
}

fn good(world: &World) -> Value {
    serde_json::to_value(claims(&world.clock, "pass")).unwrap()
}

#[tokio::test]
async fn what_the_gateway_mints_is_what_trust_verifies() {
    let world = World::new();
    let minted = claims(&world.clock, "pass");
    let token = minted.sign(KEY_ID, &tokens::encoding_key()).unwrap();
    let verified = world.trust().verify(&token).await.unwrap();
    assert_eq!(verified.claims, minted);
    assert_eq!(verified.person, tokens::person(&world.clock));
    assert_eq!(Person::try_from(&minted).unwrap(), verified.person);
}

/// Algorithm by key, `none` and HS refused, `kid` a look-up only, `typ` told apart, no unknown `crit`.
#[tokio::test]
async fn headers_that_lie_are_refused() {
    let world = World::new();
    let (trust, good) = (world.trust(), good(&world));
    let wrong = [
        ("none", json!({"alg": "none", "typ": "at+jwt", "kid": KEY_ID})),
        ("another algorithm", json!({"alg": "RS256", "typ": "at+jwt", "kid": KEY_ID})),
        ("a larger curve", json!({"alg": "ES384", "typ": "at+jwt", "kid": KEY_ID})),
        ("no key", json!({"alg": "ES256", "typ": "at+jwt"})),
        ("unknown key", json!({"alg": "ES256", "typ": "at+jwt", "kid": "key-2"})),
        ("a path", json!({"alg": "ES256", "typ": "at+jwt", "kid": "../../dev/null"})),
        ("an ID token", json!({"alg": "ES256", "typ": "JWT", "kid": KEY_ID})),
        ("a logout token", json!({"alg": "ES256", "typ": "logout+jwt", "kid": KEY_ID})),
        ("no type", json!({"alg": "ES256", "kid": KEY_ID})),
        ("crit", json!({"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID, "crit": ["x"], "x": 1})),
        ("an empty crit", json!({"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID, "crit": []})),
        ("b64", json!({"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID, "b64": false})),
    ];
    for (what, header) in wrong {
        assert_eq!(reason(&trust, &sign(&header, &good)).await, ErrorReason::TokenInvalid, "{what}");
    }
    let unsigned = tokens::unsigned(&json!({"alg": "none", "typ": "at+jwt", "kid": KEY_ID}), &good);
    assert_eq!(reason(&trust, &format!("{unsigned}.")).await, ErrorReason::TokenInvalid);
    assert_eq!(
        reason(&trust, &format!("{}.", tokens::unsigned(&header(), &good))).await,
        ErrorReason::TokenInvalid
    );
}

#[tokio::test]
async fn the_public_key_is_no_hmac_secret() {
    let world = World::new();
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(KEY_ID.to_owned());
    for secret in [tokens::public_key_bytes(), tokens::jwks().into_bytes()] {
        let forged =
            jsonwebtoken::encode(&header, &good(&world), &EncodingKey::from_secret(&secret)).unwrap();
        assert_eq!(reason(&world.trust(), &forged).await, ErrorReason::TokenInvalid);
    }
}

#[tokio::test]
async fn a_key_in_the_token_is_not_used() {
    let world = World::new();
    let own = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
    let jwk = serde_json::from_str::<Value>(&tokens::jwks_of("own", &own)).unwrap()["keys"][0].clone();
    let header =
        json!({"alg": "ES256", "typ": "at+jwt", "kid": "own", "jwk": jwk, "jku": "https://evil.test"});
    let message = tokens::unsigned(&header, &good(&world));
    let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(&own, message.as_bytes());
    let forged = format!("{message}.{}", encode(&signature.to_bytes()));
    assert_eq!(reason(&world.trust(), &forged).await, ErrorReason::TokenInvalid);
}

#[tokio::test]
async fn claims_must_be_there_and_be_what_they_are() {
    let world = World::new();
    let (trust, good) = (world.trust(), good(&world));
    trust.verify(&sign(&header(), &good)).await.unwrap();
    for claim in [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "jti",
        "client_id",
        "sid",
        "scope",
        "account_kind",
        "role",
        "org_id",
    ] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(claim);
        assert_eq!(reason(&trust, &sign(&header(), &claims)).await, ErrorReason::TokenInvalid, "no {claim}");
    }
    let now = good["iat"].as_i64().unwrap();
    let wrong = [
        ("exp", json!((now + 60).to_string())),
        ("exp", json!(f64::from(u32::MAX))),
        ("exp", json!(null)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(now + 301)),
        ("iat", json!(now.to_string())),
        ("iat", json!(now + 60)),
        ("iat", json!(i64::MIN)),
        ("nbf", json!("soon")),
        ("nbf", json!(now + 60)),
        ("iss", json!("https://evil.test")),
        ("iss", json!(format!("{ISSUER}/"))),
        ("iss", json!([ISSUER])),
        ("aud", json!(["pass", "backlog"])),
        ("aud", json!("")),
        ("jti", json!("")),
        ("sub", json!("admin")),
        ("sid", json!(7)),
        ("account_kind", json!("god")),
        ("role", json!("owner")),
        ("privileges", json!(["everything"])),
        ("operator", json!("true")),
        ("operator", json!(1)),
        ("operator", json!(null)),
    ];
    for (claim, value) in wrong {
        let mut claims = good.clone();
        claims[claim] = value;
        let token = sign(&header(), &claims);
        assert_eq!(reason(&trust, &token).await, ErrorReason::TokenInvalid, "{claim}: {}", claims[claim]);
    }
    for text in ["", ".", "..", "a.b.c", "not a token", &"x".repeat(100_000)] {
        assert_eq!(reason(&trust, text).await, ErrorReason::TokenInvalid);
    }
    let twice = good.to_string().replacen('{', r#"{"aud":"backlog","#, 1);
    let message = format!("{}.{}", encode(header().to_string().as_bytes()), encode(twice.as_bytes()));
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(&key, message.as_bytes());
    let twice = format!("{message}.{}", encode(&signature.to_bytes()));
    assert_eq!(reason(&trust, &twice).await, ErrorReason::TokenInvalid, "a claim twice");
}

/// Times are judged by our clock, not by the machine's.
#[tokio::test]
async fn a_token_expires_by_the_clock() {
    let world = World::new();
    let (trust, token) = (world.trust(), token(&world.clock, "pass"));
    trust.verify(&token).await.unwrap();
    let last = Duration::from_secs(1);
    world.clock.advance(TOKEN_LIFE.checked_sub(last).unwrap());
    trust.verify(&token).await.unwrap();
    world.clock.advance(last);
    assert_eq!(reason(&trust, &token).await, ErrorReason::TokenInvalid);
}

#[tokio::test]
async fn keys_rotate_with_no_failed_verification() {
    let world = World::new();
    let (trust, old) = (world.trust(), token(&world.clock, "pass"));
    let next = p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap();
    let [both, only_next] = {
        let next: Value = serde_json::from_str(&tokens::jwks_of("key-2", &next)).unwrap();
        let mut both: Value = serde_json::from_str(&tokens::jwks()).unwrap();
        both["keys"].as_array_mut().unwrap().push(next["keys"][0].clone());
        [both.to_string(), next.to_string()]
    };
    trust.apply(Message::Jwks(both)).unwrap();
    trust.verify(&old).await.unwrap();
    trust.apply(Message::Jwks(only_next)).unwrap();
    assert_eq!(reason(&trust, &old).await, ErrorReason::TokenInvalid, "its key is gone");
    assert!(trust.apply(Message::Jwks("no keys".to_owned())).is_err());
}

#[tokio::test]
async fn without_keys_nothing_is_judged() {
    let world = World::new();
    let trust = Trust::new(ISSUER, world.clock.clone());
    let refusal = trust.verify(&token(&world.clock, "pass")).await.unwrap_err();
    assert!(matches!(refusal, Refusal::NotReady));
    assert_eq!(refusal.reason(), ErrorReason::Unavailable);
    assert!(refusal.to_string().contains("not ready"));
}

#[tokio::test]
async fn a_token_for_another_audience_gets_nothing() {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    let person = |audience| CallContext::person(token(&world.clock, audience), Origin::default());
    for foreign in ["backlog", "console", "cacoo"] {
        let mut console = AccountServiceClient::new(world.channel("console", &server));
        let answer = console.get_my_account(person(foreign).request(GetMyAccountRequest {})).await;
        assert_eq!(refused(answer), ErrorReason::TokenAudience, "{foreign}");
    }
    for foreign in ["pass", "cacoo", "product"] {
        let mut product = AccountServiceClient::new(world.product("backlog", &server));
        let answer = product.get_account(person(foreign).request(GetAccountRequest::default())).await;
        assert_eq!(refused(answer), ErrorReason::TokenAudience, "{foreign}");
    }
    assert_eq!(accounts.count(), 0);
}

#[tokio::test]
async fn a_token_without_the_scope_gets_nothing() {
    const PRODUCT: &str = "audience: AUDIENCE_PRODUCT";
    let (world, accounts) = (World::new(), Accounts::new());
    let mesh = Mesh::new(world.config("identity"), "identity", &world.context).unwrap();
    let mesh =
        mesh.with_descriptors(&contract(&[(PRODUCT, "audience: AUDIENCE_PRODUCT scope: \"accounts\"")]));
    let server = serve(mesh.server(world.trust()).add(accounts.server())).await;
    let mut product = AccountServiceClient::new(world.product("backlog", &server));
    for (scope, taken) in [("openid", false), ("accounts2 openid", false), ("openid accounts", true)] {
        let mut claims = claims(&world.clock, "backlog");
        claims.scope = scope.to_owned();
        let token = claims.sign(KEY_ID, &tokens::encoding_key()).unwrap();
        let request = CallContext::person(token, Origin::default()).request(GetAccountRequest::default());
        match product.get_account(request).await {
            Ok(_) => assert!(taken, "{scope}"),
            refusal => assert_eq!((taken, refused(refusal)), (false, ErrorReason::TokenScope), "{scope}"),
        }
    }
    assert_eq!(accounts.count(), 1);
}
