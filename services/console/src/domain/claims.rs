//! What ID tokens (`OpenID` Connect Core, 2 and 3.1.3.7) and logout tokens (Back-Channel Logout, 2.4 and 2.6)
//! must say. That they are signed by the gateway has been checked before.

use pass_types::{AccountId, SessionId};
use serde::Deserialize;
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};

/// How far two machines' clocks may be apart.
const SKEW: i64 = 60;
/// How old a token may be that has just been made for us.
const FRESH: i64 = 10 * 60;
/// The event that makes a logout token one.
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What is wrong with a token. For the log; the sender is told only that it is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Flaw(pub &'static str);

/// One audience, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Audience {
    fn is(&self, client: &str) -> bool {
        match self {
            Self::One(one) => one == client,
            Self::Several(several) => matches!(several.as_slice(), [one] if one == client),
        }
    }
}

/// The claims of an ID token.
#[derive(Debug, Clone, Deserialize)]
pub struct IdClaims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    /// Whose account.
    pub sub: AccountId,
    /// Which session of the gateway.
    pub sid: SessionId,
}

/// Whether the ID token is the gateway's answer to *this* sign-in; `nonce` is `None` for one that came
/// with a refresh.
pub fn judge_id_token(
    claims: &IdClaims,
    issuer: &str,
    client: &str,
    nonce: Option<&str>,
    now: OffsetDateTime,
) -> Result<(), Flaw> {
    for_us(&claims.iss, &claims.aud, issuer, client)?;
    if claims.azp.as_ref().is_some_and(|party| party != client) {
        return Err(Flaw("another authorized party"));
    }
    in_time(claims.iat, claims.exp, now)?;
    match nonce {
        Some(expected) if claims.nonce.as_deref() != Some(expected) => {
            Err(Flaw("the nonce of another sign-in"))
        }
        _ => Ok(()),
    }
}

/// The claims of a logout token.
#[derive(Debug, Clone, Deserialize)]
pub struct LogoutClaims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    events: HashMap<String, serde_json::Map<String, serde_json::Value>>,
    nonce: Option<serde_json::Value>,
    /// Tells one token from another.
    pub jti: String,
    /// Whose account.
    pub sub: Option<AccountId>,
    /// Which session of the gateway.
    pub sid: Option<SessionId>,
}

/// Whether the logout token is to be obeyed.
pub fn judge_logout_token(
    claims: &LogoutClaims,
    issuer: &str,
    client: &str,
    now: OffsetDateTime,
) -> Result<(), Flaw> {
    for_us(&claims.iss, &claims.aud, issuer, client)?;
    in_time(claims.iat, claims.exp, now)?;
    if !claims.events.contains_key(LOGOUT) {
        Err(Flaw("no logout event"))
    } else if claims.nonce.is_some() {
        Err(Flaw("a nonce: an ID token in disguise"))
    } else if claims.jti.is_empty() || claims.jti.len() > 128 {
        Err(Flaw("no usable jti"))
    } else if claims.sub.is_none() && claims.sid.is_none() {
        Err(Flaw("neither sub nor sid"))
    } else {
        Ok(())
    }
}

fn for_us(iss: &str, aud: &Audience, issuer: &str, client: &str) -> Result<(), Flaw> {
    if iss != issuer {
        Err(Flaw("issued by somebody else"))
    } else if !aud.is(client) {
        Err(Flaw("for somebody else"))
    } else {
        Ok(())
    }
}

fn in_time(iat: i64, exp: i64, now: OffsetDateTime) -> Result<(), Flaw> {
    let now = now.unix_timestamp();
    if exp <= now - SKEW {
        Err(Flaw("expired"))
    } else if iat > now + SKEW {
        Err(Flaw("issued in the future"))
    } else if iat < now - FRESH - SKEW {
        Err(Flaw("issued too long ago"))
    } else {
        Ok(())
    }
}

/// When a logout token that came at `now` can't be believed any more, whatever it says.
#[must_use]
pub fn forget_logout_token_after(now: OffsetDateTime) -> OffsetDateTime {
    now + Duration::seconds(FRESH + 2 * SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-03-02 09:00 UTC);
    const ID: &str = "01980000-0000-7000-8000-000000000001";

    fn with(mut claims: Value, change: &Value) -> Value {
        for (key, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(key);
            } else {
                claims[key] = value.clone();
            }
        }
        claims
    }

    fn id_token(change: &Value) -> bool {
        let now = NOW.unix_timestamp();
        let good = json!({"iss": "https://pass.example", "aud": "console", "exp": now + 300, "iat": now, "nonce": "n", "sub": ID, "sid": ID});
        serde_json::from_value::<IdClaims>(with(good, change)).is_ok_and(|claims| {
            judge_id_token(&claims, "https://pass.example", "console", Some("n"), NOW).is_ok()
        })
    }

    fn logout_token(change: &Value) -> bool {
        let now = NOW.unix_timestamp();
        let good = json!({"iss": "https://pass.example", "aud": "console", "exp": now + 120, "iat": now, "jti": "j", "sub": ID, "sid": ID, "events": {LOGOUT: {}}});
        serde_json::from_value::<LogoutClaims>(with(good, change))
            .is_ok_and(|claims| judge_logout_token(&claims, "https://pass.example", "console", NOW).is_ok())
    }

    /// proves security.md, "OpenID provider": required claims required, non-numeric times refused
    #[test]
    fn an_id_token_must_answer_this_sign_in() {
        let now = NOW.unix_timestamp();
        assert!(id_token(&json!({})));
        assert!(id_token(&json!({"aud": ["console"], "azp": "console"})));
        for wrong in [
            json!({"iss": "https://evil.example"}),
            json!({"aud": "backlog"}),
            json!({"aud": ["console", "backlog"]}),
            json!({"azp": "backlog"}),
            json!({"exp": now - 61}),
            json!({"exp": "soon"}),
            json!({"iat": now + 61}),
            json!({"iat": now - 700}),
            json!({"nonce": "m"}),
            json!({"nonce": null}),
            json!({"sub": null}),
            json!({"sid": null}),
            json!({"exp": null}),
            json!({"iat": null}),
            json!({"aud": null}),
            json!({"sub": "taro"}),
        ] {
            assert!(!id_token(&wrong), "{wrong}");
        }
    }

    /// proves API-5: what a logout token must say
    #[test]
    fn a_logout_token_must_be_one() {
        let now = NOW.unix_timestamp();
        assert!(logout_token(&json!({})));
        assert!(logout_token(&json!({"sub": null})));
        assert!(logout_token(&json!({"sid": null})));
        for wrong in [
            json!({"iss": "https://evil.example"}),
            json!({"aud": "backlog"}),
            json!({"nonce": "n"}),
            json!({"events": {}}),
            json!({"events": {"x": {}}}),
            json!({"events": null}),
            json!({"jti": ""}),
            json!({"jti": null}),
            json!({"sub": null, "sid": null}),
            json!({"exp": now - 61}),
            json!({"iat": now + 61}),
            json!({"iat": now - 700}),
        ] {
            assert!(!logout_token(&wrong), "{wrong}");
        }
    }
}
