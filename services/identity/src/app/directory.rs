//! What the other services ask about people: who they are, and what a mail to them needs.

use super::{Identity, database_kind};
use crate::domain::{account::Account, sign_up::SignUp};
use crate::store;
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Appearance, Email, Kind, Language, OrganizationId, SignUpId, TimeZone};

/// All that the mail of a sign-up needs.
pub struct SignUpMail {
    /// The sign-up.
    pub sign_up: SignUp,
    /// Where the mail leads: to choosing the password, or to the sign-in page.
    pub url: String,
    /// The address has an account already.
    pub account_exists: bool,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// What the mail was about was completed or has expired.
    #[error("what the mail was about is over")]
    LinkInvalid,
    /// The database failed.
    #[error("looking people up")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// Those of the accounts that exist.
    pub async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<Account>, DirectoryError> {
        let mut db = self.pool.acquire().await?;
        Ok(store::accounts::by_ids(&mut db, ids).await?)
    }

    /// How to write to an address, if an account has it.
    pub async fn mail_preferences(
        &self,
        email: &Email,
    ) -> Result<Option<(Language, TimeZone, Appearance)>, DirectoryError> {
        let mut db = self.pool.acquire().await?;
        let account = store::accounts::by_email(&mut db, email).await?;
        Ok(account.map(|account| (account.language, account.time_zone, account.appearance)))
    }

    /// How many Managed Accounts of an organization have an address in a domain (DOM-6).
    pub async fn count_managed_accounts(
        &self,
        organization: OrganizationId,
        domain: &str,
    ) -> Result<i64, DirectoryError> {
        // No domain has one, and PostgreSQL does not take it.
        if domain.contains('\0') {
            return Ok(0);
        }
        let mut db = self.pool.acquire().await?;
        Ok(store::managed_accounts::count_in_domain(&mut db, organization, domain).await?)
    }

    /// What the mail of a sign-up says.
    pub async fn sign_up_mail(&self, id: SignUpId) -> Result<SignUpMail, DirectoryError> {
        let mut db = self.pool.acquire().await?;
        let sign_up = store::sign_ups::open(&mut db, id, self.clock.now()).await?;
        let sign_up = sign_up.ok_or(DirectoryError::LinkInvalid)?;
        let account_exists = store::accounts::nulab_account_has(&mut db, &sign_up.wish.email).await?;
        let page =
            if account_exists { "sign-in".to_owned() } else { format!("sign-up/{}", self.mint_link(id)) };
        let url = format!("{}/{page}", self.rules.gateway_url);
        Ok(SignUpMail { sign_up, url, account_exists })
    }
}

impl Problem for DirectoryError {
    fn kind(&self) -> Kind {
        match self {
            Self::LinkInvalid => Kind::Precondition,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::LinkInvalid => ErrorReason::LinkInvalid,
            Self::Database(error) => database_kind(error).1,
        }
    }
}
