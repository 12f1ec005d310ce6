//! What this service tells the others. It takes no events (yet).
//!
//! | event | key | when |
//! |---|---|---|
//! | `sign_up_requested` | sign-up | somebody wants an account: the mail is due |
//! | `account_created` | account | a sign-up was completed |
//! | `account_changed` | account | the owner changed the profile |
//! | `signed_in`, `sign_in_refused` | account | a session began, or a try failed |
//! | `session_ended` | session | revocation lane: what came of the session is void (API-5) |

use crate::domain::session::{EndCause, Session};
use pass_events::{Event, Key};
use pass_mesh::Caller;
use pass_proto::{
    convert::FromWire,
    errors::v1::ErrorReason,
    events::v1::{self as wire, envelope::Payload, session_ended::Cause},
};
use pass_types::{AccountId, AccountKind, SessionId, SignUpId};

/// The mail of a sign-up is due.
pub fn sign_up_requested(id: SignUpId) -> Event {
    let payload = wire::SignUpRequested { sign_up_id: id.to_string() };
    Event::new(Key::sign_up(id), Payload::SignUpRequested(payload))
}

/// An account exists.
pub fn account_created(id: AccountId, kind: AccountKind) -> Event {
    let payload = wire::AccountCreated { account_id: id.to_string(), kind: kind.to_wire() as i32 };
    Event::new(Key::account(id), Payload::AccountCreated(payload))
}

/// These fields of an account are different now.
pub fn account_changed(id: AccountId, fields: &[&str]) -> Event {
    let fields = fields.iter().map(|&field| field.to_owned()).collect();
    let payload = wire::AccountChanged { account_id: id.to_string(), fields };
    Event::new(Key::account(id), Payload::AccountChanged(payload))
}

/// A session began.
pub fn signed_in(session: &Session) -> Event {
    let payload = wire::SignedIn {
        account_id: session.account.to_string(),
        session_id: session.id.to_string(),
        methods: session.methods.iter().map(|method| method.as_str().to_owned()).collect(),
    };
    Event::new(Key::account(session.account), Payload::SignedIn(payload))
}

/// A try to sign in to an account failed.
pub fn sign_in_refused(account: AccountId, reason: ErrorReason) -> Event {
    let payload = wire::SignInRefused { account_id: account.to_string() };
    Event::new(Key::account(account), Payload::SignInRefused(payload)).refused(reason)
}

/// A session is over.
pub fn session_ended(account: AccountId, session: SessionId, cause: EndCause) -> Event {
    let cause = match cause {
        EndCause::SignedOut => Cause::SignedOut,
        EndCause::EndedByOwner => Cause::EndedByOwner,
        EndCause::Expired => Cause::Expired,
        EndCause::Replaced => Cause::Replaced,
    };
    let payload = wire::SessionEnded {
        account_id: account.to_string(),
        session_id: session.to_string(),
        cause: cause as i32,
    };
    Event::new(Key::session(session), Payload::SessionEnded(payload))
}

/// Adds who did it and from where.
pub trait ByCaller {
    /// The event as something that this caller did.
    #[must_use]
    fn by_caller(self, caller: &Caller) -> Self;
}

impl ByCaller for Event {
    fn by_caller(self, caller: &Caller) -> Self {
        self.by(&caller.actor).from(&caller.origin)
    }
}
