//! Mails of every kind, for tests.

use super::{Content, Credential, Protection};
use pass_types::Role;
use time::macros::datetime;

/// One of each mail, and more of those that can say different things; by name.
pub fn samples() -> Vec<(&'static str, Content)> {
    let expires = datetime!(2026-11-23 01:00 UTC);
    vec![
        ("sign-up", Content::SignUp { expires }),
        ("sign-up-exists", Content::SignUpExists),
        ("token-reused", Content::TokenReused),
        (
            "login-alert",
            Content::LoginAlert { at: expires, device: Some("Firefox · Linux".to_owned()), expires },
        ),
        ("login-alert-unknown", Content::LoginAlert { at: expires, device: None, expires }),
        ("new-second-factor", Content::NewSecondFactor { at: expires, expires }),
        ("login-alerts-off", Content::LoginAlertsOff),
        ("sign-in-locked", Content::SignInLocked),
        ("password-reset", Content::Credential(Credential::Reset { expires })),
        ("password-reset-managed", Content::Credential(Credential::ResetManaged)),
        ("password-reset-nobody", Content::Credential(Credential::ResetNobody)),
        ("password-changed", Content::Credential(Credential::PasswordChanged)),
        ("email-change", Content::Credential(Credential::EmailChange { expires })),
        ("email-change-taken", Content::Credential(Credential::EmailChangeTaken)),
        ("email-change-notice", Content::Credential(Credential::EmailChangeNotice)),
        ("email-changed", Content::Credential(Credential::EmailChanged)),
        ("email-changed-notice", Content::Credential(Credential::EmailChangedNotice)),
        ("email-taken-away", Content::Credential(Credential::EmailTakenAway { expires })),
        ("account-deleted", Content::AccountDeleted { at: expires }),
        ("second-factor-added", Content::Protection(Protection::FactorAdded)),
        ("second-factor-removed", Content::Protection(Protection::FactorRemoved)),
        ("second-factors-disabled", Content::Protection(Protection::Disabled)),
        ("recovery-codes-made", Content::Protection(Protection::CodesMade)),
        ("recovery-codes-removed", Content::Protection(Protection::CodesRemoved)),
        ("recovery-code-used", Content::Protection(Protection::CodeUsed { left: 3 })),
        ("second-factor-locked", Content::Protection(Protection::Locked)),
        (
            "managed-invitation",
            Content::ManagedInvitation {
                organization: "Acme & <Sons>".to_owned(),
                handle: "acme".to_owned(),
                expires,
            },
        ),
        ("application-received", Content::ApplicationReceived),
        ("application-approved", Content::ApplicationApproved { until: expires }),
        (
            "application-rejected",
            Content::ApplicationRejected { reason: "We know no company <Sons>.".to_owned() },
        ),
        ("saml-activated", Content::SamlActivated { organization: "Acme & <Sons>".to_owned() }),
        ("saml-disabled", Content::SamlDisabled { organization: "Acme & <Sons>".to_owned() }),
        (
            "invitation",
            Content::Invitation {
                inviter: "山田 太郎".to_owned(),
                organization: "Acme & <Sons>".to_owned(),
                role: Role::Member,
                message: "Join us!\nWe have cake.".to_owned(),
                expires,
            },
        ),
        (
            "invitation-unnamed",
            Content::Invitation {
                inviter: String::new(),
                organization: "Acme & <Sons>".to_owned(),
                role: Role::Guest,
                message: String::new(),
                expires,
            },
        ),
    ]
}
