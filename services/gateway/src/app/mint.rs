//! Writing tokens: access (RFC 9068), ID (`OpenID` Connect Core, 2) and logout tokens (Back-Channel
//! Logout, 2.4), told apart by `typ`.

use crate::{
    app::{Fault, Gateway},
    domain::{client::Client, family::Family, scope::Scope},
    grpc::Session,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_mesh::Claims;
use pass_types::{AccountId, ClientId, Membership, Person, Secret, SessionId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// `typ` of an access token.
pub const ACCESS: &str = "at+jwt";
/// `typ` of an ID token.
pub const ID: &str = "JWT";
/// `typ` of a logout token.
pub const LOGOUT: &str = "logout+jwt";
/// The event that a logout token tells of.
pub const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What the token endpoint answers (RFC 6749, 5.1).
#[derive(Serialize)]
pub struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: String,
    id_token: String,
    scope: String,
}

/// An ID token's claims.
#[derive(Debug, Serialize, Deserialize)]
pub struct IdClaims {
    /// Us.
    pub iss: String,
    /// Whose account.
    pub sub: AccountId,
    /// Which client.
    pub aud: String,
    /// When it ends.
    pub exp: i64,
    /// When it was made.
    pub iat: i64,
    /// When the person signed in.
    pub auth_time: i64,
    /// Which session.
    pub sid: SessionId,
    /// How the person signed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The client's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Half of the access token's hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
}

#[derive(Serialize)]
struct LogoutClaims<'c> {
    iss: &'c str,
    sub: AccountId,
    aud: &'c str,
    iat: i64,
    exp: i64,
    jti: Uuid,
    sid: SessionId,
    events: serde_json::Value,
}

/// What tokens are written from.
pub struct Grant<'g> {
    /// The grant's family.
    pub family: &'g Family,
    /// The client.
    pub client: &'g Client,
    /// The person's session, as identity says it is now.
    pub session: &'g Session,
    /// The place in the organization, as it is now.
    pub membership: Option<Membership>,
    /// What this answer is for: the family's scope, or less.
    pub scope: &'g Scope,
    /// The authorization request's nonce; a refresh has none.
    pub nonce: Option<String>,
    /// From before the session was asked about, so that whatever ended it since voids the tokens.
    pub issued_at: OffsetDateTime,
}

impl Gateway {
    /// Access, ID and refresh token of a grant.
    pub(super) fn mint(&self, grant: Grant<'_>, refresh: &Secret) -> Result<Tokens, Fault> {
        let Grant { family, client, session, membership, scope, nonce, issued_at } = grant;
        let person = Person {
            account: family.account,
            kind: session.kind,
            session: family.session,
            client: client.id.clone(),
            grant: family.id.into(),
            membership,
            operator: session.operator,
            issued_at,
        };
        let jti = self.entropy.uuid(issued_at).to_string();
        let audience = client.audience.as_str();
        // By the clock as well: where a session's end is known, no token outlives it.
        let left = (session.expire_time - issued_at).max(Duration::ZERO);
        let life = self.terms.token_life.min(left);
        let claims =
            Claims::of(&person, &self.terms.issuer, audience, &scope.to_string(), jti, life.unsigned_abs());
        let access_token = self.keys.sign(ACCESS, &claims, issued_at)?;
        let id_claims = IdClaims {
            iss: self.terms.issuer.clone(),
            sub: family.account,
            aud: client.id.to_string(),
            exp: issued_at.unix_timestamp() + life.whole_seconds(),
            iat: issued_at.unix_timestamp(),
            auth_time: family.auth_time.unix_timestamp(),
            sid: family.session,
            amr: session.methods.clone(),
            nonce,
            at_hash: Some(URL_SAFE_NO_PAD.encode(&Sha256::digest(&access_token)[..16])),
        };
        Ok(Tokens {
            id_token: self.keys.sign(ID, &id_claims, issued_at)?,
            access_token,
            token_type: "Bearer",
            expires_in: life.whole_seconds(),
            refresh_token: refresh.reveal(),
            scope: scope.to_string(),
        })
    }

    /// A logout token: good for two minutes, the same `jti` at each try.
    pub(super) fn mint_logout(
        &self,
        id: Uuid,
        client: &ClientId,
        account: AccountId,
        session: SessionId,
    ) -> Result<String, Fault> {
        let now = self.clock.now();
        let claims = LogoutClaims {
            iss: &self.terms.issuer,
            sub: account,
            aud: client.as_str(),
            iat: now.unix_timestamp(),
            exp: now.unix_timestamp() + 120,
            jti: id,
            sid: session,
            events: serde_json::json!({ LOGOUT_EVENT: {} }),
        };
        Ok(self.keys.sign(LOGOUT, &claims, now)?)
    }

    /// What an ID token of ours says, in force or not: for `id_token_hint`. Signature, kind and issuer must
    /// be right.
    pub fn read_id_token(&self, token: &str) -> Option<IdClaims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.alg != jsonwebtoken::Algorithm::ES256 || header.typ.as_deref() != Some(ID) {
            return None;
        }
        let key = self.keys.verifier(&header.kid?)?;
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
        rules.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        rules.set_issuer(&[&self.terms.issuer]);
        rules.validate_exp = false;
        rules.validate_aud = false;
        jsonwebtoken::decode::<IdClaims>(token, &key, &rules).ok().map(|data| data.claims)
    }
}
