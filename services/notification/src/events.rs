//! What the service consumes. It publishes nothing.
//!
//! | event | what becomes of it |
//! |---|---|
//! | `identity.sign_up_requested` | the mail that completes a sign-up (ACC-1) |
//! | `organization.invitation_created` | the mail of an invitation (ORG-6) |
//! | `gateway.token_family_revoked` | a warning to the account's owner (API-1) |

use crate::{app::Notification, domain::MailKind, store};
use pass_events::{Handler, HandlerError};
use pass_proto::events::v1::{
    Envelope, InvitationCreated, SignUpRequested, TokenFamilyRevoked, envelope::Payload,
};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

/// Routing keys of the events that mail someone.
pub const BINDINGS: &[&str] =
    &["identity.sign_up_requested", "organization.invitation_created", "gateway.token_family_revoked"];

/// Notes which mails are due.
pub struct Mailer(pub Notification);

impl Handler for Mailer {
    async fn handle(&self, tx: &mut Transaction<'_, Postgres>, event: &Envelope) -> Result<(), HandlerError> {
        let (kind, subject, attempt) = match &event.payload {
            Some(Payload::SignUpRequested(SignUpRequested { sign_up_id })) => {
                (MailKind::SignUp, sign_up_id, 1)
            }
            Some(Payload::InvitationCreated(InvitationCreated {
                organization_id: _,
                invitation_id,
                attempt,
                role: _,
            })) => (MailKind::Invitation, invitation_id, *attempt),
            Some(Payload::TokenFamilyRevoked(TokenFamilyRevoked {
                family_id: _,
                client_id: _,
                account_id,
                session_id: _,
            })) => (MailKind::TokenReused, account_id, 1),
            // Not bound; a later version may send more.
            _ => return Ok(()),
        };
        let parse = |id: &str| {
            Uuid::try_parse(id).map_err(|_| HandlerError::Reject("an id is not a UUID".to_owned()))
        };
        let delivery = store::NewDelivery {
            id: parse(&event.id)?,
            kind,
            subject: parse(subject)?,
            attempt,
            trace_parent: event.trace_parent.clone(),
        };
        store::insert(tx, &delivery, self.0.clock.now()).await.map_err(HandlerError::retry)
    }
}
