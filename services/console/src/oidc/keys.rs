//! The gateway's public keys, and what they signed.

use crate::domain::Flaw;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, JwkSet},
};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// `typ` of an ID token, which may also be missing.
pub const ID_TOKEN: &str = "JWT";
/// `typ` of a logout token.
pub const LOGOUT_TOKEN: &str = "logout+jwt";
const MAX_TOKEN: usize = 8 * 1024;

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Signed by a key that is not known (yet).
    #[error("signed by a key that is not known")]
    UnknownKey,
    /// Not signed by the gateway, or not such a token.
    #[error("not a token that the gateway signed")]
    Flawed(#[source] Flaw),
}

/// Public keys by their id. All are for ES256: what a token says of its algorithm decides nothing.
#[derive(Default)]
pub struct Keys(HashMap<String, DecodingKey>);

impl Keys {
    /// Takes the ES256 keys of a JWK Set (RFC 7517).
    pub fn parse(jwks: &str) -> Result<Self, Flaw> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(|_| Flaw("the keys are no JWK Set"))?;
        let mut keys = HashMap::new();
        for jwk in &set.keys {
            let AlgorithmParameters::EllipticCurve(curve) = &jwk.algorithm else { continue };
            if let (EllipticCurve::P256, Some(id)) = (&curve.curve, &jwk.common.key_id) {
                let key = DecodingKey::from_jwk(jwk).map_err(|_| Flaw("a key is malformed"))?;
                keys.insert(id.clone(), key);
            }
        }
        Ok(Self(keys))
    }

    /// The claims of a token of that type, if one of the keys signed it. The caller judges the claims.
    pub fn open<C: DeserializeOwned>(&self, token: &str, typ: &str) -> Result<C, KeysError> {
        let flawed = |problem| KeysError::Flawed(Flaw(problem));
        if token.len() > MAX_TOKEN {
            return Err(flawed("too long"));
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| flawed("no JWT of a known algorithm"))?;
        let right_type = match &header.typ {
            Some(said) => said.eq_ignore_ascii_case(typ),
            None => typ == ID_TOKEN,
        };
        if header.alg != Algorithm::ES256 || !right_type {
            return Err(flawed("another algorithm or type"));
        }
        if header.crit.is_some() {
            return Err(flawed("a critical header that is not known"));
        }
        let id = header.kid.ok_or_else(|| flawed("no key id"))?;
        let key = self.0.get(&id).ok_or(KeysError::UnknownKey)?;
        // Times are judged by our own clock, issuer and audience by the caller.
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_required_spec_claims::<&str>(&[]);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let token = jsonwebtoken::decode(token, key, &validation);
        token.map(|token| token.claims).map_err(|_| flawed("signature or claims are wrong"))
    }
}
