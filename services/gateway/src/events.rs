//! What the gateway tells the other services, and what it listens to.
//!
//! It listens to `identity.session_ended` (queue `gateway.revocations`): see
//! [`app::revocations`](crate::app::revocations).

use crate::{domain::family::Family, store::families::Cause};
use pass_events::{Event, Key};
use pass_proto::events::v1::{self as wire, envelope::Payload, token_family_revoked::Cause as WireCause};
use pass_types::{ClientId, SessionId};

/// The queue of what ends access.
pub const REVOCATIONS: &str = "gateway.revocations";
/// What the queue is bound to.
pub const SESSION_ENDED: &str = "identity.session_ended";

/// An operator registered a client.
pub fn client_registered(client: &ClientId) -> Event {
    let payload = wire::ClientRegistered { client_id: client.to_string() };
    Event::new(Key::client(client), Payload::ClientRegistered(payload))
}

/// A client got another secret.
pub fn client_secret_added(client: &ClientId) -> Event {
    let payload = wire::ClientSecretAdded { client_id: client.to_string() };
    Event::new(Key::client(client), Payload::ClientSecretAdded(payload))
}

/// A client got other keys.
pub fn client_keys_replaced(client: &ClientId) -> Event {
    let payload = wire::ClientKeysReplaced { client_id: client.to_string() };
    Event::new(Key::client(client), Payload::ClientKeysReplaced(payload))
}

/// A signing key was made.
pub fn signing_key_created(key_id: &str) -> Event {
    let payload = wire::SigningKeyCreated { key_id: key_id.to_owned() };
    Event::new(Key::signing_key(key_id), Payload::SigningKeyCreated(payload))
}

/// A family of refresh tokens was revoked.
pub fn token_family_revoked(family: &Family, cause: Cause) -> Event {
    let cause = match cause {
        Cause::Reused => WireCause::Reused,
        Cause::CodeReplayed => WireCause::CodeReplayed,
        Cause::Client => WireCause::Client,
        Cause::SessionEnded => WireCause::SessionEnded,
    };
    let payload = wire::TokenFamilyRevoked {
        family_id: family.id.to_string(),
        client_id: family.client.to_string(),
        account_id: family.account.to_string(),
        session_id: family.session.to_string(),
        cause: cause.into(),
    };
    // Not the client's key: that one goes the other lane.
    Event::new(Key::session(family.session), Payload::TokenFamilyRevoked(payload))
}

/// A client was told that a session ended, or could not be told.
pub fn back_channel_logout_settled(client: &ClientId, session: SessionId, delivered: bool) -> Event {
    let payload = wire::BackChannelLogoutSettled {
        client_id: client.to_string(),
        session_id: session.to_string(),
        delivered,
    };
    Event::new(Key::client(client), Payload::BackChannelLogoutSettled(payload))
}
