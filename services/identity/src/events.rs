//! What this service tells the others. It takes no events (yet).
//!
//! | event | key | when |
//! |---|---|---|
//! | `sign_up_requested` | sign-up | somebody wants an account: the mail is due |
//! | `account_created` | account | a sign-up was completed |
//! | `account_changed` | account | the owner changed the profile |
//! | `signed_in`, `sign_in_refused` | account | a session began, or a try failed |
//! | `session_ended` | session | revocation lane: what came of the session is void (API-5) |
//! | `managed_account_invited` | account | a Managed Account is there, or invited anew: the mail is due (MAN-2) |
//! | `managed_account_activated` | account | its first sign-in |
//! | `managed_account_suspended`, `…_resumed`, `…_deleted` | account | its administrators did that (MAN-5) |
//! | `saml_connection_drafted`, `…_activated`, `…_disabled` | saml | its administrators did that |
//! | `saml_test_run` | saml | an administrator's test sign-in ended |
//! | `saml_sign_in_refused` | saml | an answer of an identity provider was refused (SML-5), or a minute's posts of strangers |
//! | `operator_added`, `operator_removed` | account | somebody is staff from now on, or no more |

use crate::domain::{
    managed::Managed,
    saml::{Connection, LogEntry, Strangers},
    session::{EndCause, Session},
};
use pass_events::{Event, Key};
use pass_mesh::Caller;
use pass_proto::{
    convert::{FromWire, timestamp},
    errors::v1::ErrorReason,
    events::v1::{self as wire, envelope::Payload, session_ended::Cause},
};
use pass_types::{AccountId, AccountKind, Actor, OrganizationId, SessionId, SignUpId};

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
        EndCause::AccountSuspended => Cause::AccountSuspended,
        EndCause::OperatorRemoved => Cause::OperatorRemoved,
    };
    let payload = wire::SessionEnded {
        account_id: account.to_string(),
        session_id: session.to_string(),
        cause: cause as i32,
    };
    Event::new(Key::session(session), Payload::SessionEnded(payload))
}

/// A Managed Account is to be mailed its invitation.
pub fn managed_account_invited(managed: &Managed) -> Event {
    let payload = wire::ManagedAccountInvited {
        account_id: managed.account.id.to_string(),
        organization_id: managed.organization.to_string(),
        attempt: managed.invitation.attempt,
    };
    of_managed(managed, Payload::ManagedAccountInvited(payload))
}

/// A Managed Account was signed in to for the first time.
pub fn managed_account_activated(managed: &Managed) -> Event {
    let (account_id, organization_id) = ids(managed);
    let payload = wire::ManagedAccountActivated { account_id, organization_id };
    of_managed(managed, Payload::ManagedAccountActivated(payload))
}

/// A Managed Account is suspended.
pub fn managed_account_suspended(managed: &Managed) -> Event {
    let (account_id, organization_id) = ids(managed);
    let payload = wire::ManagedAccountSuspended { account_id, organization_id };
    of_managed(managed, Payload::ManagedAccountSuspended(payload))
}

/// A Managed Account is suspended no more.
pub fn managed_account_resumed(managed: &Managed) -> Event {
    let (account_id, organization_id) = ids(managed);
    let payload = wire::ManagedAccountResumed { account_id, organization_id };
    of_managed(managed, Payload::ManagedAccountResumed(payload))
}

/// A Managed Account is gone.
pub fn managed_account_deleted(managed: &Managed) -> Event {
    let (account_id, organization_id) = ids(managed);
    let payload = wire::ManagedAccountDeleted { account_id, organization_id };
    of_managed(managed, Payload::ManagedAccountDeleted(payload))
}

fn ids(managed: &Managed) -> (String, String) {
    (managed.account.id.to_string(), managed.organization.to_string())
}

fn of_managed(managed: &Managed, payload: Payload) -> Event {
    Event::new(Key::account(managed.account.id), payload).organization(managed.organization)
}

/// A draft of a connection was saved.
pub fn saml_connection_drafted(connection: &Connection) -> Event {
    let (organization_id, connection_id) = ids_of(connection);
    let payload = wire::SamlConnectionDrafted { organization_id, connection_id };
    of_saml(connection.organization, Payload::SamlConnectionDrafted(payload))
}

/// A connection was switched on.
pub fn saml_connection_activated(connection: &Connection) -> Event {
    let (organization_id, connection_id) = ids_of(connection);
    let payload = wire::SamlConnectionActivated { organization_id, connection_id };
    of_saml(connection.organization, Payload::SamlConnectionActivated(payload))
}

/// SAML was switched off.
pub fn saml_connection_disabled(connection: &Connection) -> Event {
    let (organization_id, connection_id) = ids_of(connection);
    let payload = wire::SamlConnectionDisabled { organization_id, connection_id };
    of_saml(connection.organization, Payload::SamlConnectionDisabled(payload))
}

/// A test ended; the check that failed, if one did.
pub fn saml_test_run(connection: &Connection, failed: Option<&str>) -> Event {
    let (organization_id, connection_id) = ids_of(connection);
    let failed_check = failed.unwrap_or_default().to_owned();
    let payload = wire::SamlTestRun { organization_id, connection_id, failed_check };
    of_saml(connection.organization, Payload::SamlTestRun(payload))
}

/// An answer was refused.
pub fn saml_sign_in_refused(entry: &LogEntry) -> Event {
    let payload = wire::SamlSignInRefused {
        organization_id: entry.organization.to_string(),
        connection_id: entry.connection.map(|id| id.to_string()).unwrap_or_default(),
        reference: entry.reference.clone(),
        failed_check: entry.finding.as_ref().map(|finding| finding.check.to_owned()).unwrap_or_default(),
        stranger_count: 0,
        stranger_time: None,
    };
    let event = of_saml(entry.organization, Payload::SamlSignInRefused(payload));
    event.refused(ErrorReason::SamlRefused)
}

/// What strangers posted in a minute was refused.
pub fn strangers_refused(strangers: &Strangers) -> Event {
    let payload = wire::SamlSignInRefused {
        organization_id: strangers.organization.to_string(),
        stranger_count: strangers.refused,
        stranger_time: Some(timestamp(strangers.minute)),
        ..wire::SamlSignInRefused::default()
    };
    let event = of_saml(strangers.organization, Payload::SamlSignInRefused(payload));
    event.by(&Actor::Anonymous).refused(ErrorReason::SamlRefused)
}

fn ids_of(connection: &Connection) -> (String, String) {
    (connection.organization.to_string(), connection.id.to_string())
}

fn of_saml(organization: OrganizationId, payload: Payload) -> Event {
    Event::new(Key::saml(organization), payload).organization(organization)
}

/// An account is staff.
pub fn operator_added(id: AccountId) -> Event {
    let payload = wire::OperatorAdded { account_id: id.to_string() };
    Event::new(Key::account(id), Payload::OperatorAdded(payload))
}

/// An account is staff no more.
pub fn operator_removed(id: AccountId) -> Event {
    let payload = wire::OperatorRemoved { account_id: id.to_string() };
    Event::new(Key::account(id), Payload::OperatorRemoved(payload))
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
