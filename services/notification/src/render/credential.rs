//! Mails about passwords and addresses (ACC-7, ACC-8, ACC-12).

use time::OffsetDateTime;

/// What such a mail says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// Choose another password (ACC-8).
    Reset {
        /// When the link dies.
        expires: OffsetDateTime,
    },
    /// The address is a Managed Account's, which has no password (MAN-6).
    ResetManaged,
    /// The address has no account.
    ResetNobody,
    /// There is another password.
    PasswordChanged,
    /// Confirm the new address (ACC-7), to that address.
    EmailChange {
        /// When the link dies.
        expires: OffsetDateTime,
    },
    /// The new address has an account already, to that address.
    EmailChangeTaken,
    /// A new address is to be confirmed, to the one so far.
    EmailChangeNotice,
    /// The address is confirmed, to that address.
    EmailChanged,
    /// The same, to the one before.
    EmailChangedNotice,
    /// The same, with "This was not me", which takes the address back (ACC-10).
    EmailTakenAway {
        /// When the link dies.
        expires: OffsetDateTime,
    },
}

impl Credential {
    /// What the keys of its texts begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Reset { .. } => "password-reset",
            Self::ResetManaged => "password-reset-managed",
            Self::ResetNobody => "password-reset-nobody",
            Self::PasswordChanged => "password-changed",
            Self::EmailChange { .. } => "email-change",
            Self::EmailChangeTaken => "email-change-taken",
            Self::EmailChangeNotice => "email-change-notice",
            Self::EmailChanged => "email-changed",
            Self::EmailChangedNotice => "email-changed-notice",
            Self::EmailTakenAway { .. } => "email-taken-away",
        }
    }

    /// Whether it tells of what has happened.
    pub fn is_notice(self) -> bool {
        use Credential as C;
        matches!(
            self,
            C::PasswordChanged
                | C::EmailChangeNotice
                | C::EmailChanged
                | C::EmailChangedNotice
                | C::EmailTakenAway { .. }
        )
    }

    /// When its link dies, if it has one that does.
    pub fn expires(self) -> Option<OffsetDateTime> {
        match self {
            Self::Reset { expires } | Self::EmailChange { expires } | Self::EmailTakenAway { expires } => {
                Some(expires)
            }
            _ => None,
        }
    }
}
