//! The owner's own profile (ACC-3, ACC-4).

use super::{Identity, Owner, database_kind};
use crate::domain::{
    account::{Account, Change, ChangeRefused},
    security_event::Kind as Noted,
};
use crate::{
    events::{self, ByCaller},
    store::{self, accounts::WriteError},
};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::Kind;

/// Why the profile was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The account is gone.
    #[error("there is no such account")]
    NotFound,
    /// Somebody else changed it since.
    #[error("the account was changed meanwhile; look at it again")]
    Outdated,
    /// MAN-4.
    #[error("this account is managed by its organization, which keeps the name")]
    Managed,
    /// ACC-4.
    #[error("somebody else has this unique ID")]
    UniqueIdTaken,
    /// The database failed.
    #[error("looking after the profile")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// The owner's account.
    pub async fn profile(&self, owner: &Owner<'_>) -> Result<Account, ProfileError> {
        let mut db = self.pool.acquire().await?;
        store::accounts::by_id(&mut db, owner.account).await?.ok_or(ProfileError::NotFound)
    }

    /// Changes the owner's account; what it is afterwards.
    pub async fn change_profile(&self, owner: &Owner<'_>, change: Change) -> Result<Account, ProfileError> {
        let changed = self.change_own_profile(owner, change).await;
        if let Err(why @ (ProfileError::Managed | ProfileError::UniqueIdTaken)) = &changed {
            let refused = events::profile_change_refused(owner.account, why.reason());
            self.tell(refused.by_caller(owner.caller)).await?;
        }
        changed
    }

    async fn change_own_profile(&self, owner: &Owner<'_>, change: Change) -> Result<Account, ProfileError> {
        let mut tx = self.pool.begin().await?;
        let account = store::accounts::lock(&mut tx, owner.account).await?.ok_or(ProfileError::NotFound)?;
        let (account, fields) = account.change(change)?;
        if fields.is_empty() {
            return Ok(account);
        }
        store::accounts::update(&mut tx, &account).await?;
        if fields.contains(&"unique_id") {
            self.note_for_owner(&mut tx, owner.caller, account.id, Noted::UniqueIdChanged, "").await?;
        }
        let changed = events::account_changed(account.id, &fields);
        self.outbox.publish(&mut tx, changed.by_caller(owner.caller)).await?;
        tx.commit().await?;
        Ok(account)
    }
}

impl From<ChangeRefused> for ProfileError {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::Outdated => Self::Outdated,
            ChangeRefused::Managed => Self::Managed,
        }
    }
}

impl From<WriteError> for ProfileError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::UniqueIdTaken(_) => Self::UniqueIdTaken,
            // The address is not the profile's to change.
            WriteError::EmailTaken(error) | WriteError::Database(error) => Self::Database(error),
        }
    }
}

impl Problem for ProfileError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Outdated => Kind::Conflict,
            Self::Managed => Kind::Forbidden,
            Self::UniqueIdTaken => Kind::AlreadyExists,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::Outdated => ErrorReason::Conflict,
            Self::Managed => ErrorReason::ManagedByOrganization,
            Self::UniqueIdTaken => ErrorReason::UniqueIdTaken,
            Self::Database(error) => database_kind(error).1,
        }
    }
}
