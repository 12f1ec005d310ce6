//! How the subject is confirmed: by bearer, for us, for a short time.

use super::{Board, Judge, board::joined};
use crate::{assertion::ConfirmationData, check::Check, instant};
use time::OffsetDateTime;

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

impl Judge<'_> {
    /// The data of the one bearer confirmation.
    pub(super) fn confirmation(&self, board: &mut Board) -> Option<&ConfirmationData> {
        let confirmations = self.assertion.subject.as_ref().map_or(&[][..], |subject| &subject.confirmations);
        let methods = confirmations.iter().map(|one| one.method.as_deref().unwrap_or_default());
        let data = match confirmations {
            [one] if one.method.as_deref() == Some(BEARER) => one.data.as_slice(),
            _ => {
                board.fail(Check::Confirmation, BEARER, joined(methods, " "));
                return None;
            }
        };
        let [data] = data else {
            board.fail(Check::Confirmation, "one SubjectConfirmationData", data.len());
            return None;
        };
        board.pass(Check::Confirmation);
        let recipient = data.recipient.as_deref().unwrap_or_default();
        let expected = self.expected.acs_url.as_str();
        board.require(Check::Recipient, recipient == expected, expected, recipient);
        Some(data)
    }

    /// Checks the confirmation's times; gives its end.
    pub(super) fn confirmation_times(
        &self,
        board: &mut Board,
        data: &ConfirmationData,
    ) -> Option<OffsetDateTime> {
        let not_before = data.not_before.as_deref();
        board.require(
            Check::ConfirmationNotBefore,
            not_before.is_none(),
            "no NotBefore in the confirmation",
            not_before.unwrap_or_default(),
        );
        let received = data.not_on_or_after.as_deref().unwrap_or_default();
        let end = instant::parse(received);
        let holds = end.is_some_and(|end| !self.is_over(end));
        let now = instant::format(self.now);
        board.require(Check::ConfirmationExpiry, holds, format_args!("an end after {now}"), received);
        end
    }
}
