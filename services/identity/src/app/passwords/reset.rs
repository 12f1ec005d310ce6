//! Resetting a password (ACC-8): asking for it, following the link, choosing another one.
//!
//! Who asks learns nothing about whether the address has an account, by the answer or by its time: the same statements
//! run, and what they wrote for nobody is taken back before the commit. The mail tells, to whoever reads the mailbox.

use super::ChoiceError;
use crate::app::{Identity, Tx, database_kind};
use crate::domain::{
    account::Account,
    device::{ProductName, Visit},
    password_reset::PasswordReset,
    security_event::Kind as What,
    session::EndCause,
    sign_up::Continuation,
    throttle::TooOften,
};
use crate::{
    events::{self, ByCaller},
    store,
};
use pass_mesh::{Caller, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{
    AccountId, AccountKind, Email, Kind, Language, PasswordResetId, Secret, TimeZone, Violation, network,
};
use sqlx::Connection;
use std::time::Duration;

/// What the links of resets are minted for.
const PURPOSE: &str = "password-reset";
/// A reset has one link.
const ATTEMPT: i32 = 1;

/// All that the mail of a reset needs.
pub struct PasswordResetMail {
    /// The reset.
    pub reset: PasswordReset,
    /// Where the mail goes.
    pub email: Email,
    /// What the address belongs to: a Nulab Account before a Managed Account; `None`: to none.
    pub owner: Option<AccountKind>,
    /// The owner's, or of the page where it was asked for.
    pub language: Language,
    /// The owner's.
    pub time_zone: TimeZone,
    /// Where the mail leads: to choosing the password, to where a Managed Account signs in, or to signing up.
    pub url: String,
}

/// Why a password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Too many from this network.
    #[error("there were too many resets from this network; wait a while, then try again")]
    TooOften(Duration),
    /// Used, expired, never was, or the account has another address now.
    #[error("this link was used or has expired")]
    LinkInvalid,
    /// The password was not taken.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The database failed.
    #[error("resetting a password")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// Asks for another password. Does the same whether or not the address has an account: the mail tells.
    pub async fn request_password_reset(
        &self,
        caller: &Caller,
        email: Email,
        language: Language,
        continuation: Continuation,
    ) -> Result<(), ResetError> {
        let now = self.clock.now();
        let by_network = self.subject("password reset network", &network(&caller.origin.address));
        let by_address = self.subject("password reset address", email.key());
        let mut tx = self.pool.begin().await?;

        let empty_at = store::throttles::lock(&mut tx, &by_network, now).await?;
        let network_after = self.rules.password_resets_per_network.take(empty_at, now)?;
        store::throttles::save(&mut tx, &by_network, network_after).await?;

        let empty_at = store::throttles::lock(&mut tx, &by_address, now).await?;
        if let Ok(address_after) = self.rules.password_resets_per_address.take(empty_at, now) {
            store::throttles::save(&mut tx, &by_address, address_after).await?;
            self.open_reset(&mut tx, caller, email, language, continuation).await?;
        } // Else: whoever owns the mailbox has mails enough, and nobody else learns that.
        tx.commit().await?;
        Ok(())
    }

    /// Has the mail with the link sent, in the transaction of what it is sent for.
    pub(in crate::app) async fn open_reset(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        email: Email,
        language: Language,
        continuation: Continuation,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let id = PasswordResetId::generate(&self.entropy, now);
        let reset = PasswordReset::begin(id, email, language, continuation, now);
        store::password_resets::insert(tx, &reset).await?;
        self.outbox.publish(tx, events::password_reset_requested(reset.id).by_caller(caller)).await?;
        let owner = store::accounts::nulab_account_of(tx, &reset.email).await?;
        let nobody = AccountId::generate(&self.entropy, now);
        let mut noted = tx.begin().await?;
        let account = owner.unwrap_or(nobody);
        self.note_for_owner(&mut noted, caller, account, What::PasswordResetRequested, "").await?;
        if owner.is_some() { noted.commit().await } else { noted.rollback().await }
    }

    /// What the mail of a reset says.
    pub async fn password_reset_mail(&self, id: PasswordResetId) -> Result<PasswordResetMail, ResetError> {
        let mut db = self.pool.acquire().await?;
        let reset = store::password_resets::open(&mut db, id, self.clock.now()).await?;
        let reset = reset.ok_or(ResetError::LinkInvalid)?;
        let account = store::accounts::by_email(&mut db, &reset.email).await?;
        let page = match account.as_ref().map(|account| account.kind) {
            Some(AccountKind::Nulab) => {
                format!("reset-password/{}", self.links.mint(PURPOSE, id.uuid(), ATTEMPT))
            }
            Some(AccountKind::Managed) => "managed".to_owned(),
            None => "sign-up".to_owned(),
        };
        Ok(PasswordResetMail {
            // As its owner typed it once: a stranger's spelling may be somebody else's mailbox.
            email: account.as_ref().map_or_else(|| reset.email.clone(), |account| account.email.clone()),
            owner: account.as_ref().map(|account| account.kind),
            language: account.as_ref().map_or(reset.language, |account| account.language),
            time_zone: account.map_or_else(TimeZone::utc, |account| account.time_zone),
            url: format!("{}/{page}", self.rules.gateway_url),
            reset,
        })
    }

    /// The account that a link is for. Looking changes nothing: mail programs do it, too.
    pub async fn account_of_reset(&self, token: &str) -> Result<Account, ResetError> {
        Ok(self.find_reset(token).await?.1)
    }

    async fn find_reset(&self, token: &str) -> Result<(PasswordReset, Account), ResetError> {
        let Some((id, ATTEMPT)) = self.links.open(PURPOSE, token) else {
            return Err(ResetError::LinkInvalid);
        };
        let mut db = self.pool.acquire().await?;
        let reset = store::password_resets::open(&mut db, id.into(), self.clock.now()).await?;
        let reset = reset.ok_or(ResetError::LinkInvalid)?;
        let account = store::accounts::by_email(&mut db, &reset.email).await?;
        let account = account.filter(|account| account.kind == AccountKind::Nulab);
        Ok((reset, account.ok_or(ResetError::LinkInvalid)?))
    }

    /// Sets the password and ends every session. Nobody is signed in by it: a second factor may be asked for. Gives where
    /// the person goes on.
    pub async fn complete_password_reset(
        &self,
        caller: &Caller,
        token: &str,
        password: String,
        device: Option<Secret>,
    ) -> Result<Continuation, ResetError> {
        let (reset, account) = self.find_reset(token).await?;
        let hash = self.hash_chosen(password, &account.name, &account.email).await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.lift_lock(&mut tx, account.id, &account.email).await?;
        // Who comes second here waits for the first, and finds no reset.
        let account = store::accounts::lock(&mut tx, account.id).await?;
        let account = account.filter(|it| it.email == reset.email).ok_or(ResetError::LinkInvalid)?;
        if !store::password_resets::take(&mut tx, reset.id, now).await? {
            return Err(ResetError::LinkInvalid);
        }
        store::accounts::set_password_hash(&mut tx, account.id, &hash).await?;
        // Whoever has the mailbox is no stranger: those who go on guessing do not lock this browser out (ACC-14).
        let visit = Visit { device, product: ProductName::default() };
        self.see(&mut tx, account.id, &visit, &caller.origin, now).await?;
        store::second_factors::keys::distrust(&mut tx, account.id).await?;
        self.void_links(&mut tx, &account).await?;
        self.note_for_owner(&mut tx, caller, account.id, What::PasswordReset, "").await?;
        self.outbox.publish(&mut tx, events::password_reset(account.id).by_caller(caller)).await?;
        for id in store::sessions::end_all(&mut tx, account.id, now).await? {
            let event = events::session_ended(account.id, id, EndCause::EndedByOwner);
            self.outbox.publish(&mut tx, event.by_caller(caller)).await?;
        }
        tx.commit().await?;
        Ok(reset.continuation)
    }
}

impl From<TooOften> for ResetError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl Problem for ResetError {
    fn kind(&self) -> Kind {
        match self {
            Self::TooOften(_) => Kind::RateLimited,
            Self::LinkInvalid => Kind::Precondition,
            Self::Choice(error) => error.kind(),
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::TooOften(_) => ErrorReason::RateLimited,
            Self::LinkInvalid => ErrorReason::LinkInvalid,
            Self::Choice(error) => error.reason(),
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Choice(error) => error.violations(),
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften(wait) => Some(*wait),
            Self::Choice(error) => error.retry_after(),
            _ => None,
        }
    }
}
