//! What the service consumes. It publishes nothing.
//!
//! | event | what becomes of it |
//! |---|---|
//! | `identity.sign_up_requested` | the mail that completes a sign-up (ACC-1) |
//! | `identity.managed_account_invited` | how a new Managed Account signs in (MAN-2) |
//! | `identity.password_reset_requested` | the link that resets a password, or why there is none (ACC-8) |
//! | `identity.password_reset`, `….password_changed` | a notice to the account's owner |
//! | `identity.email_change_requested` | the link to the new address, and a notice to the old one (ACC-7) |
//! | `identity.email_changed` | notices to both; to the old one with "This was not me" |
//! | `identity.new_device_signed_in` | the login alert, with "This was not me" (ACC-10) |
//! | `identity.second_factor_added` | a notice to the owner (ACC-9), with "This was not me" (ACC-10) |
//! | `identity.second_factor_removed`, `….second_factors_disabled` | a notice to the owner (ACC-9) |
//! | `identity.recovery_codes_made`, `….recovery_codes_removed`, `….recovery_code_used` | the same |
//! | `identity.security_settings_changed` | a notice to the owner, when login alerts are off (ACC-10) |
//! | `identity.second_factor_locked` | a notice to the owner of an account whose password is known and whose codes are guessed (ACC-14) |
//! | `identity.sign_in_locked` | a notice to the owner of an account whose password is guessed (ACC-14) |
//! | `identity.account_deleted` | the last notice to whoever owned it (ACC-13) |
//! | `identity.saml_connection_activated`, `….saml_connection_disabled` | a notice to all administrators |
//! | `organization.invitation_created` | the mail of an invitation (ORG-6) |
//! | `billing.application_submitted`, `….application_approved`, `….application_rejected` | what became of it (BIL-1) |
//! | `gateway.token_family_revoked` | a warning to the account's owner, when something was used twice (API-1) |

use crate::{
    app::Notification,
    domain::{Delivery, MailKind},
    store,
};
use pass_events::{Handler, HandlerError};
use pass_proto::events::v1::{
    Envelope, TokenFamilyRevoked, envelope::Payload, token_family_revoked::Cause as Revoked,
};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

/// Routing keys of the events that mail someone.
pub const BINDINGS: &[&str] = &[
    "identity.sign_up_requested",
    "identity.managed_account_invited",
    "identity.password_reset_requested",
    "identity.password_reset",
    "identity.password_changed",
    "identity.email_change_requested",
    "identity.email_changed",
    "identity.new_device_signed_in",
    "identity.sign_in_locked",
    "identity.second_factor_added",
    "identity.second_factor_removed",
    "identity.second_factors_disabled",
    "identity.recovery_codes_made",
    "identity.recovery_codes_removed",
    "identity.recovery_code_used",
    "identity.security_settings_changed",
    "identity.second_factor_locked",
    "identity.account_deleted",
    "identity.saml_connection_activated",
    "identity.saml_connection_disabled",
    "organization.invitation_created",
    "billing.application_submitted",
    "billing.application_approved",
    "billing.application_rejected",
    "gateway.token_family_revoked",
];

/// Notes which mails are due.
pub struct Mailer(pub Notification);

/// A mail that an event asks for.
struct Wanted<'e> {
    kind: MailKind,
    subject: &'e str,
    attempt: i32,
}

impl<'e> Wanted<'e> {
    /// `None`: nobody's concern.
    fn of(payload: &'e Payload) -> Result<Option<Self>, HandlerError> {
        use MailKind as Mail;
        let (kind, subject, attempt) = match payload {
            Payload::SignUpRequested(event) => (Mail::SignUp, &event.sign_up_id, 1),
            Payload::ManagedAccountInvited(event) => {
                (Mail::ManagedInvitation, &event.account_id, event.attempt)
            }
            Payload::PasswordResetRequested(event) => (Mail::PasswordReset, &event.password_reset_id, 1),
            Payload::PasswordReset(event) => (Mail::PasswordChanged, &event.account_id, 1),
            Payload::PasswordChanged(event) => (Mail::PasswordChanged, &event.account_id, 1),
            Payload::EmailChangeRequested(event) => (Mail::EmailChange, &event.email_change_id, 1),
            Payload::EmailChanged(event) => (Mail::EmailChanged, &event.email_change_id, 1),
            Payload::NewDeviceSignedIn(event) => (Mail::LoginAlert, &event.login_alert_id, 1),
            Payload::SignInLocked(event) => (Mail::SignInLocked, &event.account_id, 1),
            Payload::SecondFactorAdded(event) if event.login_alert_id.is_empty() => {
                (Mail::SecondFactorAdded, &event.account_id, 1)
            }
            Payload::SecondFactorAdded(event) => (Mail::NewSecondFactor, &event.login_alert_id, 1),
            Payload::SecondFactorRemoved(event) => (Mail::SecondFactorRemoved, &event.account_id, 1),
            Payload::SecondFactorsDisabled(event) => (Mail::SecondFactorsDisabled, &event.account_id, 1),
            Payload::RecoveryCodesMade(event) => (Mail::RecoveryCodesMade, &event.account_id, 1),
            Payload::RecoveryCodesRemoved(event) => (Mail::RecoveryCodesRemoved, &event.account_id, 1),
            Payload::SecuritySettingsChanged(event) if event.login_alerts == Some(false) => {
                (Mail::LoginAlertsOff, &event.account_id, 1)
            }
            Payload::SecondFactorLocked(event) => (Mail::SecondFactorLocked, &event.account_id, 1),
            Payload::RecoveryCodeUsed(event) => (Mail::RecoveryCodeUsed, &event.account_id, event.left),
            Payload::AccountDeleted(event) => (Mail::AccountDeleted, &event.account_id, 1),
            Payload::SamlConnectionActivated(event) => (Mail::SamlActivated, &event.connection_id, 1),
            Payload::SamlConnectionDisabled(event) => (Mail::SamlDisabled, &event.connection_id, 1),
            Payload::InvitationCreated(event) => (Mail::Invitation, &event.invitation_id, event.attempt),
            Payload::ApplicationSubmitted(event) => (Mail::ApplicationReceived, &event.application_id, 1),
            Payload::ApplicationApproved(event) => (Mail::ApplicationApproved, &event.application_id, 1),
            Payload::ApplicationRejected(event) => (Mail::ApplicationRejected, &event.application_id, 1),
            Payload::TokenFamilyRevoked(event) if is_suspicious(event) => {
                (Mail::TokenReused, &event.account_id, 1)
            }
            Payload::SecuritySettingsChanged(_) | Payload::TokenFamilyRevoked(_) => return Ok(None),
            _ => return Err(unknown()),
        };
        Ok(Some(Self { kind, subject, attempt }))
    }
}

/// A later version has bound the queue to it: it is not this one's to drop, and is put back with a redrive.
fn unknown() -> HandlerError {
    HandlerError::Reject("a payload that this version does not know".to_owned())
}

/// Whether something was used twice: what the person or the client ended is no reason to warn anybody.
/// Earlier versions told of nothing else, and no cause.
fn is_suspicious(event: &TokenFamilyRevoked) -> bool {
    let cause = Revoked::try_from(event.cause);
    matches!(cause, Ok(Revoked::Unspecified | Revoked::Reused | Revoked::CodeReplayed))
}

impl Handler for Mailer {
    async fn handle(&self, tx: &mut Transaction<'_, Postgres>, event: &Envelope) -> Result<(), HandlerError> {
        let payload = event.payload.as_ref().ok_or_else(unknown)?;
        let Some(wanted) = Wanted::of(payload)? else { return Ok(()) };
        let parse = |id: &str| {
            Uuid::try_parse(id).map_err(|_| HandlerError::Reject("an id is not a UUID".to_owned()))
        };
        let organization = Some(event.organization_id.as_str()).filter(|id| !id.is_empty());
        let delivery = Delivery {
            id: parse(&event.id)?,
            kind: wanted.kind,
            subject: parse(wanted.subject)?,
            attempt: wanted.attempt,
            organization: organization.map(parse).transpose()?,
            recipient: None,
            tries: 0,
            trace_parent: event.trace_parent.clone(),
        };
        if wanted.kind.is_for_administrators() && delivery.organization.is_none() {
            return Err(HandlerError::Reject("the event names no organization".to_owned()));
        }
        let now = self.0.clock.now();
        if let Some(beside) = delivery.beside() {
            store::insert(tx, &beside, now).await.map_err(HandlerError::retry)?;
        }
        store::insert(tx, &delivery, now).await.map_err(HandlerError::retry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves API-1: the owner is warned of what was used twice, and of nothing that ended in order
    #[test]
    fn who_is_warned_of_a_revoked_family() {
        let warned = |cause: i32| {
            let event = TokenFamilyRevoked { cause, ..TokenFamilyRevoked::default() };
            Wanted::of(&Payload::TokenFamilyRevoked(event)).unwrap().is_some()
        };
        for cause in [Revoked::Unspecified, Revoked::Reused, Revoked::CodeReplayed] {
            assert!(warned(cause.into()), "{cause:?}");
        }
        for cause in [Revoked::Client, Revoked::SessionEnded] {
            assert!(!warned(cause.into()), "{cause:?}");
        }
        assert!(!warned(99), "of a later version");
    }
}
