//! A delivery: one mail that is due until it is settled.

use pass_types::Invalid;
use sha2::{Digest, Sha256};
use std::{str::FromStr, time::Duration};
use uuid::Uuid;

/// Which mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// The link that completes a sign-up (ACC-1).
    SignUp,
    /// The link that accepts an invitation to an organization (ORG-6).
    Invitation,
    /// A refresh token was used twice: a warning to its owner (API-1).
    TokenReused,
    /// A new Managed Account: how to sign in (MAN-2).
    ManagedInvitation,
    /// An application for Nulab Pass came in (BIL-1).
    ApplicationReceived,
    /// It was approved: the trial runs (BIL-2).
    ApplicationApproved,
    /// It was rejected, and why (BIL-1).
    ApplicationRejected,
    /// SAML was switched on or changed: to all administrators (security.md, "Organizations apart").
    SamlActivated,
    /// SAML was switched off: to all administrators.
    SamlDisabled,
    /// A second factor was added (ACC-9).
    SecondFactorAdded,
    /// The same, with "This was not me" (ACC-10).
    NewSecondFactor,
    /// A second factor was removed, and others are left (ACC-9).
    SecondFactorRemoved,
    /// Two-factor authentication was switched off (ACC-9).
    SecondFactorsDisabled,
    /// Recovery codes were made anew (ACC-9).
    RecoveryCodesMade,
    /// "This was not me" removed the recovery codes, and none are left (ACC-10).
    RecoveryCodesRemoved,
    /// A recovery code was used (ACC-9).
    RecoveryCodeUsed,
    /// Who knew the password showed too many wrong codes (ACC-9, ACC-14).
    SecondFactorLocked,
    /// A sign-in from a new browser in a new network: was it you (ACC-10)?
    LoginAlert,
    /// Login alerts were switched off (ACC-10).
    LoginAlertsOff,
    /// After too many wrong passwords, whoever typed them has to wait (ACC-14).
    SignInLocked,
    /// The link that resets a password, or why there is none (ACC-8).
    PasswordReset,
    /// The password is another one (ACC-8, ACC-12).
    PasswordChanged,
    /// The link that confirms a new address, to that address (ACC-7).
    EmailChange,
    /// The same is asked for: a notice to the address so far.
    EmailChangeNotice,
    /// The address is another one: a notice to it.
    EmailChanged,
    /// The same, to the one before.
    EmailChangedNotice,
    /// The account is gone, for ever (ACC-13).
    AccountDeleted,
}

impl MailKind {
    /// Every one of them.
    pub const ALL: [Self; 27] = [
        Self::SignUp,
        Self::Invitation,
        Self::TokenReused,
        Self::ManagedInvitation,
        Self::ApplicationReceived,
        Self::ApplicationApproved,
        Self::ApplicationRejected,
        Self::SamlActivated,
        Self::SamlDisabled,
        Self::SecondFactorAdded,
        Self::NewSecondFactor,
        Self::SecondFactorRemoved,
        Self::SecondFactorsDisabled,
        Self::RecoveryCodesMade,
        Self::RecoveryCodesRemoved,
        Self::RecoveryCodeUsed,
        Self::SecondFactorLocked,
        Self::LoginAlert,
        Self::LoginAlertsOff,
        Self::SignInLocked,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::EmailChange,
        Self::EmailChangeNotice,
        Self::EmailChanged,
        Self::EmailChangedNotice,
        Self::AccountDeleted,
    ];

    /// The mail that goes beside it, to another address, for the same event.
    pub fn beside(self) -> Option<Self> {
        match self {
            Self::EmailChange => Some(Self::EmailChangeNotice),
            Self::EmailChanged => Some(Self::EmailChangedNotice),
            _ => None,
        }
    }

    /// Whether it goes to all administrators of an organization, one mail each.
    pub fn is_for_administrators(self) -> bool {
        matches!(self, Self::SamlActivated | Self::SamlDisabled)
    }

    /// The word for it in the database and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Invitation => "invitation",
            Self::TokenReused => "token_reused",
            Self::ManagedInvitation => "managed_invitation",
            Self::ApplicationReceived => "application_received",
            Self::ApplicationApproved => "application_approved",
            Self::ApplicationRejected => "application_rejected",
            Self::SamlActivated => "saml_activated",
            Self::SamlDisabled => "saml_disabled",
            Self::SecondFactorAdded => "second_factor_added",
            Self::NewSecondFactor => "new_second_factor",
            Self::SecondFactorRemoved => "second_factor_removed",
            Self::SecondFactorsDisabled => "second_factors_disabled",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::RecoveryCodesRemoved => "recovery_codes_removed",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::SecondFactorLocked => "second_factor_locked",
            Self::LoginAlert => "login_alert",
            Self::LoginAlertsOff => "login_alerts_off",
            Self::SignInLocked => "sign_in_locked",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::EmailChange => "email_change",
            Self::EmailChangeNotice => "email_change_notice",
            Self::EmailChanged => "email_changed",
            Self::EmailChangedNotice => "email_changed_notice",
            Self::AccountDeleted => "account_deleted",
        }
    }
}

impl FromStr for MailKind {
    type Err = Invalid;
    fn from_str(word: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or(Invalid("is not a mail that this service knows"))
    }
}

/// A mail that a worker has taken.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event that asked for it; makes the Message-ID.
    pub id: Uuid,
    /// Which mail.
    pub kind: MailKind,
    /// The sign-up, invitation, account or application.
    pub subject: Uuid,
    /// Which of the subject's links.
    pub attempt: i32,
    /// The organization that the mail is about, where its subject does not say it.
    pub organization: Option<Uuid>,
    /// Which administrator; none for a list that is yet to be made, and for mails to one person.
    pub recipient: Option<Uuid>,
    /// How often it was tried before.
    pub tries: i32,
    /// W3C traceparent of the request that it goes back to.
    pub trace_parent: String,
}

impl Delivery {
    /// The mail to one of the administrators whom this list is for; the same however often it is made.
    #[must_use]
    pub fn to(&self, recipient: Uuid) -> Self {
        let id = self.derived_id(recipient.as_bytes());
        Self { id, recipient: Some(recipient), tries: 0, ..self.clone() }
    }

    /// The mail that goes beside this one, if one does; the same however often it is made.
    #[must_use]
    pub fn beside(&self) -> Option<Self> {
        let kind = self.kind.beside()?;
        Some(Self { id: self.derived_id(kind.as_str().as_bytes()), kind, ..self.clone() })
    }

    fn derived_id(&self, part: &[u8]) -> Uuid {
        let digest = Sha256::digest([self.id.as_bytes().as_slice(), part].concat());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// How one try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Try {
    /// The mail server took it.
    Accepted,
    /// What the mail was about is over: nothing to send.
    Obsolete,
    /// It may work later.
    Deferred(String),
    /// It will never work.
    Refused(String),
}

/// What becomes of a delivery after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Done, one way or another: a state of the table, and what went wrong.
    Final(&'static str, Option<String>),
    /// Again after this long.
    Again(Duration, String),
}

/// How often a mail is tried: with the back-off below, for about a day.
pub const MOST_TRIES: i32 = 25;

/// What a try means for a delivery that was tried `tries` times before.
#[must_use]
pub fn after(tries: i32, outcome: Try) -> Settlement {
    match outcome {
        Try::Accepted => Settlement::Final("sent", None),
        Try::Obsolete => Settlement::Final("obsolete", None),
        Try::Refused(failure) => Settlement::Final("failed", Some(failure)),
        Try::Deferred(failure) if tries + 1 >= MOST_TRIES => Settlement::Final("failed", Some(failure)),
        Try::Deferred(failure) => {
            let exponent = u32::try_from(tries.clamp(0, 13)).unwrap_or(0);
            Settlement::Again(Duration::from_secs((1 << exponent).min(2 * 60 * 60)), failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deferred_mails_are_tried_for_about_a_day_then_given_up() {
        let mut waited = Duration::ZERO;
        for tries in 0..MOST_TRIES - 1 {
            match after(tries, Try::Deferred("451".to_owned())) {
                Settlement::Again(wait, _) => waited += wait,
                other @ Settlement::Final(..) => panic!("given up after {tries} tries: {other:?}"),
            }
        }
        assert!((Duration::from_hours(23)..Duration::from_hours(26)).contains(&waited), "{waited:?}");
        let last = after(MOST_TRIES - 1, Try::Deferred("451".to_owned()));
        assert_eq!(last, Settlement::Final("failed", Some("451".to_owned())));
    }

    #[test]
    fn refused_and_obsolete_mails_are_not_tried_again() {
        assert!(matches!(after(0, Try::Refused("550".to_owned())), Settlement::Final("failed", Some(_))));
        assert!(matches!(after(0, Try::Obsolete), Settlement::Final("obsolete", None)));
    }
}
