use super::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use p256::{SecretKey, pkcs8::EncodePrivateKey};
use rcgen::{KeyPair, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::json;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
const ISSUER: &str = "https://pass.example";

/// A client's key, both halves.
struct Pair {
    signs: EncodingKey,
    jwk: Value,
}

fn pair(signs: EncodingKey, algorithm: Algorithm, id: &str) -> Pair {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&signs, algorithm).unwrap()).unwrap();
    jwk["kid"] = id.into();
    Pair { signs, jwk }
}

fn ec(seed: u8) -> Pair {
    let der = SecretKey::from_slice(&[seed; 32]).unwrap().to_pkcs8_der().unwrap();
    pair(EncodingKey::from_ec_der(der.as_bytes()), Algorithm::ES256, &format!("ec {seed}"))
}

fn rsa(algorithm: Algorithm) -> Pair {
    let pem = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap().serialize_pem();
    pair(EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(), algorithm, "rsa")
}

fn ed() -> Pair {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let public = URL_SAFE_NO_PAD.encode(key.public_key_raw());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": public, "kid": "ed" });
    Pair { signs: EncodingKey::from_ed_pem(key.serialize_pem().as_bytes()).unwrap(), jwk }
}

fn keys(pairs: &[&Pair]) -> ClientKeys {
    let keys: Vec<_> = pairs.iter().map(|pair| &pair.jwk).collect();
    json!({ "keys": keys }).to_string().parse().unwrap()
}

fn good() -> Value {
    let exp = (NOW + Duration::minutes(1)).unix_timestamp();
    json!({ "iss": "backlog", "sub": "backlog", "aud": ISSUER, "exp": exp, "jti": "one" })
}

/// The good claims with changes; `null` takes one away.
fn with(changes: &Value) -> Value {
    let mut claims = good();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn header(change: impl FnOnce(&mut Header)) -> Header {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("ec 1".to_owned());
    change(&mut header);
    header
}

fn sign(header: &Header, claims: &Value, by: &Pair) -> String {
    jsonwebtoken::encode(header, claims, &by.signs).unwrap()
}

fn judged(assertion: &str) -> Result<Assertion, Refused> {
    judge(assertion, &"backlog".parse().unwrap(), &keys(&[&ec(1)]), ISSUER, NOW)
}

/// The verdict on these claims, in order but for that.
fn claimed(changes: &Value) -> Result<Assertion, Refused> {
    judged(&sign(&header(|_| {}), &with(changes), &ec(1)))
}

#[test]
fn each_kind_of_key_proves_its_client() {
    for (key, algorithm) in [
        (ec(1), Algorithm::ES256),
        (rsa(Algorithm::RS256), Algorithm::RS256),
        (rsa(Algorithm::PS256), Algorithm::PS256),
        (ed(), Algorithm::EdDSA),
    ] {
        for id in [key.jwk["kid"].as_str(), None] {
            let mut header = Header::new(algorithm);
            header.kid = id.map(str::to_owned);
            let assertion = sign(&header, &good(), &key);
            let client = "backlog".parse().unwrap();
            let judged = judge(&assertion, &client, &keys(&[&ec(7), &key]), ISSUER, NOW).unwrap();
            assert_eq!(judged, Assertion { jti: "one".to_owned(), expire_time: NOW + Duration::minutes(1) });
            assert_eq!(claimed_client(&assertion).unwrap(), "backlog");
        }
    }
}

#[test]
fn aud_is_our_issuer_alone() {
    assert!(claimed(&json!({ "aud": [ISSUER] })).is_ok());
    for aud in [
        json!("https://pass.example/"),
        json!("https://pass.example/oauth/token"),
        json!("https://other.example"),
        json!([ISSUER, "https://other.example"]),
        json!([ISSUER, ISSUER]),
        json!([]),
        json!([[ISSUER]]),
        json!({ "0": ISSUER }),
        json!(1),
    ] {
        assert_eq!(claimed(&json!({ "aud": aud })), Err(Refused::Audience), "{aud}");
    }
}

#[test]
fn iss_and_sub_are_the_client() {
    for changes in [
        json!({ "iss": "cacoo" }),
        json!({ "sub": "cacoo" }),
        json!({ "iss": "cacoo", "sub": "cacoo" }),
        json!({ "sub": "Backlog" }),
    ] {
        assert_eq!(claimed(&changes), Err(Refused::Client), "{changes}");
    }
}

#[test]
fn what_is_required_is_required_and_of_its_type() {
    for name in ["iss", "sub", "aud", "exp", "jti"] {
        assert_eq!(claimed(&json!({ name: null })), Err(Refused::Claims), "without {name}");
    }
    for changes in [
        json!({ "iss": 1 }),
        json!({ "sub": ["backlog"] }),
        json!({ "jti": 1 }),
        json!({ "exp": good()["exp"].to_string() }),
        json!({ "exp": 1.5 }),
        json!({ "exp": i64::MAX }),
        json!({ "nbf": "now" }),
        json!({ "iat": "now" }),
    ] {
        assert_eq!(claimed(&changes), Err(Refused::Claims), "{changes}");
    }
}

#[test]
fn exp_is_ahead_and_at_most_five_minutes() {
    let at = |seconds: i64| json!({ "exp": NOW.unix_timestamp() + seconds });
    assert!(claimed(&at(1)).is_ok() && claimed(&at(300)).is_ok());
    for seconds in [0, -1, -86_400] {
        assert_eq!(claimed(&at(seconds)), Err(Refused::Expired));
    }
    for seconds in [301, 86_400] {
        assert_eq!(claimed(&at(seconds)), Err(Refused::TooLong));
    }
}

#[test]
fn it_is_not_from_the_future() {
    for name in ["nbf", "iat"] {
        let at = |seconds: i64| json!({ name: NOW.unix_timestamp() + seconds });
        assert!(claimed(&at(0)).is_ok() && claimed(&at(60)).is_ok(), "clocks differ a little");
        assert_eq!(claimed(&at(61)), Err(Refused::Early));
    }
}

#[test]
fn jti_can_be_kept() {
    assert!(claimed(&json!({ "jti": "j".repeat(255) })).is_ok());
    for jti in [String::new(), "j".repeat(256), "a\0b".to_owned(), "a\nb".to_owned()] {
        assert_eq!(claimed(&json!({ "jti": jti })), Err(Refused::Jti));
    }
}

#[test]
fn none_and_shared_secrets_are_refused() {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "NONE", ""] {
        let unsigned = format!("{}.{}.", part(&json!({ "alg": alg, "kid": "ec 1" })), part(&good()));
        assert_eq!(judged(&unsigned), Err(Refused::Malformed), "{alg}");
    }
    // Signed with the public key as if it were a secret (RFC 8725, 2.1).
    let public = EncodingKey::from_secret(ec(1).jwk["x"].as_str().unwrap().as_bytes());
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let mut header = Header::new(algorithm);
        header.kid = Some("ec 1".to_owned());
        let assertion = jsonwebtoken::encode(&header, &good(), &public).unwrap();
        assert_eq!(judged(&assertion), Err(Refused::Key));
    }
}

#[test]
fn the_algorithm_is_the_keys() {
    let key = rsa(Algorithm::RS256);
    let client = "backlog".parse().unwrap();
    for algorithm in [Algorithm::PS256, Algorithm::RS384, Algorithm::RS512] {
        let assertion = sign(&Header::new(algorithm), &good(), &key);
        assert_eq!(judge(&assertion, &client, &keys(&[&key]), ISSUER, NOW), Err(Refused::Key));
    }
}

#[test]
fn only_the_registered_keys_count() {
    assert_eq!(judged(&sign(&header(|_| {}), &good(), &ec(2))), Err(Refused::Signature), "under its name");
    let own = header(|header| header.kid = None);
    assert_eq!(judged(&sign(&own, &good(), &ec(2))), Err(Refused::Signature), "under none");
    let named = header(|header| header.kid = Some("ec 2".to_owned()));
    assert_eq!(judged(&sign(&named, &good(), &ec(2))), Err(Refused::Key), "under its own");
    assert_eq!(judged(&sign(&named, &good(), &ec(1))), Err(Refused::Key), "kid looks up");
    let changed = sign(&header(|_| {}), &good(), &ec(1));
    let [head, _, signature] = changed.split('.').collect::<Vec<_>>()[..] else { panic!("{changed}") };
    let other = URL_SAFE_NO_PAD.encode(with(&json!({ "jti": "two" })).to_string());
    assert_eq!(judged(&format!("{head}.{other}.{signature}")), Err(Refused::Signature), "claims changed");
}

#[test]
fn keys_that_it_brings_along_are_not_looked_at() {
    let bring = |header: &mut Header| {
        header.jwk = Some(serde_json::from_value(ec(2).jwk).unwrap());
        header.jku = Some("https://evil.example/keys".to_owned());
        header.x5u = Some("https://evil.example/certificate".to_owned());
    };
    assert_eq!(judged(&sign(&header(bring), &good(), &ec(2))), Err(Refused::Signature));
    assert!(judged(&sign(&header(bring), &good(), &ec(1))).is_ok(), "ignored");
}

#[test]
fn critical_extensions_are_refused() {
    for critical in [vec!["b64".to_owned()], vec![]] {
        let header = header(|header| header.crit = Some(critical));
        assert_eq!(judged(&sign(&header, &good(), &ec(1))), Err(Refused::Critical));
    }
}

#[test]
fn tokens_of_another_kind_are_refused() {
    for typ in [None, Some("JWT"), Some("jwt"), Some("client-authentication+jwt")] {
        let header = header(|header| header.typ = typ.map(str::to_owned));
        assert!(judged(&sign(&header, &good(), &ec(1))).is_ok(), "{typ:?}");
    }
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt", ""] {
        let header = header(|header| header.typ = Some(typ.to_owned()));
        assert_eq!(judged(&sign(&header, &good(), &ec(1))), Err(Refused::Kind), "{typ}");
    }
}

#[test]
fn what_is_no_jwt_is_refused() {
    let long = format!("{}.x.y", "x".repeat(LONGEST));
    for text in ["", "x", "x.y", "x.y.z", "....", "{}", &long] {
        assert_eq!(judged(text), Err(Refused::Malformed), "{text:.20}");
        assert_eq!(claimed_client(text), None);
    }
}
