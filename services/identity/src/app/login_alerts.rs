//! What comes of a login alert (ACC-10): its mail, the link "This was not me", and who wants such mails.

use super::{Identity, Owner, Tx, database_kind};
use crate::domain::{
    account::Account, email_change::EmailChange, login_alert::LoginAlert, second_factor::Factor,
    security_event::Kind as What, session::EndCause, sign_up::Continuation,
};
use crate::{
    events::{self, ByCaller},
    store::{self, accounts::WriteError},
};
use pass_mesh::{Caller, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, AccountKind, EmailChangeId, Kind};
use sqlx::Connection;
use time::OffsetDateTime;
use uuid::Uuid;

/// What the links are minted for.
const PURPOSE: &str = "login-alert";
/// An alert has one link.
const ATTEMPT: i32 = 1;

/// A sign-in that its owner is asked about.
pub struct AskedAbout {
    /// The alert.
    pub alert: LoginAlert,
    /// Whose account.
    pub account: Account,
    /// "This was not me".
    pub url: String,
}

/// Why nothing came of an alert.
#[derive(Debug, thiserror::Error)]
pub enum LoginAlertError {
    /// Its link was used, has expired, or never was.
    #[error("this link was used or has expired")]
    LinkInvalid,
    /// The database failed.
    #[error("looking after a login alert")]
    Database(#[from] sqlx::Error),
}

/// Why a setting was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The account is gone.
    #[error("there is no such account")]
    NotFound,
    /// MAN-6.
    #[error("the identity provider of this account's organization looks after its sign-ins")]
    Managed,
    /// The database failed.
    #[error("looking after the security settings")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// What the mail of an alert says.
    pub async fn login_alert_mail(&self, id: Uuid) -> Result<AskedAbout, LoginAlertError> {
        let mut db = self.pool.acquire().await?;
        let alert = store::login_alerts::open(&mut db, id, self.clock.now()).await?;
        let alert = alert.ok_or(LoginAlertError::LinkInvalid)?;
        let account = store::accounts::by_id(&mut db, alert.account).await?;
        let account = account.ok_or(LoginAlertError::LinkInvalid)?;
        let token = self.links.mint(PURPOSE, id, ATTEMPT);
        let url = format!("{}/not-me/{token}", self.rules.gateway_url);
        Ok(AskedAbout { alert, account, url })
    }

    /// What a link is about. Looking changes nothing: mail programs do it, too.
    pub async fn login_alert_of_link(&self, token: &str) -> Result<AskedAbout, LoginAlertError> {
        self.login_alert_mail(self.open_alert(token)?).await
    }

    /// "This was not me": whoever knows the password is not the owner alone, so it is of no use any more, and every
    /// session ends; the owner, whose the mailbox is, chooses another one by the link of the mail that follows. Second
    /// factors that were added since that sign-in go, and an address that was changed since is what it was: they would keep
    /// the owner out.
    pub async fn disown_sign_in(&self, caller: &Caller, token: &str) -> Result<(), LoginAlertError> {
        let id = self.open_alert(token)?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let invalid = || LoginAlertError::LinkInvalid;
        let account = store::login_alerts::open(&mut tx, id, now).await?.ok_or_else(invalid)?.account;
        let owner = store::accounts::lock(&mut tx, account).await?.ok_or_else(invalid)?;
        // Who came second waited for the first, and finds nothing.
        let alert = store::login_alerts::open(&mut tx, id, now).await?.ok_or_else(invalid)?;
        store::login_alerts::remove_from(&mut tx, &alert).await?;
        store::accounts::void_password(&mut tx, account).await?;
        store::second_factors::keys::distrust(&mut tx, account).await?;
        store::known_devices::forget(&mut tx, account).await?;
        // Nor is what somebody else may have begun.
        store::password_resets::forget(&mut tx, &owner.email).await?;
        store::email_changes::forget_open(&mut tx, account).await?;
        self.note_for_owner(&mut tx, caller, account, What::NotMe, "").await?;
        let disowned = events::sign_in_disowned(account, id);
        self.outbox.publish(&mut tx, disowned.by_caller(caller)).await?;
        for session in store::sessions::end_all(&mut tx, account, now).await? {
            let ended = events::session_ended(account, session, EndCause::EndedByOwner);
            self.outbox.publish(&mut tx, ended.by_caller(caller)).await?;
        }
        self.take_factors_back(&mut tx, caller, account, alert.at).await?;
        let owner = self.take_address_back(&mut tx, caller, owner, alert.at).await?;
        self.open_reset(&mut tx, caller, owner.email, owner.language, Continuation::default()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes the second factors that were added since.
    async fn take_factors_back(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: AccountId,
        since: OffsetDateTime,
    ) -> Result<(), sqlx::Error> {
        use store::second_factors::{any, authenticators, keys, recovery_codes};
        let app = authenticators::remove_since(tx, account, since).await?;
        let mut removed: Vec<Factor> = app.then_some(Factor::Authenticator).into_iter().collect();
        removed.extend(keys::remove_since(tx, account, since).await?.into_iter().map(Factor::of_key));
        recovery_codes::remove_since(tx, account, since).await?;
        if removed.is_empty() {
            return Ok(());
        }
        if any(tx, account).await? {
            for factor in removed {
                let removed = events::second_factor_removed(account, factor).by_caller(caller);
                self.outbox.publish(tx, removed).await?;
            }
            return Ok(());
        }
        recovery_codes::remove_all(tx, account).await?;
        self.outbox.publish(tx, events::second_factors_disabled(account).by_caller(caller)).await?;
        self.note_for_owner(tx, caller, account, What::TwoFactorDisabled, "").await
    }

    /// Gives the account the address that it had then, unless that is somebody else's by now.
    async fn take_address_back(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        owner: Account,
        since: OffsetDateTime,
    ) -> Result<Account, sqlx::Error> {
        let Some(old) = store::email_changes::undo_since(tx, owner.id, since).await? else {
            return Ok(owner);
        };
        let Ok(moved) = owner.clone().move_to(old) else { return Ok(owner) };
        let mut tried = tx.begin().await?;
        match store::accounts::change_email(&mut tried, &moved).await {
            Ok(()) => tried.commit().await?,
            Err(WriteError::EmailTaken(_)) => {
                tried.rollback().await?;
                return Ok(owner);
            }
            Err(WriteError::UniqueIdTaken(error) | WriteError::Database(error)) => return Err(error),
        }
        let now = self.clock.now();
        let id = EmailChangeId::generate(&self.entropy, now);
        let back = EmailChange::back(id, moved.id, moved.email.clone(), owner.email.clone(), now);
        store::email_changes::insert(tx, &back).await?;
        store::email_changes::save_made(tx, &back).await?;
        store::email_changes::forget_open_to(tx, &moved.email).await?;
        store::password_resets::forget(tx, &moved.email).await?;
        self.note_for_owner(tx, caller, moved.id, What::EmailChanged, "").await?;
        let changed = events::account_changed(moved.id, &["email"]);
        self.outbox.publish(tx, changed.by_caller(caller)).await?;
        self.outbox.publish(tx, events::email_changed(moved.id, id).by_caller(caller)).await?;
        Ok(moved)
    }

    /// Whether the owner is mailed after sign-ins from something new.
    pub async fn login_alerts(&self, owner: &Owner<'_>) -> Result<bool, SettingsError> {
        let mut db = self.pool.acquire().await?;
        let account = store::accounts::by_id(&mut db, owner.account).await?.ok_or(SettingsError::NotFound)?;
        let on = store::login_alerts::are_on(&mut db, account.id).await?;
        Ok(on && account.kind == AccountKind::Nulab)
    }

    /// Switches that. Choosing what is chosen already changes nothing.
    pub async fn switch_login_alerts(&self, owner: &Owner<'_>, on: bool) -> Result<(), SettingsError> {
        let mut tx = self.pool.begin().await?;
        let account = store::accounts::lock(&mut tx, owner.account).await?.ok_or(SettingsError::NotFound)?;
        if account.kind == AccountKind::Managed {
            return Err(SettingsError::Managed);
        }
        if store::login_alerts::are_on(&mut tx, account.id).await? == on {
            return Ok(());
        }
        store::login_alerts::switch(&mut tx, account.id, on).await?;
        let kind = if on { What::LoginAlertsOn } else { What::LoginAlertsOff };
        self.note_for_owner(&mut tx, owner.caller, account.id, kind, "").await?;
        let changed = events::security_settings_changed(account.id, &["login_alerts"]);
        self.outbox.publish(&mut tx, changed.by_caller(owner.caller)).await?;
        tx.commit().await?;
        Ok(())
    }

    fn open_alert(&self, token: &str) -> Result<Uuid, LoginAlertError> {
        match self.links.open(PURPOSE, token) {
            Some((id, ATTEMPT)) => Ok(id),
            _ => Err(LoginAlertError::LinkInvalid),
        }
    }
}

impl Problem for LoginAlertError {
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

impl Problem for SettingsError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Managed => Kind::Forbidden,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::Managed => ErrorReason::ManagedByOrganization,
            Self::Database(error) => database_kind(error).1,
        }
    }
}
