//! Telling an owner of a sign-in that may not have been theirs (ACC-10).

use pass_types::AccountId;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long the link "This was not me" works.
pub const LINK_LIFE: Duration = Duration::days(7);

/// A mail about a sign-in from something new, as long as its link works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAlert {
    /// What the link names.
    pub id: Uuid,
    /// Whose account.
    pub account: AccountId,
    /// When the sign-in was.
    pub at: OffsetDateTime,
    /// What the browser said it is.
    pub user_agent: String,
    /// When the link stops to work.
    pub expires_at: OffsetDateTime,
}

impl LoginAlert {
    /// A new one.
    pub fn begin(id: Uuid, account: AccountId, user_agent: String, now: OffsetDateTime) -> Self {
        Self { id, account, at: now, user_agent, expires_at: now + LINK_LIFE }
    }
}
