//! The checks that a response goes through, and what each said.

use std::fmt;

macro_rules! checks {
    ($($(#[doc = $doc:literal])+ $check:ident = $name:literal => $problem:literal),+ $(,)?) => {
        /// One check of the pipeline. The names are stable: they are stored in the sign-in log.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Check {
            $($(#[doc = $doc])+ $check),+
        }

        impl Check {
            /// All checks, in the order in which they are made.
            pub const ALL: &'static [Self] = &[$(Self::$check),+];

            /// The stable name, in snake case.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$check => $name),+ }
            }

            /// What is wrong when it fails, for the administrator of the connection.
            pub const fn problem(self) -> &'static str {
                match self { $(Self::$check => $problem),+ }
            }

            /// The check that has this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$check),)+ _ => None }
            }
        }
    };
}

checks! {
    /// The form field is base64, and what it decodes to is UTF-8.
    Encoding = "encoding" => "the message could not be decoded",
    /// The message is not larger than is allowed.
    Size = "size" => "the message is too large",
    /// It is well-formed XML without document type, processing instruction, comment or CDATA section.
    Document = "document" => "the message is not a plain XML document",
    /// Not more elements, attributes, namespaces or levels than a response needs.
    Complexity = "complexity" => "the message is too complicated",
    /// The root is a Response, and its children are those of a response to a sign-in.
    Shape = "shape" => "the message does not have the form of a response to a sign-in",
    /// Each ID is there once and is a name.
    Identifiers = "identifiers" => "the IDs in the message are not unique names",
    /// There is a signature, and each covers exactly the element that it is in.
    SignatureShape = "signature_shape" => "the message is not signed as a SAML message must be",
    /// Signatures, digests and transforms are of the algorithms that are allowed.
    Algorithm = "algorithm" => "an algorithm of the signature is not taken",
    /// The connection has a certificate that could verify the signature today.
    Certificate = "certificate" => "the connection has no certificate that is valid today",
    /// Each signature verifies with one of the connection's certificates.
    Signature = "signature" => "no certificate of the connection made the signature",
    /// An encrypted assertion can be decrypted with our key.
    Decryption = "decryption" => "the encrypted assertion can not be used",
    /// SAML version 2.0, in the response and the assertion.
    Version = "version" => "this is not SAML 2.0",
    /// The identity provider says that the sign-in succeeded.
    Status = "status" => "the identity provider reports that the sign-in failed",
    /// The response was issued by the connection's identity provider.
    ResponseIssuer = "response_issuer" => "another identity provider issued the response",
    /// The assertion was issued by the connection's identity provider.
    AssertionIssuer = "assertion_issuer" => "another identity provider issued the assertion",
    /// The response is addressed to our assertion consumer service.
    Destination = "destination" => "the response was sent to another address",
    /// Response and assertion were not issued in the future.
    IssueInstant = "issue_instant" => "the time of issue is in the future or missing",
    /// The subject is confirmed by bearer, once.
    Confirmation = "confirmation" => "the subject is not confirmed as a bearer",
    /// The confirmation names our assertion consumer service.
    Recipient = "recipient" => "the confirmation is for another address",
    /// The confirmation has an end, which is still to come.
    ConfirmationExpiry = "confirmation_expiry" => "the confirmation has expired",
    /// The confirmation has no beginning.
    ConfirmationNotBefore = "confirmation_not_before" => "the confirmation must not have a beginning",
    /// The assertion has conditions, once, and only such that we understand.
    Conditions = "conditions" => "the conditions are missing, or not understood",
    /// The conditions hold already.
    NotBefore = "not_before" => "the conditions do not hold yet",
    /// The conditions hold still.
    NotOnOrAfter = "not_on_or_after" => "the conditions do not hold any more",
    /// Each audience restriction names us, and there is one.
    Audience = "audience" => "the assertion is for another audience",
    /// The response answers the request that we sent, or none where that is allowed.
    InResponseTo = "in_response_to" => "the response does not answer an outstanding request",
    /// The assertion is not valid for longer than is allowed.
    Validity = "validity" => "the assertion is valid for too long",
    /// The assertion says that, and when, the person signed in.
    AuthnStatement = "authn_statement" => "the assertion does not say when the person signed in",
    /// The person signed in afresh when we asked for that.
    ForcedAuthn = "forced_authn" => "the person did not sign in afresh",
    /// The identity provider's session has not ended.
    SessionNotOnOrAfter = "session_not_on_or_after" => "the session at the identity provider has ended",
    /// There is one subject with one name, without white space.
    NameId = "name_id" => "the subject does not have one plain name",
    /// The name has a format that the connection takes.
    NameIdFormat = "name_id_format" => "the name has a format that the connection does not take",
    /// The attribute that carries the address is there at most once, with one value.
    Attributes = "attributes" => "the address is there more than once",
    /// The address is an email address.
    Address = "address" => "the address is not an email address",
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a check said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not.
    Failed {
        /// What would have been right.
        expected: String,
        /// What there was, redacted: short, without control characters, addresses masked.
        received: String,
    },
    /// It could not be made, because of another that failed.
    NotReached,
}

/// A check and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Which check.
    pub check: Check,
    /// What it said.
    pub outcome: Outcome,
}

/// Why a message was refused: the first check that failed. Display is for the administrator of the
/// connection; it never holds the message, only short pieces of it, redacted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: expected {expected}, received {received}", .check.problem())]
pub struct Refusal {
    check: Check,
    expected: String,
    received: String,
}

impl Refusal {
    pub(crate) fn new(check: Check, expected: impl Into<String>, received: impl Into<String>) -> Self {
        Self { check, expected: expected.into(), received: received.into() }
    }

    /// The check that failed.
    pub fn check(&self) -> Check {
        self.check
    }

    /// What would have been right.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What there was, redacted.
    pub fn received(&self) -> &str {
        &self.received
    }

    /// Every check's verdict for a message that was refused before [`crate::validate`]: passed up to this
    /// one, not reached from there on.
    pub fn verdicts(&self) -> Vec<Verdict> {
        Check::ALL
            .iter()
            .map(|&check| {
                let outcome = match check.cmp(&self.check) {
                    std::cmp::Ordering::Less => Outcome::Passed,
                    std::cmp::Ordering::Equal => {
                        Outcome::Failed { expected: self.expected.clone(), received: self.received.clone() }
                    }
                    std::cmp::Ordering::Greater => Outcome::NotReached,
                };
                Verdict { check, outcome }
            })
            .collect()
    }
}

/// A piece of what was received, fit to be shown: without control characters, at most 160 characters,
/// and of an address no more than its first letter and its domain.
pub(crate) fn redact(text: &str) -> String {
    const LONGEST: usize = 160;
    let masked = match text.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            let domain: String = domain.chars().take(LONGEST + 1).collect();
            format!("{first}…@{domain}")
        }
        None => text.chars().take(LONGEST + 1).collect(),
    };
    if masked.is_empty() {
        return "nothing".to_owned();
    }
    let clean = |c: char| if c.is_control() || is_direction(c) || c == '<' { '\u{fffd}' } else { c };
    let mut shown: String = masked.chars().take(LONGEST).map(clean).collect();
    if masked.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}

/// Characters that turn the direction of text, and could make one value look like another.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for check in Check::ALL {
            assert_eq!(Check::from_name(check.name()), Some(*check));
            assert!(check.name().chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        }
        assert_eq!(Check::from_name("nothing"), None);
    }

    #[test]
    fn what_is_shown_has_no_address_control_character_or_length() {
        assert_eq!(redact("taro@example.com"), "t…@example.com");
        assert_eq!(redact("a\r\nb\u{202e}"), "a\u{fffd}\u{fffd}b\u{fffd}");
        assert_eq!(redact(""), "nothing");
        assert!(redact(&"x".repeat(100_000)).chars().count() <= 161);
        assert!(redact(&"a@".repeat(100_000)).chars().count() <= 161);
        assert_eq!(redact("taro yamada@x.test, hanako@example.com"), "t…@example.com");
        assert_eq!(redact("plain"), "plain");
    }

    #[test]
    fn verdicts_stop_at_the_check_that_failed() {
        let refusal = Refusal::new(Check::Shape, "a Response", "a LogoutRequest");
        let verdicts = refusal.verdicts();
        assert_eq!(verdicts.len(), Check::ALL.len());
        for verdict in verdicts {
            match verdict.outcome {
                Outcome::Passed => assert!(verdict.check < Check::Shape),
                Outcome::Failed { .. } => assert_eq!(verdict.check, Check::Shape),
                Outcome::NotReached => assert!(verdict.check > Check::Shape),
            }
        }
    }
}
