//! Changing the address of a Nulab Account (ACC-7): asking for it, following the link in the mail to the new address.
//!
//! Nobody learns here whether an address has an account: asking does the same either way, and the mail tells whoever
//! reads the mailbox.

use super::{Identity, Owner, database_kind};
use crate::domain::{
    account::{Account, ChangeRefused},
    email_change::{EmailChange, State},
    security_event::Kind as What,
    throttle::TooOften,
};
use crate::{
    events::{self, ByCaller},
    store::{self, accounts::WriteError},
};
use pass_mesh::{Caller, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Email, EmailChangeId, Invalid, Kind, Violation};
use sqlx::PgConnection;
use std::time::Duration;
use time::OffsetDateTime;

/// What the links are minted for.
const PURPOSE: &str = "email-change";
/// A wish has one link.
const ATTEMPT: i32 = 1;

/// A wish for another address, and whose it is; or a change that was made.
pub struct AddressChange {
    /// The change.
    pub change: EmailChange,
    /// The account, as it is now.
    pub account: Account,
    /// Another Nulab Account has the new address.
    pub taken: bool,
    /// Where the mail to the new address leads: to confirming it; if it is taken, to the sign-in page.
    pub url: String,
    /// "This was not me", for who had the address before (ACC-10), and when the link stops to work.
    pub not_me: Option<(String, OffsetDateTime)>,
}

impl AddressChange {
    /// The address before the change.
    pub fn old_email(&self) -> &Email {
        match &self.change.state {
            State::Open => &self.account.email,
            State::Made { old } | State::Back { old } => old,
        }
    }
}

/// Why an address was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EmailChangeError {
    /// The account is gone.
    #[error("there is no such account")]
    NotFound,
    /// MAN-4.
    #[error("this account is managed by its organization, which keeps the address")]
    Managed,
    /// A session that was left open is not enough.
    #[error("this needs a sign-in of the last minutes")]
    FreshSignInNeeded,
    /// It is the account's already.
    #[error("this is the address already")]
    Unchanged,
    /// Too many for this account.
    #[error("there were too many changes of the address; wait a while, then try again")]
    TooOften(Duration),
    /// Used, expired, replaced, never was, or another account has the address.
    #[error("this link was used or has expired")]
    LinkInvalid,
    /// The database failed.
    #[error("changing an address")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// Asks for another address. Does the same whether or not another account has it: the mail tells.
    pub async fn request_email_change(
        &self,
        owner: &Owner<'_>,
        email: Email,
    ) -> Result<(), EmailChangeError> {
        let asked = self.ask_for_change(owner, email).await;
        if let Err(why) = &asked
            && why.is_refusal()
        {
            let refused = events::email_change_refused(owner.account, why.reason());
            self.tell(refused.by_caller(owner.caller)).await?;
        }
        asked
    }

    async fn ask_for_change(&self, owner: &Owner<'_>, email: Email) -> Result<(), EmailChangeError> {
        let now = self.clock.now();
        let by_account = self.subject("email change account", &owner.account.to_string());
        let by_address = self.subject("email change address", email.key());
        let mut tx = self.pool.begin().await?;
        let empty_at = store::throttles::lock(&mut tx, &by_account, now).await?;
        let account_after = self.rules.email_changes_per_account.take(empty_at, now)?;
        store::throttles::save(&mut tx, &by_account, account_after).await?;
        let empty_at = store::throttles::lock(&mut tx, &by_address, now).await?;

        let account = store::accounts::lock(&mut tx, owner.account).await?;
        let account = account.ok_or(EmailChangeError::NotFound)?;
        if account.kind == AccountKind::Managed {
            return Err(EmailChangeError::Managed);
        }
        let session = self.fresh_session(&mut tx, owner).await?.ok_or(EmailChangeError::FreshSignInNeeded)?;
        if account.email.as_str() == email.as_str() {
            return Err(EmailChangeError::Unchanged);
        }
        if let Ok(address_after) = self.rules.email_changes_per_address.take(empty_at, now) {
            store::throttles::save(&mut tx, &by_address, address_after).await?;
            let id = EmailChangeId::generate(&self.entropy, now);
            let alert = self.alert_about(&mut tx, &session, &account).await?;
            let change = EmailChange::begin(id, account.id, email, alert, now);
            store::email_changes::insert(&mut tx, &change).await?;
            self.note_for_owner(&mut tx, owner.caller, account.id, What::EmailChangeRequested, "").await?;
            let requested = events::email_change_requested(account.id, id).by_caller(owner.caller);
            self.outbox.publish(&mut tx, requested).await?;
        } // Else: whoever owns the mailbox has mails enough, and nobody else learns that.
        tx.commit().await?;
        Ok(())
    }

    /// What the mails about a change say.
    pub async fn email_change_mail(&self, id: EmailChangeId) -> Result<AddressChange, EmailChangeError> {
        let mut db = self.pool.acquire().await?;
        let change = store::email_changes::by_id(&mut db, id, self.clock.now()).await?;
        let change = change.ok_or(EmailChangeError::LinkInvalid)?;
        let account = store::accounts::by_id(&mut db, change.account).await?;
        let account = account.ok_or(EmailChangeError::LinkInvalid)?;
        let owner = store::accounts::nulab_account_of(&mut db, &change.email).await?;
        let taken = owner.is_some_and(|owner| owner != account.id);
        let not_me = self.not_me_link(&mut db, &change).await?;
        let page = if taken {
            "sign-in".to_owned()
        } else {
            format!("email-change/{}", self.links.mint(PURPOSE, id.uuid(), ATTEMPT))
        };
        let url = format!("{}/{page}", self.rules.gateway_url);
        Ok(AddressChange { change, account, taken, url, not_me })
    }

    async fn not_me_link(
        &self,
        db: &mut PgConnection,
        change: &EmailChange,
    ) -> Result<Option<(String, OffsetDateTime)>, sqlx::Error> {
        let (State::Made { .. }, Some(alert)) = (&change.state, change.alert) else { return Ok(None) };
        let alert = store::login_alerts::open(db, alert, self.clock.now()).await?;
        Ok(alert.map(|alert| (self.not_me_url(alert.id), alert.expires_at)))
    }

    /// What a link is for. Looking changes nothing: mail programs do it, too.
    pub async fn email_change_of_link(&self, token: &str) -> Result<AddressChange, EmailChangeError> {
        let found = self.email_change_mail(self.open_change(token)?).await?;
        if found.change.state == State::Open && !found.taken {
            Ok(found)
        } else {
            Err(EmailChangeError::LinkInvalid)
        }
    }

    /// Makes the address the account's.
    pub async fn confirm_email_change(&self, caller: &Caller, token: &str) -> Result<(), EmailChangeError> {
        let id = self.open_change(token)?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let found = store::email_changes::by_id(&mut tx, id, now).await?;
        let account = found.ok_or(EmailChangeError::LinkInvalid)?.account;
        // Who comes second here waits for the first, and finds the change made, replaced or gone.
        let account = store::accounts::lock(&mut tx, account).await?.ok_or(EmailChangeError::LinkInvalid)?;
        let change = store::email_changes::by_id(&mut tx, id, now).await?;
        let old = account.email.clone();
        let change = change.and_then(|change| change.confirm(old.clone(), now).ok());
        let change = change.ok_or(EmailChangeError::LinkInvalid)?;
        let account = account.move_to(change.email.clone())?;
        store::accounts::change_email(&mut tx, &account).await?;
        store::email_changes::save_made(&mut tx, &change).await?;
        // Whoever else wished for the address has to ask anew, should it be free again.
        store::email_changes::forget_open_to(&mut tx, &account.email).await?;
        store::password_resets::forget(&mut tx, &old).await?;
        self.note_for_owner(&mut tx, caller, account.id, What::EmailChanged, "").await?;
        let changed = events::account_changed(account.id, &["email"]);
        self.outbox.publish(&mut tx, changed.by_caller(caller)).await?;
        self.outbox.publish(&mut tx, events::email_changed(account.id, id).by_caller(caller)).await?;
        tx.commit().await?;
        Ok(())
    }

    fn open_change(&self, token: &str) -> Result<EmailChangeId, EmailChangeError> {
        match self.links.open(PURPOSE, token) {
            Some((id, ATTEMPT)) => Ok(id.into()),
            _ => Err(EmailChangeError::LinkInvalid),
        }
    }
}

impl EmailChangeError {
    /// Whether the rules said no (AUD-1), to somebody whose account there is.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Managed | Self::FreshSignInNeeded | Self::TooOften(_) => true,
            Self::NotFound | Self::Unchanged | Self::LinkInvalid | Self::Database(_) => false,
        }
    }
}

impl From<TooOften> for EmailChangeError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl From<ChangeRefused> for EmailChangeError {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::Managed | ChangeRefused::Outdated => Self::Managed,
        }
    }
}

impl From<WriteError> for EmailChangeError {
    fn from(error: WriteError) -> Self {
        match error {
            // Somebody else confirmed the address before.
            WriteError::EmailTaken(_) => Self::LinkInvalid,
            WriteError::UniqueIdTaken(error) | WriteError::Database(error) => Self::Database(error),
        }
    }
}

impl Problem for EmailChangeError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Managed => Kind::Forbidden,
            Self::Unchanged => Kind::InvalidInput,
            Self::FreshSignInNeeded | Self::LinkInvalid => Kind::Precondition,
            Self::TooOften(_) => Kind::RateLimited,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::Managed => ErrorReason::ManagedByOrganization,
            Self::Unchanged => ErrorReason::InvalidArgument,
            Self::FreshSignInNeeded => ErrorReason::FreshSignInNeeded,
            Self::LinkInvalid => ErrorReason::LinkInvalid,
            Self::TooOften(_) => ErrorReason::RateLimited,
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Unchanged => vec![Invalid("is the account's already").of("email")],
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften(wait) => Some(*wait),
            _ => None,
        }
    }
}
