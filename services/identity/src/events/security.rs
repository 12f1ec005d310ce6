//! What is told of an account's safety (ACC-10, ACC-14).

use crate::domain::login_alert::LoginAlert;
use pass_events::{Event, Key};
use pass_proto::events::v1::{self as wire, envelope::Payload};
use pass_types::{AccountId, SessionId};
use uuid::Uuid;

/// A session began on something new.
pub fn new_device_signed_in(alert: &LoginAlert, session: SessionId) -> Event {
    let payload = wire::NewDeviceSignedIn {
        account_id: alert.account.to_string(),
        session_id: session.to_string(),
        login_alert_id: alert.id.to_string(),
    };
    Event::new(Key::account(alert.account), Payload::NewDeviceSignedIn(payload))
}

/// A sign-in was not its owner's.
pub fn sign_in_disowned(account: AccountId, alert: Uuid) -> Event {
    let payload = wire::SignInDisowned { account_id: account.to_string(), login_alert_id: alert.to_string() };
    Event::new(Key::account(account), Payload::SignInDisowned(payload))
}

/// Strangers who guess an account's password have to wait.
pub fn sign_in_locked(account: AccountId) -> Event {
    let payload = wire::SignInLocked { account_id: account.to_string() };
    Event::new(Key::account(account), Payload::SignInLocked(payload))
}

/// The owner switched login alerts.
pub fn login_alerts_switched(account: AccountId, on: bool) -> Event {
    let payload = wire::SecuritySettingsChanged {
        account_id: account.to_string(),
        fields: vec!["login_alerts".to_owned()],
        login_alerts: Some(on),
    };
    Event::new(Key::account(account), Payload::SecuritySettingsChanged(payload))
}
