//! Resetting a password (ACC-8): from the wish to the link's end.

use super::sign_up::Continuation;
use pass_types::{Email, Language, PasswordResetId};
use time::{Duration, OffsetDateTime};

/// How long the link of a reset works (ACC-8).
pub const LINK_LIFE: Duration = Duration::minutes(30);

/// A wish for another password. Whether the address has an account shows when the mail is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordReset {
    /// What the link names.
    pub id: PasswordResetId,
    /// Where the mail goes; whose account it is follows from it, each time anew.
    pub email: Email,
    /// Of the mail, if no account says otherwise.
    pub language: Language,
    /// Where to go on afterwards.
    pub continuation: Continuation,
    /// When the link stops to work.
    pub expires_at: OffsetDateTime,
}

impl PasswordReset {
    /// A new one.
    pub fn begin(
        id: PasswordResetId,
        email: Email,
        language: Language,
        continuation: Continuation,
        now: OffsetDateTime,
    ) -> Self {
        Self { id, email, language, continuation, expires_at: now + LINK_LIFE }
    }
}
