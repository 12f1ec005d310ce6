//! The public keys that a client proves itself with, as an operator registers them: a JWK Set (RFC 7517) with
//! nothing private in it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use pass_types::Invalid;
use serde_json::{Map, Value, json};
use std::str::FromStr;

/// The longest JWK Set, in bytes.
const LONGEST: usize = 65_536;
/// The most keys in one.
const MOST: usize = 20;
/// What only who signs may know (RFC 7518, 6.2.2, 6.3.2 and 6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The keys of a client that are for signatures of a kind that we take; at least one.
#[derive(Debug, Clone)]
pub struct ClientKeys(Vec<ClientKey>);

/// One of them.
#[derive(Debug, Clone)]
pub struct ClientKey {
    id: Option<String>,
    algorithm: Algorithm,
    verifies: DecodingKey,
    public: Value,
}

impl ClientKeys {
    /// What assertions may be signed with, as discovery names it.
    pub const ALGORITHMS: [&'static str; 4] = ["ES256", "RS256", "PS256", "EdDSA"];

    /// The keys that a signature may be by: those of the name that it gives, if it gives one. The name is a
    /// look-up and nothing else.
    pub fn named<'k>(&'k self, id: Option<&'k str>) -> impl Iterator<Item = &'k ClientKey> {
        self.0.iter().filter(move |key| id.is_none() || key.id.as_deref() == id)
    }

    /// As a JWK Set: what was registered, less what we have no use for.
    pub fn to_json(&self) -> String {
        let keys: Vec<_> = self.0.iter().map(|key| &key.public).collect();
        json!({ "keys": keys }).to_string()
    }
}

impl ClientKey {
    /// What it signs with: one key, one algorithm (RFC 8725, 3.1).
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What checks its signatures.
    pub fn verifies(&self) -> &DecodingKey {
        &self.verifies
    }

    /// `None`: for something else than signatures of a kind that we take.
    fn parse(jwk: &Map<String, Value>) -> Result<Option<Self>, Invalid> {
        const MALFORMED: Invalid = Invalid("has a malformed key");
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let for_signatures = text("use").is_none_or(|it| it == "sig")
            && jwk.get("key_ops").and_then(Value::as_array).is_none_or(|it| it.contains(&json!("verify")));
        if !for_signatures {
            return Ok(None);
        }
        let (id, alg) = (text("kid"), text("alg"));
        if id.is_some_and(|id| id.is_empty() || id.len() > 255) {
            return Err(Invalid("must have names (kid) of 1-255 characters"));
        }
        let member = |name: &str| text(name).ok_or(MALFORMED);
        let (algorithm, mut public, verifies) = match (text("kty"), text("crv"), alg) {
            (Some("EC"), Some("P-256"), None | Some("ES256")) => {
                let (x, y) = (member("x")?, member("y")?);
                is_point(x, y)?;
                let public = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256" });
                (Algorithm::ES256, public, DecodingKey::from_ec_components(x, y))
            }
            (Some("RSA"), _, None | Some("RS256" | "PS256")) => {
                let (n, e) = (member("n")?, member("e")?);
                is_strong(n, e)?;
                let alg = alg.unwrap_or("RS256");
                let algorithm = if alg == "PS256" { Algorithm::PS256 } else { Algorithm::RS256 };
                let public = json!({ "kty": "RSA", "n": n, "e": e, "alg": alg });
                (algorithm, public, DecodingKey::from_rsa_components(n, e))
            }
            (Some("OKP"), Some("Ed25519"), None | Some("EdDSA" | "Ed25519")) => {
                let x = member("x")?;
                if decode(x)?.len() != 32 {
                    return Err(MALFORMED);
                }
                let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA" });
                (Algorithm::EdDSA, public, DecodingKey::from_ed_components(x))
            }
            _ => return Ok(None),
        };
        if let Some(id) = id {
            public["kid"] = id.into();
        }
        let verifies = verifies.map_err(|_| MALFORMED)?;
        Ok(Some(Self { id: id.map(str::to_owned), algorithm, verifies, public }))
    }
}

impl FromStr for ClientKeys {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const NOT_A_SET: Invalid = Invalid("must be a JWK Set (RFC 7517) of at most 64 KiB");
        let set: Value = Some(text)
            .filter(|text| text.len() <= LONGEST)
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or(NOT_A_SET)?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or(NOT_A_SET)?;
        if keys.len() > MOST {
            return Err(Invalid("must have at most 20 keys"));
        }
        let keys: Vec<_> = keys.iter().map(Value::as_object).collect::<Option<_>>().ok_or(NOT_A_SET)?;
        if keys.iter().any(|key| PRIVATE.iter().any(|name| key.contains_key(*name))) {
            return Err(Invalid("must have public keys only: one of these has private parts"));
        }
        let usable: Vec<_> = keys.into_iter().map(ClientKey::parse).collect::<Result<_, _>>()?;
        let usable: Vec<_> = usable.into_iter().flatten().collect();
        if usable.is_empty() {
            return Err(Invalid("must have a key for signatures by ES256, RS256, PS256 or EdDSA"));
        }
        for (index, key) in usable.iter().enumerate() {
            if key.id.is_some() && usable[..index].iter().any(|other| other.id == key.id) {
                return Err(Invalid("must not have two keys of one name (kid)"));
            }
        }
        Ok(Self(usable))
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Invalid> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Invalid("has a key that is not base64url without padding"))
}

/// On the curve: a signature by what is not could be anybody's.
fn is_point(x: &str, y: &str) -> Result<(), Invalid> {
    const WRONG: Invalid = Invalid("has an elliptic key that is not a point of P-256");
    let (x, y) = (decode(x)?, decode(y)?);
    if x.len() != 32 || y.len() != 32 {
        return Err(WRONG);
    }
    let point = [&[4], x.as_slice(), &y].concat();
    p256::PublicKey::from_sec1_bytes(&point).map(drop).map_err(|_| WRONG)
}

/// 2,048 to 8,192 bits, and an exponent that does something.
fn is_strong(n: &str, e: &str) -> Result<(), Invalid> {
    let (n, e) = (decode(n)?, decode(e)?);
    let (n, e) = (number(&n), number(&e));
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !(2_048..=8_192).contains(&bits) {
        return Err(Invalid("must have RSA keys of 2048 to 8192 bits"));
    }
    let odd = e.last().is_some_and(|last| last % 2 == 1);
    if !odd || e.len() > 8 || e == [1] {
        return Err(Invalid("has an RSA key with a useless exponent"));
    }
    Ok(())
}

/// The bytes that count: zeros in front change no number.
fn number(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

#[cfg(test)]
#[path = "client_keys_tests.rs"]
mod tests;
