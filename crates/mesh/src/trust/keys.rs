//! The gateway's public keys, and whether a token was signed by one of them and holds now.

use super::claims::{Claims, TOKEN_LIFE, TYPE};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, JwkSet, KeyAlgorithm, PublicKeyUse},
};
use std::collections::HashMap;
use time::OffsetDateTime;

/// How far apart the clocks of two machines may be, in seconds.
pub(super) const SKEW: i64 = 5;
const MAX_TOKEN: usize = 8 * 1024;

/// What is wrong with a token. For the log: the client is told only that it is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Flaw(pub(crate) &'static str);

/// Public keys by their id. All of them are for ES256: what a token says of its algorithm decides
/// nothing.
pub(super) struct Keys(HashMap<String, DecodingKey>);

impl Keys {
    /// Takes the ES256 keys of a JWK Set; others are for somebody else.
    pub(super) fn parse(jwks: &str) -> Result<Self, Flaw> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(|_| Flaw("the keys are no JWK Set"))?;
        let mut keys = HashMap::new();
        for jwk in &set.keys {
            let AlgorithmParameters::EllipticCurve(curve) = &jwk.algorithm else { continue };
            let common = &jwk.common;
            let fits = curve.curve == EllipticCurve::P256
                && common.key_algorithm.is_none_or(|it| it == KeyAlgorithm::ES256)
                && common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
            if let (true, Some(id)) = (fits, &common.key_id) {
                let key = DecodingKey::from_jwk(jwk).map_err(|_| Flaw("a key is malformed"))?;
                keys.insert(id.clone(), key);
            }
        }
        Ok(Self(keys))
    }

    /// The claims of a token that is ours and holds now.
    pub(super) fn verify(&self, token: &str, issuer: &str, now: OffsetDateTime) -> Result<Claims, Flaw> {
        if token.len() > MAX_TOKEN {
            return Err(Flaw("too long"));
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Flaw("no JWT of a known algorithm"))?;
        if header.alg != Algorithm::ES256 {
            return Err(Flaw("not ES256"));
        }
        if !header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE)) {
            return Err(Flaw("not an access token"));
        }
        if header.crit.is_some() || header.extras.inner().contains_key("b64") {
            return Err(Flaw("a critical header that is not known"));
        }
        let key = header.kid.and_then(|id| self.0.get(&id)).ok_or(Flaw("signed by no known key"))?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation())
            .map_err(|_| Flaw("signature or claims are wrong"))?
            .claims;
        holds(&claims, issuer, now.unix_timestamp())?;
        Ok(claims)
    }
}

/// Signature and presence of claims only: times are judged by our clock, the audience by the method.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

fn holds(claims: &Claims, issuer: &str, now: i64) -> Result<(), Flaw> {
    let life = i64::try_from(TOKEN_LIFE.as_secs()).unwrap_or(i64::MAX);
    if claims.iss != issuer {
        Err(Flaw("issued by somebody else"))
    } else if claims.exp <= now {
        Err(Flaw("expired"))
    } else if claims.iat > now + SKEW || claims.nbf.is_some_and(|nbf| nbf > now + SKEW) {
        Err(Flaw("not yet in force"))
    } else if claims.exp.checked_sub(claims.iat).is_none_or(|it| it <= 0 || it > life) {
        Err(Flaw("longer in force than a token may be"))
    } else if claims.aud.is_empty() || claims.jti.is_empty() {
        Err(Flaw("an empty claim"))
    } else {
        Ok(())
    }
}
