//! What is told, and how it is addressed.

use pass_proto::{errors::v1::ErrorReason, events::v1::envelope::Payload};
use pass_types::{AccountId, Actor, ClientId, OrganizationId, Origin, SessionId, SignUpId};
use std::fmt;

/// What an event is about. A key's events are numbered, and arrive in that order; they all go one lane.
///
/// A transaction that publishes for several keys should do so in the same order as others do: each
/// holds the key's row until it commits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// An account.
    pub fn account(id: AccountId) -> Self {
        Self(format!("account/{id}"))
    }

    /// A browser's session. Apart from its account's, as its end has a lane of its own. [It ends](Self::ends).
    pub fn session(id: SessionId) -> Self {
        Self(format!("session/{id}"))
    }

    /// A wish for an account. [It ends](Self::ends).
    pub fn sign_up(id: SignUpId) -> Self {
        Self(format!("sign_up/{id}"))
    }

    /// An organization.
    pub fn organization(id: OrganizationId) -> Self {
        Self(format!("organization/{id}"))
    }

    /// An organization's SAML connection and what comes of it. Apart from its organization's, so that a
    /// flood of refused sign-ins holds up nothing else.
    pub fn saml(id: OrganizationId) -> Self {
        Self(format!("saml/{id}"))
    }

    /// A relying party.
    pub fn client(id: &ClientId) -> Self {
        Self(format!("client/{id}"))
    }

    /// A signing key, by its `kid`.
    pub fn signing_key(id: &str) -> Self {
        Self(format!("signing_key/{id}"))
    }

    /// Whether it is of something short-lived: 30 days after its last event the key is forgotten, so that the
    /// table of keys does not grow for ever. It would be numbered from 1 again, so nothing may be published for it
    /// later (sessions and links end within hours or days), and a consumer must not apply its state by
    /// [`is_news`](crate::is_news) but let each event of it count by itself: what has ended has ended.
    pub(crate) fn ends(&self) -> bool {
        self.0.starts_with("session/") || self.0.starts_with("sign_up/")
    }

    /// The text, as the envelope has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An event that has not been published: what happened, to what, by whom.
#[derive(Debug, Clone)]
pub struct Event {
    pub(crate) key: Key,
    pub(crate) payload: Payload,
    pub(crate) actor: Option<Actor>,
    pub(crate) origin: Origin,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) refused: Option<ErrorReason>,
}

impl Event {
    /// Something that happened; done by the publishing service itself unless [`by`](Self::by) says
    /// otherwise.
    #[must_use]
    pub fn new(key: Key, payload: Payload) -> Self {
        Self { key, payload, actor: None, origin: Origin::default(), organization: None, refused: None }
    }

    /// Who did it.
    #[must_use]
    pub fn by(mut self, actor: &Actor) -> Self {
        self.actor = Some(actor.clone());
        self
    }

    /// Where the request came from.
    #[must_use]
    pub fn from(mut self, origin: &Origin) -> Self {
        self.origin = origin.clone();
        self
    }

    /// The organization concerned.
    #[must_use]
    pub fn organization(mut self, id: OrganizationId) -> Self {
        self.organization = Some(id);
        self
    }

    /// It was refused, and why.
    #[must_use]
    pub fn refused(mut self, reason: ErrorReason) -> Self {
        self.refused = Some(reason);
        self
    }
}

/// Which queue of the outbox an event waits in. Lanes are carried independently of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// What takes access away: a bulk job must not delay it.
    Revocation,
    /// Everything else.
    Normal,
}

impl Lane {
    pub(crate) const ALL: [Self; 2] = [Self::Revocation, Self::Normal];

    /// The lane of an event.
    pub fn of(payload: &Payload) -> Self {
        describe(payload).1
    }

    /// As the database has it.
    pub(crate) fn number(self) -> i16 {
        match self {
            Self::Revocation => 0,
            Self::Normal => 1,
        }
    }

    /// As metrics, logs and readiness have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Normal => "normal",
        }
    }
}

/// How the broker addresses an event: "<source>.<payload field name>".
pub fn routing_key(source: &str, payload: &Payload) -> String {
    format!("{source}.{}", describe(payload).0)
}

/// The payload's field name in the envelope, and its lane.
fn describe(payload: &Payload) -> (&'static str, Lane) {
    use Lane::{Normal, Revocation};
    match payload {
        Payload::SignUpRequested(_) => ("sign_up_requested", Normal),
        Payload::AccountCreated(_) => ("account_created", Normal),
        Payload::AccountChanged(_) => ("account_changed", Normal),
        Payload::SignedIn(_) => ("signed_in", Normal),
        Payload::SignInRefused(_) => ("sign_in_refused", Normal),
        Payload::SessionEnded(_) => ("session_ended", Revocation),
        Payload::ManagedAccountInvited(_) => ("managed_account_invited", Normal),
        Payload::ManagedAccountActivated(_) => ("managed_account_activated", Normal),
        Payload::ManagedAccountSuspended(_) => ("managed_account_suspended", Normal),
        Payload::ManagedAccountResumed(_) => ("managed_account_resumed", Normal),
        Payload::ManagedAccountDeleted(_) => ("managed_account_deleted", Normal),
        Payload::SamlConnectionDrafted(_) => ("saml_connection_drafted", Normal),
        Payload::SamlConnectionActivated(_) => ("saml_connection_activated", Normal),
        Payload::SamlConnectionDisabled(_) => ("saml_connection_disabled", Normal),
        Payload::SamlTestRun(_) => ("saml_test_run", Normal),
        Payload::SamlSignInRefused(_) => ("saml_sign_in_refused", Normal),
        Payload::OperatorAdded(_) => ("operator_added", Normal),
        Payload::OperatorRemoved(_) => ("operator_removed", Normal),
        Payload::OrganizationCreated(_) => ("organization_created", Normal),
        Payload::SpaceCreated(_) => ("space_created", Normal),
        Payload::MemberAdded(_) => ("member_added", Normal),
        Payload::InvitationCreated(_) => ("invitation_created", Normal),
        Payload::InvitationAccepted(_) => ("invitation_accepted", Normal),
        Payload::InvitationCanceled(_) => ("invitation_canceled", Normal),
        Payload::InvitationExpired(_) => ("invitation_expired", Normal),
        Payload::OrganizationHandleChanged(_) => ("organization_handle_changed", Normal),
        Payload::TeamCreated(_) => ("team_created", Normal),
        Payload::ManagedMemberSuspended(_) => ("managed_member_suspended", Normal),
        Payload::ManagedMemberResumed(_) => ("managed_member_resumed", Normal),
        Payload::MemberRemoved(_) => ("member_removed", Normal),
        Payload::ClientRegistered(_) => ("client_registered", Normal),
        Payload::SigningKeyCreated(_) => ("signing_key_created", Normal),
        Payload::TokenFamilyRevoked(_) => ("token_family_revoked", Revocation),
        Payload::BackChannelLogoutSettled(_) => ("back_channel_logout_settled", Normal),
        Payload::ClientSecretAdded(_) => ("client_secret_added", Normal),
        Payload::ClientKeysReplaced(_) => ("client_keys_replaced", Normal),
        Payload::ApplicationSubmitted(_) => ("application_submitted", Normal),
        Payload::ApplicationApproved(_) => ("application_approved", Normal),
        Payload::ApplicationRejected(_) => ("application_rejected", Normal),
        Payload::TrialEnded(_) => ("trial_ended", Normal),
        Payload::SeatTaken(_) => ("seat_taken", Normal),
        Payload::SeatFreed(_) => ("seat_freed", Normal),
        Payload::DomainAdded(_) => ("domain_added", Normal),
        Payload::DomainVerified(_) => ("domain_verified", Normal),
        Payload::DomainRemoved(_) => ("domain_removed", Normal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_proto::events::v1::Envelope;
    use prost::Message;

    /// Builds an envelope of each payload that the contract has, from its descriptor.
    #[test]
    fn the_names_are_the_contracts() {
        let envelope = pass_proto::descriptor_pool().get_message_by_name("pass.events.v1.Envelope").unwrap();
        let payloads = envelope.oneofs().find(|oneof| oneof.name() == "payload").unwrap();
        assert!(payloads.fields().len() > 10);
        for field in payloads.fields() {
            // An empty message in that field: its tag (length-delimited) and the length 0.
            let mut encoded = Vec::new();
            prost::encoding::encode_key(
                field.number(),
                prost::encoding::WireType::LengthDelimited,
                &mut encoded,
            );
            encoded.push(0);
            let payload = Envelope::decode(encoded.as_slice()).unwrap().payload.unwrap();
            assert_eq!(routing_key("identity", &payload), format!("identity.{}", field.name()));
        }
    }
}
