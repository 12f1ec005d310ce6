//! What ends access before its time: not-before rows (API-5).

use pass_types::{AccountId, Invalid, OrganizationId, SessionId};
use time::OffsetDateTime;

/// Whose tokens are void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One session's.
    Session(SessionId),
    /// One account's.
    Account(AccountId),
    /// Those of all Managed Accounts of an organization.
    ManagedAccounts(OrganizationId),
    /// One account's in one organization.
    Membership(AccountId, OrganizationId),
}

/// Tokens of `subject` issued before a time are void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Whose tokens.
    pub subject: Subject,
    /// Issued before this.
    pub not_before: OffsetDateTime,
}

impl Subject {
    /// The kind as the database has it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Account(_) => "account",
            Self::ManagedAccounts(_) => "managed_accounts",
            Self::Membership(..) => "membership",
        }
    }

    /// The id as the database has it.
    pub fn id(&self) -> String {
        match self {
            Self::Session(id) => id.to_string(),
            Self::Account(id) => id.to_string(),
            Self::ManagedAccounts(id) => id.to_string(),
            Self::Membership(account, organization) => format!("{account}/{organization}"),
        }
    }

    /// From what the database has.
    pub fn parse(kind: &str, id: &str) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid("is not a subject of a revocation");
        Ok(match kind {
            "session" => Self::Session(id.parse()?),
            "account" => Self::Account(id.parse()?),
            "managed_accounts" => Self::ManagedAccounts(id.parse()?),
            "membership" => {
                let (account, organization) = id.split_once('/').ok_or(WRONG)?;
                Self::Membership(account.parse()?, organization.parse()?)
            }
            _ => return Err(WRONG),
        })
    }
}
