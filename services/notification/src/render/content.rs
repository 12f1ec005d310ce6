//! What mails say.

use super::Credential;
use pass_types::Role;
use time::OffsetDateTime;

/// What a mail says.
#[derive(Debug, Clone)]
pub enum Content {
    /// Choose a password (ACC-1).
    SignUp {
        /// When the link dies.
        expires: OffsetDateTime,
    },
    /// There is an account with this address already (ACC-1, ACC-8).
    SignUpExists,
    /// A refresh token was used twice (API-1).
    TokenReused,
    /// A sign-in from a new browser in a new network (ACC-10).
    LoginAlert {
        /// When.
        at: OffsetDateTime,
        /// What the browser seems to be; `None`: nothing that is known.
        device: Option<String>,
        /// When the link dies.
        expires: OffsetDateTime,
    },
    /// A second factor was added; was it the owner (ACC-9, ACC-10)?
    NewSecondFactor {
        /// When the session began that added it.
        at: OffsetDateTime,
        /// When the link dies.
        expires: OffsetDateTime,
    },
    /// Login alerts were switched off (ACC-10).
    LoginAlertsOff,
    /// After too many wrong passwords, whoever typed them has to wait (ACC-14).
    SignInLocked,
    /// About a password or an address (ACC-7, ACC-8, ACC-12).
    Credential(Credential),
    /// An account's second factors are others than before (ACC-9).
    Protection(Protection),
    /// The account was deleted, for ever (ACC-13).
    AccountDeleted {
        /// When.
        at: OffsetDateTime,
    },
    /// How to sign in with a new Managed Account (MAN-2).
    ManagedInvitation {
        /// Who made it.
        organization: String,
        /// What to type to sign in; may be empty.
        handle: String,
        /// When the link dies.
        expires: OffsetDateTime,
    },
    /// An application for Nulab Pass came in (BIL-1).
    ApplicationReceived,
    /// It was approved (BIL-2).
    ApplicationApproved {
        /// When the trial ends.
        until: OffsetDateTime,
    },
    /// It was rejected (BIL-1).
    ApplicationRejected {
        /// What the operator wrote.
        reason: String,
    },
    /// SAML was switched on, or its settings were changed.
    SamlActivated {
        /// Where.
        organization: String,
    },
    /// SAML was switched off.
    SamlDisabled {
        /// Where.
        organization: String,
    },
    /// Join an organization (ORG-6).
    Invitation {
        /// Who invites; empty: they have left the organization, or have no account any more.
        inviter: String,
        /// Into which organization.
        organization: String,
        /// As what.
        role: Role,
        /// What the inviter wrote; may be empty.
        message: String,
        /// When the invitation ends.
        expires: OffsetDateTime,
    },
}

impl Content {
    /// What the keys of its texts begin with.
    pub fn prefix(&self) -> &'static str {
        match self {
            Self::SignUp { .. } => "sign-up",
            Self::SignUpExists => "sign-up-exists",
            Self::TokenReused => "token-reused",
            Self::LoginAlert { .. } => "login-alert",
            Self::NewSecondFactor { .. } => "new-second-factor",
            Self::LoginAlertsOff => "login-alerts-off",
            Self::SignInLocked => "sign-in-locked",
            Self::Credential(credential) => credential.prefix(),
            Self::Protection(protection) => protection.prefix(),
            Self::AccountDeleted { .. } => "account-deleted",
            Self::Invitation { inviter, .. } if inviter.is_empty() => "invitation-unnamed",
            Self::Invitation { .. } => "invitation",
            Self::ManagedInvitation { .. } => "managed-invitation",
            Self::ApplicationReceived => "application-received",
            Self::ApplicationApproved { .. } => "application-approved",
            Self::ApplicationRejected { .. } => "application-rejected",
            Self::SamlActivated { .. } => "saml-activated",
            Self::SamlDisabled { .. } => "saml-disabled",
        }
    }

    /// What somebody wrote, to be shown apart from our words; and which text introduces it.
    pub fn quote(&self) -> Option<(&'static str, &str)> {
        let (part, text) = match self {
            Self::Invitation { message, .. } => ("message", message),
            Self::ManagedInvitation { handle, .. } => ("handle", handle),
            Self::ApplicationRejected { reason } => return Some(("reason", reason)),
            _ => return None,
        };
        (!text.is_empty()).then_some((part, text.as_str()))
    }

    /// Whether it tells of what has happened: to ignore it is no advice then.
    pub fn is_notice(&self) -> bool {
        match self {
            Self::TokenReused
            | Self::NewSecondFactor { .. }
            | Self::LoginAlertsOff
            | Self::SignInLocked
            | Self::Protection(_)
            | Self::AccountDeleted { .. }
            | Self::SamlActivated { .. }
            | Self::SamlDisabled { .. } => true,
            Self::Credential(credential) => credential.is_notice(),
            _ => false,
        }
    }
}

/// What became of an account's second factors (ACC-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// There is one more.
    FactorAdded,
    /// There is one fewer.
    FactorRemoved,
    /// There is none any more.
    Disabled,
    /// Recovery codes were made anew.
    CodesMade,
    /// Recovery codes were removed, and none are left.
    CodesRemoved,
    /// A recovery code was used.
    CodeUsed {
        /// How many are left.
        left: i32,
    },
    /// Too many codes were wrong.
    Locked,
}

impl Protection {
    /// What the keys of its texts begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::FactorAdded => "second-factor-added",
            Self::FactorRemoved => "second-factor-removed",
            Self::Disabled => "second-factors-disabled",
            Self::CodesMade => "recovery-codes-made",
            Self::CodesRemoved => "recovery-codes-removed",
            Self::CodeUsed { left: _ } => "recovery-code-used",
            Self::Locked => "second-factor-locked",
        }
    }
}
