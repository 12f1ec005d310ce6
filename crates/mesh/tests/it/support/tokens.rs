//! Access tokens, right and wrong.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use pass_mesh::Claims;
use pass_types::{
    AccountId, AccountKind, Clock, Entropy, GrantId, Membership, OrganizationId, Person, Privileges, Role,
    SessionId,
};
use serde_json::{Value, json};

use super::{FakeClock, ISSUER};

pub const KEY_ID: &str = "key-1";

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

pub fn jwks() -> String {
    jwks_of(KEY_ID, &key())
}

pub fn jwks_of(id: &str, key: &SigningKey) -> String {
    let point = key.verifying_key().to_encoded_point(false);
    let (x, y) = (encode(point.x().unwrap()), encode(point.y().unwrap()));
    json!({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": x, "y": y}]})
        .to_string()
}

pub fn person(clock: &FakeClock) -> Person {
    let entropy = Entropy::from_seed(3);
    let organization = OrganizationId::generate(&entropy, clock.now());
    Person {
        account: AccountId::generate(&entropy, clock.now()),
        kind: AccountKind::Nulab,
        session: SessionId::generate(&entropy, clock.now()),
        client: "backlog".parse().unwrap(),
        grant: GrantId::generate(&entropy, clock.now()),
        membership: Some(Membership { organization, role: Role::Member, privileges: Privileges::default() }),
        operator: false,
        issued_at: clock.now(),
    }
}

pub fn claims(clock: &FakeClock, audience: &str) -> Claims {
    Claims::of(&person(clock), ISSUER, audience, "openid", "1".to_owned(), pass_mesh::TOKEN_LIFE)
}

pub fn header() -> Value {
    json!({"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID})
}

pub fn token(clock: &FakeClock, audience: &str) -> String {
    sign(&header(), &serde_json::to_value(claims(clock, audience)).unwrap())
}

/// A token with exactly that in it, signed by the gateway's key whatever the header says.
pub fn sign(header: &Value, claims: &Value) -> String {
    let message = unsigned(header, claims);
    let signature: Signature = key().sign(message.as_bytes());
    format!("{message}.{}", encode(&signature.to_bytes()))
}

pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

pub fn public_key_bytes() -> Vec<u8> {
    key().verifying_key().to_encoded_point(false).as_bytes().to_vec()
}

/// The gateway's key as it signs itself.
pub fn encoding_key() -> jsonwebtoken::EncodingKey {
    use p256::pkcs8::EncodePrivateKey;
    let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
    let pem = secret.to_pkcs8_pem(p256::pkcs8::LineEnding::LF).unwrap();
    jsonwebtoken::EncodingKey::from_ec_pem(pem.as_bytes()).unwrap()
}

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
