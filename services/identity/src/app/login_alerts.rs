//! Login alerts (ACC-10): their mails, the link "This was not me", which notices have too, and who wants such mails. What
//! the link does is in [`disown`](super::disown).

use super::{Identity, Owner, Tx, database_kind};
use crate::domain::{
    account::Account, login_alert::LoginAlert, security_event::Kind as What, session::Session,
};
use crate::{
    events::{self, ByCaller},
    store,
};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Email, Kind};
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

impl AskedAbout {
    /// Whom the mail is for: the address that the account had then. Whoever has changed it since is not asked.
    pub fn email(&self) -> &Email {
        self.alert.email.as_ref().unwrap_or(&self.account.email)
    }
}

/// Why nothing came of an alert.
#[derive(Debug, thiserror::Error)]
pub enum LoginAlertError {
    /// Its link was used, has expired, or never was.
    #[error("this link was used or has expired")]
    LinkInvalid,
    /// Another account has the address that the account had.
    #[error(
        "another account has this address by now; delete it or give it another address, then use the link again"
    )]
    AddressTaken,
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
    /// A session that was left open is not enough.
    #[error("this needs a sign-in of the last minutes")]
    FreshSignInNeeded,
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
        Ok(AskedAbout { alert, account, url: self.not_me_url(id) })
    }

    /// Where the link of an alert leads.
    pub(super) fn not_me_url(&self, alert: Uuid) -> String {
        format!("{}/not-me/{}", self.rules.gateway_url, self.links.mint(PURPOSE, alert, ATTEMPT))
    }

    /// What a link is about. Looking changes nothing: mail programs do it, too.
    pub async fn login_alert_of_link(&self, token: &str) -> Result<AskedAbout, LoginAlertError> {
        self.login_alert_mail(self.open_alert(token)?).await
    }

    /// The link of a mail about what a session does: one that was mailed lately, or a new one. The account is locked by
    /// the caller.
    pub(super) async fn alert_about(
        &self,
        tx: &mut Tx,
        session: &Session,
        account: &Account,
    ) -> Result<Uuid, sqlx::Error> {
        let now = self.clock.now();
        let known = store::login_alerts::of_session(tx, session.id, &account.email, now).await?;
        if let Some(known) = known {
            return Ok(known);
        }
        let alert = LoginAlert::begin(self.entropy.uuid(now), session, account.email.clone(), now);
        store::login_alerts::insert(tx, &alert).await?;
        Ok(alert.id)
    }

    /// Whether the owner is mailed after sign-ins from something new.
    pub async fn login_alerts(&self, owner: &Owner<'_>) -> Result<bool, SettingsError> {
        let mut db = self.pool.acquire().await?;
        let account = store::accounts::by_id(&mut db, owner.account).await?.ok_or(SettingsError::NotFound)?;
        let on = store::login_alerts::are_on(&mut db, account.id).await?;
        Ok(on && account.kind == AccountKind::Nulab)
    }

    /// Switches that. Choosing what is chosen already changes nothing. Switching them off needs a sign-in of the last
    /// minutes: it is what an intruder would do first.
    pub async fn switch_login_alerts(&self, owner: &Owner<'_>, on: bool) -> Result<(), SettingsError> {
        let switched = self.try_to_switch(owner, on).await;
        if let Err(why @ (SettingsError::Managed | SettingsError::FreshSignInNeeded)) = &switched {
            let refused = events::settings_refused(owner.account, why.reason());
            self.tell(refused.by_caller(owner.caller)).await?;
        }
        switched
    }

    async fn try_to_switch(&self, owner: &Owner<'_>, on: bool) -> Result<(), SettingsError> {
        let mut tx = self.pool.begin().await?;
        let account = store::accounts::lock(&mut tx, owner.account).await?.ok_or(SettingsError::NotFound)?;
        if account.kind == AccountKind::Managed {
            return Err(SettingsError::Managed);
        }
        if store::login_alerts::are_on(&mut tx, account.id).await? == on {
            return Ok(());
        }
        if !on && self.fresh_session(&mut tx, owner).await?.is_none() {
            return Err(SettingsError::FreshSignInNeeded);
        }
        store::login_alerts::switch(&mut tx, account.id, on).await?;
        let kind = if on { What::LoginAlertsOn } else { What::LoginAlertsOff };
        self.note_for_owner(&mut tx, owner.caller, account.id, kind, "").await?;
        let switched = events::login_alerts_switched(account.id, on);
        self.outbox.publish(&mut tx, switched.by_caller(owner.caller)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Which alert a link is of.
    pub(super) fn open_alert(&self, token: &str) -> Result<Uuid, LoginAlertError> {
        match self.links.open(PURPOSE, token) {
            Some((id, ATTEMPT)) => Ok(id),
            _ => Err(LoginAlertError::LinkInvalid),
        }
    }
}

impl Problem for LoginAlertError {
    fn kind(&self) -> Kind {
        match self {
            Self::LinkInvalid | Self::AddressTaken => Kind::Precondition,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::LinkInvalid => ErrorReason::LinkInvalid,
            Self::AddressTaken => ErrorReason::AddressTaken,
            Self::Database(error) => database_kind(error).1,
        }
    }
}

impl Problem for SettingsError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Managed => Kind::Forbidden,
            Self::FreshSignInNeeded => Kind::Precondition,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::Managed => ErrorReason::ManagedByOrganization,
            Self::FreshSignInNeeded => ErrorReason::FreshSignInNeeded,
            Self::Database(error) => database_kind(error).1,
        }
    }
}
