//! Client assertions: how a client with keys proves who it is (RFC 7523, 3; `OpenID` Connect Core, 9,
//! `private_key_jwt`). That each works once is for the database.

use super::client_keys::ClientKeys;
use jsonwebtoken::{Validation, errors::ErrorKind};
use pass_types::ClientId;
use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

/// `client_assertion_type`.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an assertion may be good for.
pub const LONGEST_LIFE: Duration = Duration::minutes(5);

/// How far ahead a client's clock may be when it says since when.
const SKEW: Duration = Duration::seconds(60);

/// The longest assertion, in bytes.
const LONGEST: usize = 16_384;

/// An assertion that is what it should be. Good if it was not used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Tells it from the client's others.
    pub jti: String,
    /// When it ends.
    pub expire_time: OffsetDateTime,
}

/// Why an assertion proves nothing. For our log: the client is told no more than that it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No signed JWT by an algorithm that there is; `none` is no algorithm.
    #[error("it is not a signed JWT")]
    Malformed,
    /// It wants something understood that we don't know (RFC 7515, 4.1.11).
    #[error("it has critical extensions")]
    Critical,
    /// It was made for something else (RFC 8725, 3.11).
    #[error("its typ is of another kind of token")]
    Kind,
    /// No registered key of that name, for that algorithm.
    #[error("the client has no key of its kid and algorithm")]
    Key,
    /// Not by the client's key.
    #[error("its signature is wrong")]
    Signature,
    /// A claim is missing or of the wrong type.
    #[error("it lacks iss, sub, aud, exp or jti, or one is of the wrong type")]
    Claims,
    /// Not made by the client, about itself.
    #[error("its iss and sub are not the client")]
    Client,
    /// Made for somebody else, or for somebody else as well.
    #[error("its aud is not our issuer alone")]
    Audience,
    /// Too late.
    #[error("it has expired")]
    Expired,
    /// Good for too long.
    #[error("its exp is more than 5 minutes away")]
    TooLong,
    /// Too early.
    #[error("it is from the future")]
    Early,
    /// Its name can't be kept.
    #[error("its jti is not 1-255 characters long")]
    Jti,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Value,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    jti: String,
}

/// The client that an assertion says it is of, before anything is checked.
pub fn claimed_client(assertion: &str) -> Option<String> {
    if assertion.len() > LONGEST {
        return None;
    }
    let claims: Value = jsonwebtoken::dangerous::insecure_decode_claims(assertion).ok()?;
    claims.get("sub")?.as_str().map(str::to_owned)
}

/// Judges an assertion by the client's registered keys alone: what its header says of keys (`jku`, `x5u`, `jwk`,
/// `x5c`) is not looked at.
pub fn judge(
    assertion: &str,
    client: &ClientId,
    keys: &ClientKeys,
    issuer: &str,
    now: OffsetDateTime,
) -> Result<Assertion, Refused> {
    let Claims { iss, sub, aud, exp, nbf, iat, jti } = verify(assertion, keys)?;
    if iss != client.as_str() || sub != client.as_str() {
        return Err(Refused::Client);
    }
    let alone = match &aud {
        Value::String(it) => it == issuer,
        Value::Array(them) => matches!(them.as_slice(), [Value::String(it)] if it == issuer),
        _ => false,
    };
    if !alone {
        return Err(Refused::Audience);
    }
    let expire_time = OffsetDateTime::from_unix_timestamp(exp).map_err(|_| Refused::Claims)?;
    if expire_time <= now {
        return Err(Refused::Expired);
    }
    if expire_time > now + LONGEST_LIFE {
        return Err(Refused::TooLong);
    }
    let latest = (now + SKEW).unix_timestamp();
    if [nbf, iat].into_iter().flatten().any(|since| since > latest) {
        return Err(Refused::Early);
    }
    if jti.is_empty() || jti.chars().count() > 255 || jti.chars().any(char::is_control) {
        return Err(Refused::Jti);
    }
    Ok(Assertion { jti, expire_time })
}

/// The claims of what one of the keys signed.
fn verify(assertion: &str, keys: &ClientKeys) -> Result<Claims, Refused> {
    if assertion.len() > LONGEST {
        return Err(Refused::Malformed);
    }
    let header = jsonwebtoken::decode_header(assertion).map_err(|_| Refused::Malformed)?;
    if header.crit.is_some() {
        return Err(Refused::Critical);
    }
    let kinds = ["JWT", "client-authentication+jwt"];
    if header.typ.is_some_and(|typ| !kinds.iter().any(|kind| typ.eq_ignore_ascii_case(kind))) {
        return Err(Refused::Kind);
    }
    let mut refused = Refused::Key;
    for key in keys.named(header.kid.as_deref()).filter(|key| key.algorithm() == header.alg) {
        // Times are judged by our clock, and all claims by us.
        let mut rules = Validation::new(key.algorithm());
        rules.set_required_spec_claims::<&str>(&[]);
        (rules.validate_exp, rules.validate_nbf, rules.validate_aud) = (false, false, false);
        match jsonwebtoken::decode::<Value>(assertion, key.verifies(), &rules) {
            Ok(data) => return serde_json::from_value(data.claims).map_err(|_| Refused::Claims),
            // Read only when the signature is right.
            Err(error) if matches!(error.kind(), ErrorKind::Json(_)) => return Err(Refused::Claims),
            Err(_) => refused = Refused::Signature,
        }
    }
    Err(refused)
}

#[cfg(test)]
#[path = "assertion_tests.rs"]
mod tests;
