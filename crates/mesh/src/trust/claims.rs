//! What an access token says (RFC 9068, RFC 7519). The gateway mints exactly what [`Trust`] verifies.
//!
//! [`Trust`]: crate::Trust

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pass_types::{
    AccountId, AccountKind, ClientId, GrantId, Invalid, Membership, OrganizationId, Person, Privilege, Role,
    SessionId,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::time::Duration;
use time::OffsetDateTime;

/// The audience of tokens for the suite's own administration.
pub const SUITE_AUDIENCE: &str = "pass";
/// The longest life of an access token. A longer one is refused, since revocations are kept no longer.
pub const TOKEN_LIFE: Duration = Duration::from_mins(5);
/// `typ` of an access token (RFC 9068, 2.1).
pub(crate) const TYPE: &str = "at+jwt";

/// The claims of an access token. Times are seconds since the epoch, whole numbers only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: the gateway's issuer URL.
    pub iss: String,
    /// Whose account.
    pub sub: AccountId,
    /// Whom it is for: [`SUITE_AUDIENCE`], or a product's name in the mesh.
    pub aud: String,
    /// The relying party that it was issued to.
    #[serde(deserialize_with = "client_id")]
    pub client_id: ClientId,
    /// When it ends.
    pub exp: i64,
    /// When it was issued.
    pub iat: i64,
    /// From when it holds, if not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Tells one token from another.
    pub jti: String,
    /// What it may be used for: words, separated by spaces.
    pub scope: String,
    /// The session that it came from.
    pub sid: SessionId,
    /// The grant that it came from.
    pub grant_id: GrantId,
    /// Which kind of account.
    pub account_kind: AccountKind,
    /// The active organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_id: Option<OrganizationId>,
    /// The role in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The privileges in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub privileges: Vec<Privilege>,
    /// Staff of the company that runs the suite; only in tokens for [`SUITE_AUDIENCE`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub operator: bool,
}

fn client_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ClientId, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

impl Claims {
    /// Claims of `person` for `audience`, from the person's time of issue for `life` (at most
    /// [`TOKEN_LIFE`]). No other audience than the suite's own learns who is an operator.
    pub fn of(
        person: &Person,
        issuer: &str,
        audience: &str,
        scope: &str,
        jti: String,
        life: Duration,
    ) -> Self {
        let iat = person.issued_at.unix_timestamp();
        let life = i64::try_from(life.min(TOKEN_LIFE).as_secs()).unwrap_or_default();
        let membership = person.membership.as_ref();
        Self {
            iss: issuer.to_owned(),
            sub: person.account,
            aud: audience.to_owned(),
            client_id: person.client.clone(),
            exp: iat + life,
            iat,
            nbf: None,
            jti,
            scope: scope.to_owned(),
            sid: person.session,
            grant_id: person.grant,
            account_kind: person.kind,
            org_id: membership.map(|it| it.organization),
            role: membership.map(|it| it.role),
            privileges: membership.map(|it| it.privileges.iter().collect()).unwrap_or_default(),
            operator: person.operator && audience == SUITE_AUDIENCE,
        }
    }

    /// The access token that says this, signed with ES256 by the key that JWKS calls `key_id`.
    pub fn sign(&self, key_id: &str, key: &EncodingKey) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key_id.to_owned());
        jsonwebtoken::encode(&header, self, key)
    }

    /// Whether the word is in the scope.
    pub fn has_scope(&self, word: &str) -> bool {
        self.scope.split(' ').any(|it| it == word)
    }
}

impl TryFrom<&Claims> for Person {
    type Error = Invalid;

    fn try_from(claims: &Claims) -> Result<Self, Invalid> {
        let issued_at = OffsetDateTime::from_unix_timestamp(claims.iat)
            .map_err(|_| Invalid("the time of issue is out of range"))?;
        let membership = match (claims.org_id, claims.role) {
            (Some(organization), Some(role)) => Some(Membership {
                organization,
                role,
                privileges: claims.privileges.iter().copied().collect(),
            }),
            (None, None) if claims.privileges.is_empty() => None,
            _ => return Err(Invalid("organization and role belong together")),
        };
        if claims.operator && claims.aud != SUITE_AUDIENCE {
            return Err(Invalid("an operator's token is for the suite alone"));
        }
        Ok(Self {
            account: claims.sub,
            kind: claims.account_kind,
            session: claims.sid,
            client: claims.client_id.clone(),
            grant: claims.grant_id,
            membership,
            operator: claims.operator,
            issued_at,
        })
    }
}
