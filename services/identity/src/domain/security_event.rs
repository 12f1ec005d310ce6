//! What the owner of an account is told of its safety (ACC-11), beside the login history.

use pass_types::{AccountId, Origin};
use time::OffsetDateTime;
use uuid::Uuid;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal)+) => {
        /// What happened. The names are kept in the database and shown by the console, which has a text
        /// `security-event-<name>` for each: a new one goes to its locales, too.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        impl Kind {
            /// The names of all.
            #[cfg(test)]
            const NAMES: &[&str] = &[$($name),+];

            /// As the database has it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }
        }
    };
}

kinds! {
    /// The owner chose another password (ACC-6).
    PasswordChanged = "password_changed"
    /// Somebody asked for the mail with the link (ACC-8).
    PasswordResetRequested = "password_reset_requested"
    /// The password was chosen anew by that link (ACC-8).
    PasswordReset = "password_reset"
    /// A link went to another address (ACC-7).
    EmailChangeRequested = "email_change_requested"
    /// The address is another one now (ACC-7).
    EmailChanged = "email_changed"
    /// An app for codes was added (ACC-9).
    TotpAdded = "totp_added"
    /// It was removed (ACC-9).
    TotpRemoved = "totp_removed"
    /// A security key or passkey was added; the detail is its name (ACC-9).
    SecurityKeyAdded = "security_key_added"
    /// It was removed; the detail is its name (ACC-9).
    SecurityKeyRemoved = "security_key_removed"
    /// Recovery codes were made; those from before are void (ACC-9).
    RecoveryCodesMade = "recovery_codes_made"
    /// One of them was used (ACC-9).
    RecoveryCodeUsed = "recovery_code_used"
    /// "This was not me" removed those of that session, and none are left (ACC-10).
    RecoveryCodesRemoved = "recovery_codes_removed"
    /// A second factor was wrong too often (ACC-9).
    SecondFactorLocked = "second_factor_locked"
    /// Two-factor authentication is off (ACC-9).
    TwoFactorDisabled = "two_factor_disabled"
    /// Too many wrong passwords: unknown devices wait, or the one that they were typed in (ACC-14).
    SignInLocked = "sign_in_locked"
    /// A sign-in from a device that was new: noted even where no mail is worth it (ACC-10).
    NewDevice = "new_device"
    /// The owner said that it was somebody else (ACC-10).
    NotMe = "not_me"
    /// Login alerts are on (ACC-10).
    LoginAlertsOn = "login_alerts_on"
    /// Login alerts are off (ACC-10).
    LoginAlertsOff = "login_alerts_off"
    /// All other sessions were ended (ACC-12).
    OtherSessionsEnded = "other_sessions_ended"
    /// The unique ID is another one (ACC-4).
    UniqueIdChanged = "unique_id_changed"
    /// A legacy space was connected; the detail is its Space ID (SPC-2).
    SpaceConnected = "space_connected"
    /// It was disconnected; the detail is its Space ID (SPC-6).
    SpaceDisconnected = "space_disconnected"
    /// A legacy space shows its own profile again, and takes no Nulab Account; the detail is its Space
    /// ID (SPC-5).
    SpaceProfileOwn = "space_profile_own"
    /// A legacy space shows its own profile and takes the Nulab Account all the same; the detail is its
    /// Space ID (SPC-2).
    SpaceProfileSeparate = "space_profile_separate"
    /// A legacy space shows this account's profile; the detail is its Space ID (SPC-2).
    SpaceProfileShared = "space_profile_shared"
}

/// One of them, as the owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEvent {
    /// UUIDv7.
    pub id: Uuid,
    /// Whose account.
    pub account: AccountId,
    /// When.
    pub at: OffsetDateTime,
    /// A [`Kind`]'s name; an earlier version may have written others.
    pub kind: String,
    /// From where.
    pub origin: Origin,
    /// What it was about; empty: the kind says all.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_fit_the_locales() {
        let mut names = Kind::NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::NAMES.len());
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
        assert_eq!(Kind::NotMe.as_str(), "not_me");
    }
}
