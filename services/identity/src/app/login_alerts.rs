//! What comes of a login alert (ACC-10): its mail, the link "This was not me", and who wants such mails.

use super::{Identity, Owner, database_kind};
use crate::domain::{
    account::Account, login_alert::LoginAlert, security_event::Kind as What, session::EndCause,
    sign_up::Continuation,
};
use crate::{
    events::{self, ByCaller},
    store,
};
use pass_mesh::{Caller, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Kind};
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
    /// session ends; the owner, whose the mailbox is, chooses another one by the link of the mail that follows.
    pub async fn disown_sign_in(&self, caller: &Caller, token: &str) -> Result<(), LoginAlertError> {
        let id = self.open_alert(token)?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        // Who comes second here waits for the first, and finds nothing.
        let account = store::login_alerts::take(&mut tx, id, now).await?;
        let account = account.ok_or(LoginAlertError::LinkInvalid)?;
        let owner = store::accounts::lock(&mut tx, account).await?.ok_or(LoginAlertError::LinkInvalid)?;
        store::accounts::void_password(&mut tx, account).await?;
        store::second_factors::keys::distrust(&mut tx, account).await?;
        store::known_devices::forget(&mut tx, account).await?;
        // Nor is what somebody else may have begun.
        store::password_resets::forget(&mut tx, &owner.email).await?;
        store::email_changes::forget_open(&mut tx, account).await?;
        self.note_for_owner(&mut tx, caller, account, What::NotMe, "").await?;
        let disowned = events::sign_in_disowned(account, id);
        self.outbox.publish(&mut tx, disowned.by_caller(caller)).await?;
        let mut ended = store::sessions::end_all(&mut tx, account, now).await?;
        ended.sort_unstable();
        for session in ended {
            let ended = events::session_ended(account, session, EndCause::EndedByOwner);
            self.outbox.publish(&mut tx, ended.by_caller(caller)).await?;
        }
        self.open_reset(&mut tx, caller, owner.email, owner.language, Continuation::default()).await?;
        tx.commit().await?;
        Ok(())
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
