//! The conditions of the assertion, and how long it holds in all.

use super::{Board, Judge, board::joined};
use crate::{assertion::Conditions, check::Check, instant};
use time::OffsetDateTime;

impl Judge<'_> {
    /// Checks the conditions; gives their end, if they have one.
    pub(super) fn conditions(&self, board: &mut Board) -> Option<OffsetDateTime> {
        let Some(conditions) = &self.assertion.conditions else {
            board.fail(Check::Conditions, "Conditions", "none");
            return None;
        };
        match &conditions.unknown {
            Some(unknown) => board.fail(Check::Conditions, "conditions that we understand", unknown),
            None => board.pass(Check::Conditions),
        }
        self.audience(board, conditions);
        self.not_before(board, conditions);
        self.not_on_or_after(board, conditions)
    }

    /// Each restriction must name us: they are joined by AND, the audiences of one by OR.
    fn audience(&self, board: &mut Board, conditions: &Conditions) {
        let us = self.expected.sp_entity_id.as_str();
        let received = conditions.restrictions.iter().map(|audiences| audiences.join(" "));
        let each = conditions.restrictions.iter().all(|audiences| audiences.iter().any(|one| one == us));
        let holds = each && !conditions.restrictions.is_empty();
        board.require(Check::Audience, holds, us, joined(received, " and "));
    }

    fn not_before(&self, board: &mut Board, conditions: &Conditions) {
        match conditions.not_before.as_deref() {
            None => board.pass(Check::NotBefore),
            Some(text) => {
                let holds = instant::parse(text).is_some_and(|begin| !self.is_future(begin));
                let latest = instant::format(self.now);
                board.require(Check::NotBefore, holds, format_args!("a beginning up to {latest}"), text);
            }
        }
    }

    fn not_on_or_after(&self, board: &mut Board, conditions: &Conditions) -> Option<OffsetDateTime> {
        let Some(text) = conditions.not_on_or_after.as_deref() else {
            board.pass(Check::NotOnOrAfter);
            return None;
        };
        let end = instant::parse(text);
        let holds = end.is_some_and(|end| !self.is_over(end));
        let now = instant::format(self.now);
        board.require(Check::NotOnOrAfter, holds, format_args!("an end after {now}"), text);
        end
    }

    /// Checks how long the assertion holds in all, from its issue on: the confirmation's and the
    /// conditions' ends both bound it. Gives the end.
    pub(super) fn validity(
        &self,
        board: &mut Board,
        issued: Option<OffsetDateTime>,
        confirmed_until: Option<OffsetDateTime>,
        conditions_until: Option<OffsetDateTime>,
    ) -> Option<OffsetDateTime> {
        let (issued, confirmed_until) = (issued?, confirmed_until?);
        let end = conditions_until.map_or(confirmed_until, |end| end.min(confirmed_until));
        let length = end - issued;
        let longest = self.connection.max_validity;
        board.require(
            Check::Validity,
            length <= longest,
            format_args!("at most {} seconds", longest.whole_seconds()),
            format_args!("{} seconds", length.whole_seconds()),
        );
        Some(end)
    }
}
