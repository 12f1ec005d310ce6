//! Typed ids. All but [`ClientId`] are UUIDv7 (RFC 9562), made from the [`Clock`](crate::Clock) and
//! [`Entropy`].

use crate::{Entropy, Invalid};
use std::{fmt, str::FromStr};
use time::OffsetDateTime;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id for something made at `now`.
            #[must_use]
            pub fn generate(entropy: &Entropy, now: OffsetDateTime) -> Self {
                Self(entropy.uuid(now))
            }

            /// The id as the database and protobuf keep it.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                Uuid::try_parse(text).map(Self).map_err(|_| Invalid("must be a UUID"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

ids! {
    /// An account of either kind.
    AccountId
    /// An application for Nulab Pass (BIL-1).
    ApplicationId
    /// A domain of an organization (DOM-1).
    DomainId
    /// A wish for another address of an account (ACC-7).
    EmailChangeId
    /// An event, the same however often it is delivered.
    EventId
    /// What one authorization code gave to one relying party: all tokens that came of it.
    GrantId
    /// An invitation to an organization.
    InvitationId
    /// An organization.
    OrganizationId
    /// A wish for another password (ACC-8).
    PasswordResetId
    /// What a caller names a change by, so that the change happens once however often it is asked for.
    RequestId
    /// One version of an organization's SAML connection (SML-6).
    SamlConnectionId
    /// An administrator's test sign-in (SML-6).
    SamlTestId
    /// A security key or passkey of an account (ACC-9).
    SecurityKeyId
    /// A browser's session.
    SessionId
    /// A wish for an account that is not one yet (ACC-1).
    SignUpId
    /// A user of a legacy space who belongs to an account (SPC-2).
    SpaceLinkId
    /// A team of an organization (ORG-8).
    TeamId
}

/// A relying party's `client_id` (RFC 6749, 2.2): 1-64 of `[a-z0-9-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// The id as the wire and the database have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid("must be 1-64 lower-case letters, digits or hyphens"))
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
