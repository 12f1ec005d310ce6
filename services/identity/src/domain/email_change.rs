//! Changing the address of an account (ACC-7): from the wish, over the link, to the last notice.

use pass_types::{AccountId, Email, EmailChangeId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long the link to the new address works (ACC-7).
pub const LINK_LIFE: Duration = Duration::hours(24);
/// How long a change that was made is known: both addresses are told of it, and "this was not me" takes it back
/// (ACC-10) as long as that link works.
pub const KNOWN_FOR: Duration = Duration::days(7);

/// A wish for another address, or a change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailChange {
    /// What the link names.
    pub id: EmailChangeId,
    /// Whose.
    pub account: AccountId,
    /// The new address.
    pub email: Email,
    /// When the link stops to work, or nobody is to be told any more.
    pub expires_at: OffsetDateTime,
    /// Where it stands.
    pub state: State,
    /// The link "This was not me" about the session that asked for it (ACC-10), for the notice to the address before.
    pub alert: Option<Uuid>,
}

/// Where a change of address stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The new address is to be confirmed.
    Open,
    /// It is the account's.
    Made {
        /// The address before.
        old: Email,
    },
    /// The same, and it is the way back from an address that somebody else has chosen.
    Back {
        /// That one.
        old: Email,
    },
}

/// The link was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeAlready;

impl EmailChange {
    /// A new one.
    pub fn begin(
        id: EmailChangeId,
        account: AccountId,
        email: Email,
        alert: Uuid,
        now: OffsetDateTime,
    ) -> Self {
        Self { id, account, email, expires_at: now + LINK_LIFE, state: State::Open, alert: Some(alert) }
    }

    /// The change back to the address `email`, by whoever has the mailbox: made at once.
    pub fn back(
        id: EmailChangeId,
        account: AccountId,
        email: Email,
        from: Email,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            account,
            email,
            expires_at: now + KNOWN_FOR,
            state: State::Back { old: from },
            alert: None,
        }
    }

    /// The change made, of an account whose address was `old`.
    pub fn confirm(self, old: Email, now: OffsetDateTime) -> Result<Self, MadeAlready> {
        match self.state {
            State::Open => Ok(Self { expires_at: now + KNOWN_FOR, state: State::Made { old }, ..self }),
            State::Made { .. } | State::Back { .. } => Err(MadeAlready),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;

    /// proves ACC-7: a link is good for one change
    #[test]
    fn a_change_is_made_once() {
        let (entropy, start) = (Entropy::from_seed(1), OffsetDateTime::UNIX_EPOCH);
        let email = |text: &str| text.parse::<Email>().unwrap();
        let (id, account) = (EmailChangeId::generate(&entropy, start), AccountId::generate(&entropy, start));
        let change = EmailChange::begin(id, account, email("new@example.com"), entropy.uuid(start), start);
        assert_eq!(change.expires_at, start + Duration::hours(24));
        let later = start + Duration::hours(23);
        let made = change.confirm(email("old@example.com"), later).unwrap();
        assert_eq!(made.state, State::Made { old: email("old@example.com") });
        assert_eq!(made.expires_at, later + Duration::days(7), "there is time to tell both addresses");
        assert_eq!(made.confirm(email("new@example.com"), later), Err(MadeAlready));
    }
}
