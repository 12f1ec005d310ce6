use super::*;
use jsonwebtoken::{EncodingKey, jwk::Jwk};
use p256::{SecretKey, pkcs8::EncodePrivateKey};
use rcgen::{KeyPair, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize};

/// An elliptic key's public half.
fn ec(seed: u8) -> Value {
    let der = SecretKey::from_slice(&[seed; 32]).unwrap().to_pkcs8_der().unwrap();
    serde_json::to_value(
        Jwk::from_encoding_key(&EncodingKey::from_ec_der(der.as_bytes()), Algorithm::ES256).unwrap(),
    )
    .unwrap()
}

fn rsa(size: RsaKeySize) -> Value {
    let pem = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).unwrap().serialize_pem();
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    serde_json::to_value(Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap()).unwrap()
}

fn ed() -> Value {
    let pem = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(pem.public_key_raw()) })
}

/// The key with other members; `null` takes one away.
fn with(mut key: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            key.as_object_mut().unwrap().remove(name);
        } else {
            key[name] = value.clone();
        }
    }
    key
}

fn parse(keys: &[Value]) -> Result<ClientKeys, Invalid> {
    json!({ "keys": keys }).to_string().parse()
}

#[test]
fn one_key_has_one_algorithm() {
    let rsa = rsa(RsaKeySize::_2048);
    for (key, algorithm) in [
        (ec(1), Algorithm::ES256),
        (with(ec(1), &json!({ "alg": null, "use": "sig", "key_ops": ["verify"] })), Algorithm::ES256),
        (rsa.clone(), Algorithm::RS256),
        (with(rsa.clone(), &json!({ "alg": null })), Algorithm::RS256),
        (with(rsa, &json!({ "alg": "PS256" })), Algorithm::PS256),
        (ed(), Algorithm::EdDSA),
        (with(ed(), &json!({ "alg": "EdDSA" })), Algorithm::EdDSA),
    ] {
        let keys = parse(std::slice::from_ref(&key)).unwrap();
        assert_eq!(keys.named(None).map(ClientKey::algorithm).collect::<Vec<_>>(), [algorithm], "{key}");
    }
}

#[test]
fn nothing_private_is_registered() {
    for name in PRIVATE {
        let key = with(ec(1), &json!({ name: "AAAA" }));
        let refused = parse(&[ec(2), key]).unwrap_err();
        assert_eq!(refused, Invalid("must have public keys only: one of these has private parts"), "{name}");
    }
    let shared = json!({ "kty": "oct", "alg": "HS256", "k": "AAAA" });
    assert!(parse(&[ec(1), shared]).is_err(), "a secret that both know");
}

#[test]
fn keys_for_something_else_are_passed_over() {
    let others = [
        with(ec(1), &json!({ "use": "enc" })),
        with(ec(1), &json!({ "key_ops": ["encrypt"] })),
        with(ec(1), &json!({ "alg": "ES384", "crv": "P-384" })),
        with(ec(1), &json!({ "alg": "ECDH-ES" })),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AAAA" }),
        json!({ "kty": "of tomorrow" }),
        json!({}),
    ];
    for other in &others {
        assert!(parse(std::slice::from_ref(other)).is_err(), "nothing to verify with: {other}");
    }
    let keys = parse(&[others.as_slice(), &[ec(2)]].concat()).unwrap();
    assert_eq!(keys.named(None).count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&keys.to_json()).unwrap()["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn weak_and_malformed_keys_are_refused() {
    let weak = with(rsa(RsaKeySize::_2048), &json!({ "n": URL_SAFE_NO_PAD.encode([0xff; 255]) }));
    let x = ec(1)["x"].clone();
    for wrong in [
        weak,
        with(rsa(RsaKeySize::_2048), &json!({ "e": "AQ" })),
        with(rsa(RsaKeySize::_2048), &json!({ "e": URL_SAFE_NO_PAD.encode([0, 1]) })),
        with(rsa(RsaKeySize::_2048), &json!({ "e": URL_SAFE_NO_PAD.encode([0, 0, 0, 1]) })),
        with(rsa(RsaKeySize::_2048), &json!({ "e": "AA" })),
        with(rsa(RsaKeySize::_2048), &json!({ "e": "" })),
        with(rsa(RsaKeySize::_2048), &json!({ "n": null })),
        with(rsa(RsaKeySize::_2048), &json!({ "n": "padded==" })),
        with(ec(1), &json!({ "y": x })),
        with(ec(1), &json!({ "y": "AAAA" })),
        with(ec(1), &json!({ "x": 1 })),
        with(ed(), &json!({ "x": "AAAA" })),
        with(ec(1), &json!({ "kid": "" })),
        with(ec(1), &json!({ "kid": "k".repeat(256) })),
    ] {
        assert!(parse(&[ec(2), wrong.clone()]).is_err(), "{wrong}");
    }
    let named = |seed| with(ec(seed), &json!({ "kid": "one" }));
    assert!(parse(&[named(1), named(2)]).is_err(), "a name for two");
    assert!(parse(&vec![ec(1); 21]).is_err(), "too many");
}

#[test]
fn what_is_no_set_is_refused() {
    let long = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(LONGEST));
    for text in ["", "nonsense", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[1]}", "{\"keys\":[]}", &long] {
        assert!(text.parse::<ClientKeys>().is_err(), "{text:.40}");
    }
    assert!(ec(1).to_string().parse::<ClientKeys>().is_err(), "a key alone");
}

#[test]
fn what_is_kept_is_what_was_registered() {
    let key = with(ec(1), &json!({ "kid": "one", "x5u": "https://evil.example/", "note": "<b>" }));
    let keys = parse(&[key]).unwrap();
    let kept = keys.to_json();
    assert!(!kept.contains("evil") && !kept.contains("note"), "{kept}");
    let again: ClientKeys = kept.parse().unwrap();
    assert_eq!((again.named(Some("one")).count(), again.named(Some("two")).count()), (1, 0));
    assert_eq!(again.to_json(), kept);
}
