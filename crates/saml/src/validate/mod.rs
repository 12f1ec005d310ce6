//! The validator: a pure function of signed facts, the connection, the outstanding request and the time
//! (SAML profiles, 4.1.4.3, and stricter). It makes every check that it can, whatever the others said, so
//! that an administrator sees all that is wrong at once.

mod board;
mod conditions;
mod confirmation;
mod issuance;
mod subject;

use crate::{
    assertion::Attribute,
    check::{Refusal, Verdict},
    gate::ResponseFacts,
    signed::Signed,
};
use board::Board;
use pass_types::Email;
use std::fmt;
use time::{Duration, OffsetDateTime};

/// How far the identity provider's clock may be from ours.
pub const SKEW: Duration = Duration::seconds(60);

/// How long an assertion may be valid, unless the connection says otherwise.
pub const MAX_VALIDITY: Duration = Duration::minutes(10);

/// What the organization has set for its identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The entity ID of the identity provider.
    pub idp_entity_id: String,
    /// The formats of `NameID` that are taken.
    pub name_id_formats: Vec<NameIdFormat>,
    /// The attribute that carries the address, where the `NameID` does not; `None` for the usual names.
    pub address_attribute: Option<String>,
    /// How long an assertion may be valid: [`MAX_VALIDITY`], unless the organization has another limit.
    pub max_validity: Duration,
}

/// What kinds of names a subject may have (SAML core, 8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameIdFormat {
    /// The name is an address.
    EmailAddress,
    /// The name is opaque and stays the same.
    Persistent,
}

impl NameIdFormat {
    /// Its URI.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::EmailAddress => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        }
    }

    /// The format with this URI.
    pub fn from_uri(uri: &str) -> Option<Self> {
        [Self::EmailAddress, Self::Persistent].into_iter().find(|format| format.uri() == uri)
    }
}

/// What a response must fit besides the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Our entity ID for this organization.
    pub sp_entity_id: String,
    /// Our assertion consumer service for this organization.
    pub acs_url: String,
    /// The outstanding request of this organization that the response claims to answer, if there is one.
    pub request: Option<OutstandingRequest>,
    /// Whether the organization takes responses that answer no request.
    pub idp_initiated_allowed: bool,
}

/// A request that we sent and that was not answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutstandingRequest {
    /// Its ID.
    pub id: String,
    /// When we sent it.
    pub issued_at: OffsetDateTime,
    /// Whether it asked for a fresh sign-in.
    pub force_authn: bool,
}

/// Who signed in. `Debug` shows neither the name nor the address.
#[derive(Clone, PartialEq, Eq)]
pub struct Validated {
    /// The assertion's ID, to be used once.
    pub assertion_id: String,
    /// The identity provider's entity ID.
    pub issuer: String,
    /// The subject's name: with the connection, the identity that a sign-in is bound to.
    pub name_id: NameId,
    /// The subject's address: the name itself, or the attribute's value. `None` where neither is one.
    pub address: Option<Email>,
    /// The attributes, as they came.
    pub attributes: Vec<Attribute>,
    /// The identity provider's session, for single logout.
    pub session_index: Option<String>,
    /// When the person signed in there.
    pub authn_instant: OffsetDateTime,
    /// When that session ends (SML-9).
    pub session_not_on_or_after: Option<OffsetDateTime>,
    /// Until when the assertion id must be remembered: from then on the assertion is refused for its age.
    pub not_on_or_after: OffsetDateTime,
    /// The request that it answers.
    pub in_response_to: Option<String>,
}

impl fmt::Debug for Validated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validated").field("not_on_or_after", &self.not_on_or_after).finish_non_exhaustive()
    }
}

/// A subject's name. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct NameId {
    /// Its format.
    pub format: NameIdFormat,
    /// The name, exactly as it was signed.
    pub value: String,
    /// `NameQualifier`.
    pub qualifier: Option<String>,
    /// `SPNameQualifier`.
    pub sp_qualifier: Option<String>,
}

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameId").field("format", &self.format).finish_non_exhaustive()
    }
}

/// What validating gave.
#[derive(Debug)]
pub struct Validation {
    /// Every check's verdict, in the order of [`crate::Check::ALL`].
    pub verdicts: Vec<Verdict>,
    /// Who signed in, or the first check that failed.
    pub result: Result<Validated, Refusal>,
}

/// Judges signed facts. `facts` are what the Response said at the gate: where no signature covers them they
/// can't help, but they must not contradict either.
pub fn validate(
    signed: &Signed,
    facts: &ResponseFacts,
    connection: &Connection,
    expected: &Expected,
    now: OffsetDateTime,
) -> Validation {
    let judge = Judge {
        response: signed.response().unwrap_or(facts),
        response_must_name_issuer: signed.response().is_some() || signed.was_encrypted(),
        assertion: signed.assertion(),
        connection,
        expected,
        now,
    };
    let mut board = Board::after_signature();
    let found = judge.all(&mut board);
    let result = match (board.first_failure(), found) {
        (Some(refusal), _) => Err(refusal),
        (None, Some(validated)) => Ok(validated),
        // A part of the result is missing only where its check failed.
        (None, None) => Err(board::incomplete()),
    };
    Validation { verdicts: board.verdicts(), result }
}

/// What every check looks at.
struct Judge<'a> {
    response: &'a ResponseFacts,
    response_must_name_issuer: bool,
    assertion: &'a crate::assertion::AssertionFacts,
    connection: &'a Connection,
    expected: &'a Expected,
    now: OffsetDateTime,
}

impl Judge<'_> {
    /// Makes all checks; gives the result if each part of it was found.
    fn all(&self, board: &mut Board) -> Option<Validated> {
        self.versions(board);
        self.status(board);
        self.issuers(board);
        self.destination(board);
        let issued = self.issue_instants(board);
        let confirmation = self.confirmation(board);
        self.in_response_to(board, confirmation);
        let confirmed_until = confirmation.and_then(|data| self.confirmation_times(board, data));
        let conditions_until = self.conditions(board);
        let until = self.validity(board, issued, confirmed_until, conditions_until);
        let authn = self.authn_statement(board);
        let name_id = self.name_id(board);
        let address = self.address(board, name_id.as_ref());
        let authn = authn?;
        Some(Validated {
            assertion_id: self.assertion.id.clone(),
            issuer: self.connection.idp_entity_id.clone(),
            name_id: name_id?,
            address,
            attributes: self.assertion.attributes.clone(),
            session_index: authn.session_index,
            authn_instant: authn.instant,
            session_not_on_or_after: authn.session_not_on_or_after,
            not_on_or_after: until?.saturating_add(SKEW),
            in_response_to: self.response.in_response_to.clone(),
        })
    }

    /// Whether `instant` is later than now, clocks being `SKEW` apart at most.
    fn is_future(&self, instant: OffsetDateTime) -> bool {
        instant > self.now.saturating_add(SKEW)
    }

    /// Whether an end at `instant` has come, clocks being `SKEW` apart at most.
    fn is_over(&self, instant: OffsetDateTime) -> bool {
        instant <= self.now.saturating_sub(SKEW)
    }
}
