//! What is told, and how it is addressed.

use pass_proto::{errors::v1::ErrorReason, events::v1::envelope::Payload};
use pass_types::{AccountId, Actor, ClientId, OrganizationId, Origin, PasswordResetId, SessionId, SignUpId};
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

    /// A reset of a password. [It ends](Self::ends).
    pub fn password_reset(id: PasswordResetId) -> Self {
        Self(format!("password_reset/{id}"))
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

    /// Who did not prove who they are.
    pub fn strangers() -> Self {
        Self("strangers/all".to_owned())
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
        ["session/", "sign_up/", "password_reset/"].iter().any(|kind| self.0.starts_with(kind))
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
        Payload::PasswordResetRequested(_) => ("password_reset_requested", Normal),
        Payload::PasswordReset(_) => ("password_reset", Normal),
        Payload::PasswordChanged(_) => ("password_changed", Normal),
        Payload::PasswordChangeRefused(_) => ("password_change_refused", Normal),
        Payload::EmailChangeRequested(_) => ("email_change_requested", Normal),
        Payload::EmailChanged(_) => ("email_changed", Normal),
        Payload::EmailChangeRefused(_) => ("email_change_refused", Normal),
        Payload::NewDeviceSignedIn(_) => ("new_device_signed_in", Normal),
        Payload::SignInDisowned(_) => ("sign_in_disowned", Normal),
        Payload::SignInLocked(_) => ("sign_in_locked", Normal),
        Payload::SecondFactorLocked(_) => ("second_factor_locked", Normal),
        Payload::SecuritySettingsChanged(_) => ("security_settings_changed", Normal),
        Payload::SecondFactorAdded(_) => ("second_factor_added", Normal),
        Payload::SecondFactorRemoved(_) => ("second_factor_removed", Normal),
        Payload::SecondFactorsDisabled(_) => ("second_factors_disabled", Normal),
        Payload::RecoveryCodesMade(_) => ("recovery_codes_made", Normal),
        Payload::RecoveryCodesRemoved(_) => ("recovery_codes_removed", Normal),
        Payload::RecoveryCodeUsed(_) => ("recovery_code_used", Normal),
        Payload::AccountDeleted(_) => ("account_deleted", Normal),
        Payload::AccountChangeRefused(_) => ("account_change_refused", Normal),
        Payload::StrangersRefused(_) => ("strangers_refused", Normal),
        Payload::AccountDeletionRefused(_) => ("account_deletion_refused", Normal),
        Payload::SpaceConnected(_) => ("space_connected", Normal),
        Payload::SpaceLinkChanged(_) => ("space_link_changed", Normal),
        Payload::SpaceDisconnected(_) => ("space_disconnected", Normal),
        Payload::SpaceConnectRefused(_) => ("space_connect_refused", Normal),
        Payload::SpaceSignInRefused(_) => ("space_sign_in_refused", Normal),
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
    use prost_reflect::Kind;

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

    /// What events say in words, beside ids. Whoever adds to it has seen that it is no secret, no link, no address and
    /// nobody's name: those are asked for when they are needed (a mail is rendered), and are nowhere else to be erased.
    const WORDS: &[&str] = &[
        // Of domains, which are public.
        "DomainAdded.name",
        "DomainVerified.name",
        "DomainRemoved.name",
        // Of fields, methods, kinds, checks and plans: ours.
        "AccountChanged.fields",
        "SecuritySettingsChanged.fields",
        "SignedIn.methods",
        "SamlTestRun.failed_check",
        "SamlSignInRefused.failed_check",
        "SecondFactorAdded.kind",
        "SecondFactorRemoved.kind",
        "SpaceCreated.plan",
        // Generated.
        "SamlSignInRefused.reference",
        "OrganizationCreated.space_key",
    ];

    /// proves security.md, "Everywhere": events carry ids and facts, and nothing personal
    #[test]
    fn events_carry_ids_and_facts() {
        let pool = pass_proto::descriptor_pool();
        let envelope = pool.get_message_by_name("pass.events.v1.Envelope").unwrap();
        let payloads = envelope.oneofs().find(|oneof| oneof.name() == "payload").unwrap();
        let mut words = Vec::new();
        for payload in payloads.fields() {
            let message = payload.kind().as_message().unwrap().clone();
            for field in message.fields() {
                let name = field.name();
                match field.kind() {
                    Kind::String if name.ends_with("_id") || name.ends_with("_ids") => {}
                    Kind::String | Kind::Bytes => words.push(format!("{}.{name}", message.name())),
                    Kind::Message(inner) => assert_eq!(inner.full_name(), "google.protobuf.Timestamp"),
                    _ => {}
                }
            }
        }
        words.retain(|word| !WORDS.contains(&word.as_str()));
        assert!(words.is_empty(), "new words in events: {words:?}");
    }
}
