//! What ends access before its time: not-before rows (API-5).

use pass_types::{AccountId, GrantId, Invalid, OrganizationId, SessionId};
use time::OffsetDateTime;

/// Whose tokens are void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One session's.
    Session(SessionId),
    /// One grant's: what came of one code.
    Grant(GrantId),
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
    /// Everything whose revocation voids a token: of a session, its account and a grant, in an organization if
    /// in one, there as a Managed Account or not.
    pub fn of_token(
        session: SessionId,
        account: AccountId,
        grant: GrantId,
        organization: Option<OrganizationId>,
        managed: bool,
    ) -> Vec<Self> {
        let mut subjects = vec![Self::Session(session), Self::Account(account), Self::Grant(grant)];
        if let Some(organization) = organization {
            subjects.push(Self::Membership(account, organization));
            subjects.extend(managed.then_some(Self::ManagedAccounts(organization)));
        }
        subjects
    }

    /// The kind as the database has it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Grant(_) => "grant",
            Self::Account(_) => "account",
            Self::ManagedAccounts(_) => "managed_accounts",
            Self::Membership(..) => "membership",
        }
    }

    /// The id as the database has it.
    pub fn id(&self) -> String {
        match self {
            Self::Session(id) => id.to_string(),
            Self::Grant(id) => id.to_string(),
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
            "grant" => Self::Grant(id.parse()?),
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

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Entropy;

    /// proves API-5: whatever a token comes from can void it
    #[test]
    fn what_a_token_comes_from() {
        let uuid = || Entropy::from_seed(1).uuid(OffsetDateTime::UNIX_EPOCH);
        let (session, account, grant) = (uuid().into(), uuid().into(), uuid().into());
        let organization: OrganizationId = uuid().into();
        let of = |organization, managed| Subject::of_token(session, account, grant, organization, managed);
        let always = [Subject::Session(session), Subject::Account(account), Subject::Grant(grant)];
        let member = [&always[..], &[Subject::Membership(account, organization)]].concat();
        let managed = [&member[..], &[Subject::ManagedAccounts(organization)]].concat();
        assert_eq!(of(None, false), always);
        assert_eq!(of(None, true), always);
        assert_eq!(of(Some(organization), false), member);
        assert_eq!(of(Some(organization), true), managed);
    }
}
