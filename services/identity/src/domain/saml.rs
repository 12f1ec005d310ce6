//! An organization's SAML connection and what signing in by it goes through (SML). How an answer is
//! judged is `pass-saml`'s; here is what it is judged by, and what comes of it.

use super::{device::ProductName, sign_up::Continuation};
use pass_saml::{Certificate, NameIdFormat};
use pass_types::{
    AccountId, Email, Invalid, OrganizationId, SamlConnectionId, SamlTestId, Secret, SpaceKey, Violation,
};
use std::str::FromStr;
use time::{Duration, OffsetDateTime};

/// How long a request waits for its answer, and a test for its run.
pub const REQUEST_LIFE: Duration = Duration::minutes(10);
/// How long an accepted answer waits for its browser.
pub const PENDING_LIFE: Duration = Duration::minutes(2);
/// Within which time of a sign-in a connection may be switched on or off.
pub const FRESH: Duration = Duration::minutes(10);
/// Most certificates of a connection: enough for any roll-over.
pub const MOST_CERTIFICATES: usize = 10;

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// Being set up.
    Draft,
    /// In force.
    Active,
    /// It was in force.
    Disabled,
}

impl ConnectionState {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl FromStr for ConnectionState {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [Self::Draft, Self::Active, Self::Disabled];
        all.into_iter().find(|it| it.as_str() == text).ok_or(Invalid("is no state of a connection"))
    }
}

/// One version of a connection.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Never changes.
    pub id: SamlConnectionId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Names its routes.
    pub space_key: SpaceKey,
    /// Where it stands.
    pub state: ConnectionState,
    /// What the administrator said.
    pub settings: Settings,
    /// When it was saved.
    pub created_at: OffsetDateTime,
    /// When it passed a test (SML-6).
    pub tested_at: Option<OffsetDateTime>,
}

/// What an administrator says of the identity provider (SML-1).
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its entity ID.
    pub idp_entity_id: String,
    /// Where browsers are sent.
    pub sso_url: String,
    /// What it signs with; at least one.
    pub certificates: Vec<Certificate>,
    /// Whether it wants our requests signed.
    pub sign_requests: bool,
    /// Whether it may start a sign-in.
    pub allow_idp_initiated: bool,
}

impl Settings {
    /// As it was typed.
    pub fn typed(entity_id: &str, sso_url: &str, certificates: &str) -> Result<Self, Violation> {
        let plain = |text: &str| !text.chars().any(|c| c.is_whitespace() || c.is_control());
        let (entity_id, sso_url) = (entity_id.trim(), sso_url.trim());
        if !(1..=1_024).contains(&entity_id.len()) || !plain(entity_id) {
            return Err(Invalid("must be 1-1,024 characters without spaces").of("typed.idp_entity_id"));
        }
        let url = url::Url::parse(sso_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.filter(|_| sso_url.len() <= 2_048);
        let sso_url = url.ok_or(Invalid("must be an http:// or https:// URL").of("typed.sso_url"))?;
        Ok(Self {
            idp_entity_id: entity_id.to_owned(),
            sso_url: sso_url.into(),
            certificates: certificates_of(certificates)?,
            sign_requests: false,
            allow_idp_initiated: false,
        })
    }
}

/// One or more certificates in PEM, or one in bare base64.
fn certificates_of(text: &str) -> Result<Vec<Certificate>, Violation> {
    const FIELD: &str = "typed.certificates";
    const END: &str = "-----END CERTIFICATE-----";
    if text.len() > 256 * 1024 {
        return Err(Invalid("must not be longer than 256 KiB").of(FIELD));
    }
    let mut found = Vec::new();
    for piece in text.split_inclusive(END).filter(|piece| !piece.trim().is_empty()) {
        let certificate = Certificate::parse(piece.as_bytes());
        let certificate = certificate
            .map_err(|_| Invalid("must be certificates with an RSA or ECDSA key that we take").of(FIELD))?;
        if !found.contains(&certificate) {
            found.push(certificate);
        }
    }
    match found.len() {
        0 => Err(Invalid("must be at least one certificate").of(FIELD)),
        1..=MOST_CERTIFICATES => Ok(found),
        _ => Err(Invalid("must be at most 10 certificates").of(FIELD)),
    }
}

/// What is stored of a secret that somebody else keeps: its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept([u8; 32]);

impl Kept {
    /// Of this one.
    pub fn of(secret: &Secret) -> Self {
        let mut kept = [0; 32];
        kept.copy_from_slice(secret.hash().as_bytes());
        Self(kept)
    }

    /// For the database.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Kept {
    type Error = Invalid;
    fn try_from(bytes: &[u8]) -> Result<Self, Invalid> {
        bytes.try_into().map(Self).map_err(|_| Invalid("is no hash"))
    }
}

/// A request that was sent and not answered yet.
#[derive(Debug, Clone)]
pub struct Outstanding {
    /// The `AuthnRequest`'s.
    pub id: String,
    /// Whose connection.
    pub organization: OrganizationId,
    /// Which version.
    pub connection: SamlConnectionId,
    /// Of what the browser keeps.
    pub browser: Kept,
    /// Of a test's relay state.
    pub relay: Option<Kept>,
    /// The test that it belongs to.
    pub test: Option<SamlTestId>,
    /// Where the person wanted to go.
    pub continuation: Continuation,
    /// What the sign-in is for (ACC-11).
    pub product: ProductName,
    /// It asked for a sign-in of the person, whatever session the identity provider has of them.
    pub force_authn: bool,
    /// What it said of us.
    pub sp_entity_id: String,
    /// Where the answer is to go.
    pub acs_url: String,
    /// When it was sent.
    pub issued_at: OffsetDateTime,
}

/// What an accepted answer waits with for its browser.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Whose connection.
    pub organization: OrganizationId,
    /// Which version.
    pub connection: SamlConnectionId,
    /// Of what the browser keeps; `None`: the identity provider started it.
    pub browser: Option<Kept>,
    /// Where the person wanted to go.
    pub continuation: Continuation,
    /// What the sign-in is for (ACC-11).
    pub product: ProductName,
    /// A test, or a sign-in.
    pub outcome: Outcome,
}

/// What a pending sign-in ends with.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// An administrator sees the verdict.
    Test(SamlTestId),
    /// Somebody is signed in.
    SignIn(Identified),
}

/// Who an identity provider says that somebody is.
#[derive(Debug, Clone)]
pub struct Identified {
    /// The name.
    pub name: Name,
    /// The address, where there is one.
    pub email: Option<Email>,
    /// When the identity provider's session ends (SML-9).
    pub session_not_on_or_after: Option<OffsetDateTime>,
    /// They signed in for this very request, which asked for that.
    pub anew: bool,
}

/// A name that an identity provider gives: with the organization, what a binding is for. The qualifiers of a
/// name are left out: those of the one identity provider and of us are always the same.
#[derive(Debug, Clone)]
pub struct Name {
    /// Who gives it.
    pub idp_entity_id: String,
    /// What kind of name.
    pub format: NameIdFormat,
    /// SHA-256 of it.
    pub hash: [u8; 32],
}

/// Why an answer was refused, for the administrators (SML-5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check that failed.
    pub check: &'static str,
    /// What would have been right.
    pub expected: String,
    /// What there was, redacted.
    pub received: String,
}

impl Finding {
    /// One that is not of `pass-saml`.
    pub fn new(check: &'static str, expected: &str, received: &str) -> Self {
        Self { check, expected: expected.to_owned(), received: received.to_owned() }
    }
}

impl From<&pass_saml::Refusal> for Finding {
    fn from(refusal: &pass_saml::Refusal) -> Self {
        Self::new(refusal.check().name(), refusal.expected(), refusal.received())
    }
}

/// One answer of an identity provider, as the sign-in log has it.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// Sorts by time.
    pub id: uuid::Uuid,
    /// Whose connection.
    pub organization: OrganizationId,
    /// Which version, if one was in force.
    pub connection: Option<SamlConnectionId>,
    /// What the person was shown.
    pub reference: String,
    /// When.
    pub at: OffsetDateTime,
    /// `None`: it went through.
    pub finding: Option<Finding>,
    /// It was a test.
    pub test: bool,
    /// Whose sign-in it was, when that is known.
    pub account: Option<AccountId>,
    /// Anybody may have posted it: nothing in it was signed by the organization's identity provider, or it was an
    /// answer that had come before.
    pub stranger: bool,
}

/// What strangers posted to an organization in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strangers {
    /// Whose ACS it was.
    pub organization: OrganizationId,
    /// The beginning of the minute.
    pub minute: OffsetDateTime,
    /// How many posts.
    pub refused: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves SML-1: what is typed is checked field by field
    #[test]
    fn what_is_typed_is_checked() {
        let typed = |entity: &str, url: &str, certificates: &str| {
            Settings::typed(entity, url, certificates).unwrap_err().field
        };
        for entity in ["", "a b", "a\nb", &"x".repeat(1_025)] {
            assert_eq!(typed(entity, "https://idp.example/sso", "x"), "typed.idp_entity_id");
        }
        for url in ["", "idp.example", "javascript:alert(1)", "ftp://idp.example/", "data:text/html,x"] {
            assert_eq!(typed("https://idp.example", url, "x"), "typed.sso_url");
        }
        for certificates in ["", "  \n", "nonsense", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"]
        {
            assert_eq!(
                typed("https://idp.example", "https://idp.example/sso", certificates),
                "typed.certificates"
            );
        }
    }
}
