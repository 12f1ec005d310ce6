//! What this service tells the others. It takes no events (yet).
//!
//! | event | key | when |
//! |---|---|---|
//! | `sign_up_requested` | sign-up | somebody wants an account: the mail is due |
//! | `account_created` | account | a sign-up was completed |
//! | `account_changed` | account | the owner changed the profile |
//! | `strangers_refused` | strangers | what was refused in a minute to people without an account |
//! | `account_change_refused` | account | what the owner wanted to change is not theirs to change, or not now |
//! | `account_deleted`, `account_deletion_refused` | account | the owner deleted it, or organizations need it (ACC-13) |
//! | `signed_in`, `sign_in_refused` | account | a session began, or a try failed, or a minute's tries were not looked at |
//! | `session_ended` | session | revocation lane: what came of the session is void (API-5) |
//! | `managed_account_invited` | account | a Managed Account is there, or invited anew: the mail is due (MAN-2) |
//! | `managed_account_activated` | account | its first sign-in |
//! | `managed_account_suspended`, `…_resumed`, `…_deleted` | account | its administrators did that (MAN-5) |
//! | `saml_connection_drafted`, `…_activated`, `…_disabled` | saml | its administrators did that |
//! | `saml_test_run` | saml | an administrator's test sign-in ended |
//! | `saml_sign_in_refused` | saml | an answer of an identity provider was refused (SML-5), or a minute's posts of strangers |
//! | `password_reset_requested` | password reset | somebody wants another password: the mail is due (ACC-8) |
//! | `password_reset`, `password_changed` | account | there is another one: the notice is due |
//! | `password_change_refused` | account | the current one was not known, or the new one may not be chosen |
//! | `email_change_requested` | account | a new address is to be confirmed: the mails are due (ACC-7) |
//! | `email_change_refused` | account | it is not going to be: the sign-in is too old, there were too many |
//! | `email_changed` | account | it is the account's, beside `account_changed`: the notices are due |
//! | `new_device_signed_in` | account | a sign-in from a browser and a network that were both new: the mail is due (ACC-10) |
//! | `sign_in_disowned` | account | its owner said that one was somebody else's (ACC-10) |
//! | `sign_in_locked` | account | after too many wrong passwords, whoever typed them waits: the notice is due (ACC-14) |
//! | `security_settings_changed` | account | its owner switched login alerts on, or off: the notice is due |
//! | `second_factor_added`, `…_removed`, `second_factors_disabled` | account | its owner did that: the notice is due (ACC-9) |
//! | `recovery_codes_made`, `recovery_code_used` | account | the same |
//! | `recovery_codes_removed` | account | those of a sign-in that was disowned: the notice is due (ACC-10) |
//! | `second_factor_locked` | account | after too many wrong codes, codes wait: the notice is due (ACC-14) |
//! | `operator_added`, `operator_removed` | account | somebody is staff from now on, or no more |
//! | `space_connected`, `space_link_changed`, `space_disconnected` | account | the owner did that (SPC) |
//! | `space_connect_refused`, `space_sign_in_refused` | account | a space was not connected, or takes its own users only |

mod security;

pub use security::{login_alerts_switched, new_device_signed_in, sign_in_disowned, sign_in_locked};

use crate::domain::{
    guessing::Attempted,
    managed::Managed,
    saml::{Connection, LogEntry, Strangers},
    second_factor::Factor,
    session::{EndCause, Session},
    space::{LegacySpace, SpaceLink, SpaceProfile},
};
use crate::store::refused_tries::RefusedTries;
use pass_events::{Event, Key};
use pass_mesh::Caller;
use pass_proto::{
    convert::{FromWire, timestamp},
    errors::v1::ErrorReason,
    events::v1::{
        self as wire, account_change_refused::Subject, envelope::Payload, session_ended::Cause,
        strangers_refused::Attempt,
    },
};
use pass_types::{
    AccountId, AccountKind, Actor, EmailChangeId, OrganizationId, PasswordResetId, SessionId, SignUpId,
};
use uuid::Uuid;

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
    let payload = wire::SignInRefused { account_id: account.to_string(), ..wire::SignInRefused::default() };
    Event::new(Key::account(account), Payload::SignInRefused(payload)).refused(reason)
}

/// What was refused to strangers in a minute: tries to sign in to an account, or what is about none.
pub fn strangers_refused(tries: &RefusedTries) -> Event {
    let stranger_count = i32::try_from(tries.refused).unwrap_or(i32::MAX);
    let stranger_time = Some(timestamp(tries.minute));
    let event = if let Some(account) = tries.account {
        let account_id = account.to_string();
        let payload = wire::SignInRefused { account_id, stranger_count, stranger_time };
        Event::new(Key::account(account), Payload::SignInRefused(payload))
    } else {
        let attempt = match tries.attempted {
            Attempted::SignIn => Attempt::SignIn,
            Attempted::SignUp => Attempt::SignUp,
            Attempted::PasswordReset => Attempt::PasswordReset,
            Attempted::Link => Attempt::Link,
        };
        let payload = wire::StrangersRefused { attempt: attempt as i32, stranger_count, stranger_time };
        Event::new(Key::strangers(), Payload::StrangersRefused(payload))
    };
    event.by(&Actor::Anonymous).refused(ErrorReason::from_code(&tries.reason))
}

/// The owner may not change the profile so.
pub fn profile_change_refused(account: AccountId, why: ErrorReason) -> Event {
    change_refused(account, Subject::Profile, why)
}

/// The owner may not have that image.
pub fn image_refused(account: AccountId, why: ErrorReason) -> Event {
    change_refused(account, Subject::Image, why)
}

/// The owner may not change second factors so, or not now.
pub fn second_factor_change_refused(account: AccountId, why: ErrorReason) -> Event {
    change_refused(account, Subject::SecondFactors, why)
}

/// The owner may not delete the account, or not now; organizations were not asked.
pub fn deletion_refused(account: AccountId, why: ErrorReason) -> Event {
    change_refused(account, Subject::Deletion, why)
}

/// The owner may not switch login alerts off, or not now.
pub fn settings_refused(account: AccountId, why: ErrorReason) -> Event {
    change_refused(account, Subject::SecuritySettings, why)
}

fn change_refused(account: AccountId, subject: Subject, why: ErrorReason) -> Event {
    let payload = wire::AccountChangeRefused { account_id: account.to_string(), subject: subject as i32 };
    Event::new(Key::account(account), Payload::AccountChangeRefused(payload)).refused(why)
}

/// The mail of a password reset is due.
pub fn password_reset_requested(id: PasswordResetId) -> Event {
    let payload = wire::PasswordResetRequested { password_reset_id: id.to_string() };
    Event::new(Key::password_reset(id), Payload::PasswordResetRequested(payload))
}

/// A password was chosen by the link of a mail.
pub fn password_reset(account: AccountId) -> Event {
    let payload = wire::PasswordReset { account_id: account.to_string() };
    Event::new(Key::account(account), Payload::PasswordReset(payload))
}

/// An account has another password.
pub fn password_changed(account: AccountId) -> Event {
    let payload = wire::PasswordChanged { account_id: account.to_string() };
    Event::new(Key::account(account), Payload::PasswordChanged(payload))
}

/// Somebody who is signed in did not know the current password, or may not choose the new one.
pub fn password_change_refused(account: AccountId, why: ErrorReason) -> Event {
    let payload = wire::PasswordChangeRefused { account_id: account.to_string() };
    Event::new(Key::account(account), Payload::PasswordChangeRefused(payload)).refused(why)
}

/// An account is to have another address.
pub fn email_change_requested(account: AccountId, id: EmailChangeId) -> Event {
    let payload =
        wire::EmailChangeRequested { account_id: account.to_string(), email_change_id: id.to_string() };
    Event::new(Key::account(account), Payload::EmailChangeRequested(payload))
}

/// An account keeps its address.
pub fn email_change_refused(account: AccountId, why: ErrorReason) -> Event {
    let payload = wire::EmailChangeRefused { account_id: account.to_string() };
    Event::new(Key::account(account), Payload::EmailChangeRefused(payload)).refused(why)
}

/// An account has another address.
pub fn email_changed(account: AccountId, id: EmailChangeId) -> Event {
    let payload = wire::EmailChanged { account_id: account.to_string(), email_change_id: id.to_string() };
    Event::new(Key::account(account), Payload::EmailChanged(payload))
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
        EndCause::AccountDeleted => Cause::AccountDeleted,
    };
    let payload = wire::SessionEnded {
        account_id: account.to_string(),
        session_id: session.to_string(),
        cause: cause as i32,
    };
    Event::new(Key::session(session), Payload::SessionEnded(payload))
}

/// An account is gone.
pub fn account_deleted(id: AccountId) -> Event {
    let payload = wire::AccountDeleted { account_id: id.to_string() };
    Event::new(Key::account(id), Payload::AccountDeleted(payload))
}

/// An account stays, because organizations need it.
pub fn account_deletion_refused(id: AccountId) -> Event {
    let payload = wire::AccountDeletionRefused { account_id: id.to_string() };
    let event = Event::new(Key::account(id), Payload::AccountDeletionRefused(payload));
    event.refused(ErrorReason::AccountNeeded)
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
pub fn saml_strangers_refused(strangers: &Strangers) -> Event {
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

/// An account has one more second factor; the alert is about the session that added it.
pub fn second_factor_added(id: AccountId, factor: Factor, alert: Uuid) -> Event {
    let payload = wire::SecondFactorAdded {
        account_id: id.to_string(),
        kind: factor.as_str().to_owned(),
        login_alert_id: alert.to_string(),
    };
    Event::new(Key::account(id), Payload::SecondFactorAdded(payload))
}

/// An account has one fewer, and still has some.
pub fn second_factor_removed(id: AccountId, factor: Factor) -> Event {
    let payload = wire::SecondFactorRemoved { account_id: id.to_string(), kind: factor.as_str().to_owned() };
    Event::new(Key::account(id), Payload::SecondFactorRemoved(payload))
}

/// An account has no second factor any more.
pub fn second_factors_disabled(id: AccountId) -> Event {
    let payload = wire::SecondFactorsDisabled { account_id: id.to_string() };
    Event::new(Key::account(id), Payload::SecondFactorsDisabled(payload))
}

/// An account has new recovery codes.
pub fn recovery_codes_made(id: AccountId) -> Event {
    let payload = wire::RecoveryCodesMade { account_id: id.to_string() };
    Event::new(Key::account(id), Payload::RecoveryCodesMade(payload))
}

/// What "this was not me" removed was all of an account's recovery codes.
pub fn recovery_codes_removed(id: AccountId) -> Event {
    let payload = wire::RecoveryCodesRemoved { account_id: id.to_string() };
    Event::new(Key::account(id), Payload::RecoveryCodesRemoved(payload))
}

/// Who knows an account's password and guesses codes has to wait.
pub fn second_factor_locked(id: AccountId) -> Event {
    let payload = wire::SecondFactorLocked { account_id: id.to_string() };
    Event::new(Key::account(id), Payload::SecondFactorLocked(payload))
}

/// An account has one recovery code fewer.
pub fn recovery_code_used(id: AccountId, left: i64) -> Event {
    let left = i32::try_from(left).unwrap_or(i32::MAX);
    let payload = wire::RecoveryCodeUsed { account_id: id.to_string(), left };
    Event::new(Key::account(id), Payload::RecoveryCodeUsed(payload))
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

/// A user of a legacy space belongs to an account.
pub fn space_connected(link: &SpaceLink) -> Event {
    let payload = wire::SpaceConnected {
        account_id: link.account.to_string(),
        space_link_id: link.id.to_string(),
        product: link.space.product.to_wire() as i32,
        space_id: link.space.id.as_str().to_owned(),
        space_user_id: link.user.as_str().to_owned(),
    };
    Event::new(Key::account(link.account), Payload::SpaceConnected(payload))
}

/// What a connected space shows, or how it is logged in to, is different now.
pub fn space_link_changed(link: &SpaceLink) -> Event {
    let payload = wire::SpaceLinkChanged {
        account_id: link.account.to_string(),
        space_link_id: link.id.to_string(),
        product: link.space.product.to_wire() as i32,
        space_id: link.space.id.as_str().to_owned(),
        space_user_id: link.user.as_str().to_owned(),
        account_information: link.profile == SpaceProfile::Account,
        account_login: link.takes_account(),
    };
    Event::new(Key::account(link.account), Payload::SpaceLinkChanged(payload))
}

/// A user of a legacy space belongs to nobody any more.
pub fn space_disconnected(link: &SpaceLink) -> Event {
    let payload = wire::SpaceDisconnected {
        account_id: link.account.to_string(),
        space_link_id: link.id.to_string(),
        product: link.space.product.to_wire() as i32,
        space_id: link.space.id.as_str().to_owned(),
        space_user_id: link.user.as_str().to_owned(),
    };
    Event::new(Key::account(link.account), Payload::SpaceDisconnected(payload))
}

/// A space was not connected.
pub fn space_connect_refused(account: AccountId, space: &LegacySpace, why: ErrorReason) -> Event {
    let payload = wire::SpaceConnectRefused {
        account_id: account.to_string(),
        product: space.product.to_wire() as i32,
        space_id: space.id.as_str().to_owned(),
    };
    Event::new(Key::account(account), Payload::SpaceConnectRefused(payload)).refused(why)
}

/// A connected space was not logged in to with the Nulab Account.
pub fn space_sign_in_refused(link: &SpaceLink, why: ErrorReason) -> Event {
    let payload = wire::SpaceSignInRefused {
        account_id: link.account.to_string(),
        product: link.space.product.to_wire() as i32,
        space_id: link.space.id.as_str().to_owned(),
    };
    Event::new(Key::account(link.account), Payload::SpaceSignInRefused(payload)).refused(why)
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
