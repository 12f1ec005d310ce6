//! Who issued the response and the assertion, when, for whom, and whether it tells of a success.

use super::{Board, Judge, board::joined};
use crate::{check::Check, instant, shape::SUCCESS};
use time::OffsetDateTime;

/// The only format that an Issuer may have (SAML profiles, 4.1.4.2).
const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
const VERSION: &str = "2.0";

impl Judge<'_> {
    pub(super) fn versions(&self, board: &mut Board) {
        for version in [&self.response.version, &self.assertion.version] {
            let received = version.as_deref().unwrap_or_default();
            board.require(Check::Version, received == VERSION, VERSION, received);
        }
    }

    pub(super) fn status(&self, board: &mut Board) {
        let is_success = self.response.status.first().is_some_and(|code| code == SUCCESS);
        board.require(Check::Status, is_success, SUCCESS, joined(self.response.status.iter(), " "));
    }

    pub(super) fn issuers(&self, board: &mut Board) {
        let expected = self.connection.idp_entity_id.as_str();
        match &self.response.issuer {
            Some(issuer) => {
                board.require(Check::ResponseIssuer, issuer == expected, expected, issuer);
            }
            None if self.response_must_name_issuer => board.fail(Check::ResponseIssuer, expected, "none"),
            None => board.pass(Check::ResponseIssuer),
        }
        match &self.assertion.issuer {
            Some(issuer) => {
                board.require(Check::AssertionIssuer, issuer.value == expected, expected, &issuer.value);
                let format = issuer.format.as_deref().unwrap_or(ENTITY);
                board.require(Check::AssertionIssuer, format == ENTITY, ENTITY, format);
            }
            None => board.fail(Check::AssertionIssuer, expected, "none"),
        }
    }

    pub(super) fn destination(&self, board: &mut Board) {
        let expected = self.expected.acs_url.as_str();
        let received = self.response.destination.as_deref().unwrap_or_default();
        board.require(Check::Destination, received == expected, expected, received);
    }

    /// Checks both instants; gives the assertion's.
    pub(super) fn issue_instants(&self, board: &mut Board) -> Option<OffsetDateTime> {
        let issued = [&self.response.issue_instant, &self.assertion.issue_instant].map(|text| {
            let received = text.as_deref().unwrap_or_default();
            let instant = instant::parse(received);
            let holds = instant.is_some_and(|instant| !self.is_future(instant));
            let latest = instant::format(self.now);
            board.require(Check::IssueInstant, holds, format_args!("an instant up to {latest}"), received);
            instant
        });
        issued[1]
    }

    /// Checks whose request is answered, on the Response and in the confirmation.
    pub(super) fn in_response_to(
        &self,
        board: &mut Board,
        confirmation: Option<&crate::assertion::ConfirmationData>,
    ) {
        let answers = [Some(&self.response.in_response_to), confirmation.map(|data| &data.in_response_to)];
        for answer in answers.into_iter().flatten() {
            let (holds, expected) = match (&self.expected.request, answer) {
                (Some(request), Some(id)) => (*id == request.id, request.id.as_str()),
                (Some(request), None) => (false, request.id.as_str()),
                (None, None) => (self.expected.idp_initiated_allowed, "the answer to a request of ours"),
                (None, Some(_)) => (false, "an outstanding request of this organization, or none"),
            };
            board.require(Check::InResponseTo, holds, expected, answer.as_deref().unwrap_or_default());
        }
    }
}
