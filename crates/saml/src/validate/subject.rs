//! Who signed in, when, and with which address.

use super::{Board, Judge, NameId, NameIdFormat, board::joined};
use crate::{assertion::Attribute, check::Check, instant};
use pass_types::Email;
use time::OffsetDateTime;

/// The names under which the field sends addresses.
const ADDRESS_ATTRIBUTES: [&str; 5] = [
    "email",
    "mail",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "urn:oid:1.2.840.113549.1.9.1",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
];

/// The longest name that SAML allows (SAML core, 8.3.7).
const LONGEST_NAME: usize = 256;

/// What the assertion says of the sign-in at the identity provider.
pub(super) struct Authn {
    pub(super) instant: OffsetDateTime,
    pub(super) session_index: Option<String>,
    pub(super) session_not_on_or_after: Option<OffsetDateTime>,
}

impl Judge<'_> {
    /// Checks the one statement of a sign-in.
    pub(super) fn authn_statement(&self, board: &mut Board) -> Option<Authn> {
        let [statement] = self.assertion.authn.as_slice() else {
            board.fail(Check::AuthnStatement, "one AuthnStatement", self.assertion.authn.len());
            return None;
        };
        let received = statement.instant.as_deref().unwrap_or_default();
        let instant = instant::parse(received);
        let holds = instant.is_some_and(|instant| !self.is_future(instant));
        let now = instant::format(self.now);
        board.require(Check::AuthnStatement, holds, format_args!("an AuthnInstant up to {now}"), received);
        let end = statement.session_not_on_or_after.as_deref();
        let parsed_end = end.and_then(instant::parse);
        match end {
            None => board.pass(Check::SessionNotOnOrAfter),
            Some(text) => {
                let holds = parsed_end.is_some_and(|end| !self.is_over(end));
                board.require(Check::SessionNotOnOrAfter, holds, format_args!("an end after {now}"), text);
            }
        }
        let instant = instant?;
        self.forced(board, instant);
        Some(Authn {
            instant,
            session_index: statement.session_index.clone(),
            session_not_on_or_after: parsed_end,
        })
    }

    /// When we asked for a fresh sign-in, it must not be older than our request.
    fn forced(&self, board: &mut Board, instant: OffsetDateTime) {
        let since = match &self.expected.request {
            Some(request) if request.force_authn => request.issued_at,
            _ => return board.pass(Check::ForcedAuthn),
        };
        let holds = instant >= since.saturating_sub(super::SKEW);
        let expected = instant::format(since);
        let received = instant::format(instant);
        board.require(Check::ForcedAuthn, holds, format_args!("a sign-in since {expected}"), received);
    }

    /// Checks the one name of the subject.
    pub(super) fn name_id(&self, board: &mut Board) -> Option<NameId> {
        let Some(subject) = &self.assertion.subject else {
            board.fail(Check::NameId, "a Subject", "none");
            return None;
        };
        let [name] = subject.names.as_slice() else {
            board.fail(Check::NameId, "one NameID", subject.names.len());
            return None;
        };
        board.require(Check::NameId, subject.others == 0, "a NameID only", "other elements in Subject");
        let Some(value) = name.value.as_deref() else {
            board.fail(Check::NameId, "text in NameID", "elements");
            return None;
        };
        let is_plain = !value.chars().any(|c| c.is_whitespace() || c.is_control());
        let holds = is_plain && (1..=LONGEST_NAME).contains(&value.len());
        board.require(Check::NameId, holds, "a name without white space", value);
        if let Some(qualifier) = &name.sp_qualifier {
            let us = self.expected.sp_entity_id.as_str();
            board.require(Check::NameId, qualifier == us, us, qualifier);
        }
        let received = name.format.as_deref().unwrap_or_default();
        let format = NameIdFormat::from_uri(received)
            .filter(|format| self.connection.name_id_formats.contains(format));
        let taken = self.connection.name_id_formats.iter().map(|format| format.uri());
        board.require(Check::NameIdFormat, format.is_some(), joined(taken, " or "), received);
        Some(NameId {
            format: format?,
            value: value.to_owned(),
            qualifier: name.qualifier.clone(),
            sp_qualifier: name.sp_qualifier.clone(),
        })
    }

    /// The address: the name itself, or the attribute's value. Where the name is the address, providers may
    /// send further ones (an alias, the same again under another name): nobody looks at them.
    pub(super) fn address(&self, board: &mut Board, name_id: Option<&NameId>) -> Option<Email> {
        let name_id = name_id?;
        let text = match name_id.format {
            NameIdFormat::EmailAddress => {
                board.pass(Check::Attributes);
                Some(name_id.value.as_str())
            }
            NameIdFormat::Persistent => self.address_attribute(board),
        };
        let Some(text) = text else {
            board.pass(Check::Address);
            return None;
        };
        let address: Option<Email> = text.parse().ok().filter(|address: &Email| address.as_str() == text);
        board.require(Check::Address, address.is_some(), "an email address", text);
        address
    }

    /// The one value of the attribute that carries the address.
    fn address_attribute(&self, board: &mut Board) -> Option<&str> {
        let is_wanted = |attribute: &&Attribute| match self.connection.address_attribute.as_deref() {
            Some(name) => attribute.name == name,
            None => ADDRESS_ATTRIBUTES.contains(&attribute.name.as_str()),
        };
        let wanted: Vec<_> = self.assertion.attributes.iter().filter(is_wanted).collect();
        let mut names: Vec<_> = wanted.iter().map(|attribute| attribute.name.as_str()).collect();
        names.sort_unstable();
        let is_repeated = names.windows(2).any(|pair| pair[0] == pair[1]);
        let values: Vec<_> = wanted.iter().flat_map(|attribute| &attribute.values).collect();
        let agree = values.windows(2).all(|pair| pair[0] == pair[1]);
        let one_each = wanted.iter().all(|attribute| attribute.values.len() <= 1);
        let holds = !is_repeated && agree && one_each;
        board.require(Check::Attributes, holds, "the address once", "several attributes or values");
        if holds { values.first().map(|value| value.as_str()) } else { None }
    }
}
