//! Telling an owner of a sign-in that may not have been theirs (ACC-10).

use super::session::Session;
use pass_types::{AccountId, Email, SessionId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long the link "This was not me" works.
pub const LINK_LIFE: Duration = Duration::days(7);
/// A notice about what a session did has the link of an earlier mail about the same session for so long; then one of its
/// own, which has most of its life before it.
pub const SHARED_FOR: Duration = Duration::days(1);

/// A link "This was not me" that was mailed, as long as it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAlert {
    /// What the link names.
    pub id: Uuid,
    /// Whose account.
    pub account: AccountId,
    /// The session that it asks about; `None`: the version before did not say.
    pub session: Option<SessionId>,
    /// The account's address when it was made; `None`: the version before did not say.
    pub email: Option<Email>,
    /// When the session began.
    pub at: OffsetDateTime,
    /// What the browser said it is.
    pub user_agent: String,
    /// When the link stops to work.
    pub expires_at: OffsetDateTime,
    /// What was done from then on is the owner's, who has used another link; `None`: nobody has.
    pub until: Option<OffsetDateTime>,
}

impl LoginAlert {
    /// A new one about a session of an account with this address.
    pub fn begin(id: Uuid, session: &Session, email: Email, now: OffsetDateTime) -> Self {
        Self {
            id,
            account: session.account,
            session: Some(session.id),
            email: Some(email),
            at: session.created_at,
            user_agent: session.origin.user_agent.clone(),
            expires_at: now + LINK_LIFE,
            until: None,
        }
    }

    /// When it was made.
    pub fn made_at(&self) -> OffsetDateTime {
        self.expires_at - LINK_LIFE
    }

    /// Which second factors its link takes back, once the account has the address again that it had until `moved_at`
    /// (`None`: it had no other).
    pub fn disowned(&self, moved_at: Option<OffsetDateTime>) -> Disowned {
        Disowned {
            account: self.account,
            session: self.session,
            since: self.made_at(),
            moved_at,
            until: self.until,
        }
    }
}

/// Second factors and recovery codes that a link takes back: what its session made, and what was made while the account
/// had an address that was taken back.
#[derive(Debug, Clone, Copy)]
pub struct Disowned {
    /// Whose.
    pub account: AccountId,
    /// Which session's.
    pub session: Option<SessionId>,
    /// Where it is not known which session made something: whatever was made since.
    pub since: OffsetDateTime,
    /// When the address was changed that was taken back.
    pub moved_at: Option<OffsetDateTime>,
    /// What was made from then on stays.
    pub until: Option<OffsetDateTime>,
}
