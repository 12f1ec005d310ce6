//! The closed sets of values.

use crate::Invalid;
use std::{fmt, str::FromStr};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word for it in databases, tokens and URLs.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Invalid(concat!("must be one of:" $(, " ", $word)+))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(<D::Error as serde::de::Error>::custom)
            }
        }
    )+};
}

words! {
    /// A language of pages and mails (ACC-3).
    Language {
        /// English.
        En = "en",
        /// Japanese.
        Ja = "ja",
    }
    /// How pages look (ACC-3).
    Appearance {
        /// Dark on light.
        Light = "light",
        /// Light on dark.
        Dark = "dark",
        /// As the browser asks.
        System = "system",
    }
    /// The two kinds of accounts.
    AccountKind {
        /// Personal, run by the person who owns it.
        Nulab = "nulab",
        /// Owned by one organization; signs in by SAML only.
        Managed = "managed",
    }
    /// A member's role in an organization (ORG-4).
    Role {
        /// Runs the organization.
        Administrator = "administrator",
        /// Takes part.
        Member = "member",
        /// Takes part, and sees only the own teams.
        Guest = "guest",
    }
    /// What a member may do beyond the role (ORG-4).
    Privilege {
        /// Plans, seats, payment, invoices.
        PlanAdmin = "plan_admin",
        /// Reads the audit log.
        AuditLogAdmin = "audit_log_admin",
        /// Invites by mail.
        Invite = "invite",
    }
    /// A product of the suite.
    Product {
        /// Project management.
        Backlog = "backlog",
        /// Diagrams.
        Cacoo = "cacoo",
        /// Chat.
        Typetalk = "typetalk",
    }
}

/// A set of privileges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Privileges(Vec<Privilege>);

impl Privileges {
    /// Whether the privilege is one of them.
    pub fn has(&self, privilege: Privilege) -> bool {
        self.0.contains(&privilege)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Privilege> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Privilege> for Privileges {
    fn from_iter<I: IntoIterator<Item = Privilege>>(privileges: I) -> Self {
        let mut privileges: Vec<_> = privileges.into_iter().collect();
        privileges.sort_unstable();
        privileges.dedup();
        Self(privileges)
    }
}
