//! "This was not me" (ACC-10): taking an account back from whoever knows its password.
//!
//! The link asks about one session; whoever reads the mailbox that it was mailed to may use it for 7 days. What it takes
//! back is decided so:
//!
//! - The address is what it was when the link was mailed, whoever changed it since. The way back is a change, too, but none
//!   that a link undoes: it led to whoever had the address first.
//! - If that address is another account's by now (perhaps the owner's own new one), everything else is done, nothing is mailed
//!   to the intruder's, and the link says so and works again once the address is free.
//! - Of second factors and recovery codes those go that this very session made, and, if the address is taken back, those
//!   that were made while the account had another one. What other sessions added stays: an old mail about a sign-in is no
//!   way for a thief of the mailbox to strip an account of what its owner has added since. An intruder with several sessions
//!   is met by several links: each notice of a factor that was added has one about the session that added it.
//! - For those 7 days whoever reads the mailbox can take a factor away that was just added. That is the price of asking about it:
//!   an intruder's factor would keep its owner out for good.
//! - Other links that were mailed to the same address still work, for their own sessions, and undo nothing that was done
//!   after the first was used: all sessions have ended by then, and what follows is the owner's. Those that were mailed
//!   later to another address are void: an intruder's mailbox has them. Earlier ones are left alone, so that an
//!   intruder who disowns a sign-in of their own does not void the owner's.

use super::{Identity, Tx, login_alerts::LoginAlertError};
use crate::domain::{
    account::Account,
    email_change::EmailChange,
    login_alert::{Disowned, LoginAlert},
    second_factor::Factor,
    security_event::Kind as What,
    session::EndCause,
    sign_up::Continuation,
};
use crate::{
    events::{self, ByCaller},
    store::{self, accounts::WriteError},
};
use pass_mesh::Caller;
use pass_types::EmailChangeId;
use sqlx::Connection;
use time::OffsetDateTime;

impl Identity {
    /// "This was not me": whoever knows the password is not the owner alone, so it is of no use any more, and every
    /// session ends; the owner, whose the mailbox is, chooses another one by the link of the mail that follows. What would
    /// keep the owner out is taken back.
    pub async fn disown_sign_in(&self, caller: &Caller, token: &str) -> Result<(), LoginAlertError> {
        let id = self.open_alert(token)?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let invalid = || LoginAlertError::LinkInvalid;
        let account = store::login_alerts::open(&mut tx, id, now).await?.ok_or_else(invalid)?.account;
        let owner = store::accounts::lock(&mut tx, account).await?.ok_or_else(invalid)?;
        // Who came second waited for the first, and finds nothing.
        let alert = store::login_alerts::open(&mut tx, id, now).await?.ok_or_else(invalid)?;
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
        let Some((owner, moved_at)) = self.take_address_back(&mut tx, caller, owner, &alert).await? else {
            // The mail would go to whoever took the account. What can be taken back is, and the link stays.
            self.take_factors_back(&mut tx, caller, alert.disowned(None)).await?;
            tx.commit().await?;
            return Err(LoginAlertError::AddressTaken);
        };
        self.take_factors_back(&mut tx, caller, alert.disowned(moved_at)).await?;
        let mailed = alert.email.as_ref().unwrap_or(&owner.email);
        store::login_alerts::use_up(&mut tx, &alert, mailed, now).await?;
        self.open_reset(&mut tx, caller, owner.email, owner.language, Continuation::default()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes the second factors that were disowned.
    async fn take_factors_back(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        disowned: Disowned,
    ) -> Result<(), sqlx::Error> {
        use store::second_factors::{any, authenticators, keys, recovery_codes};
        let account = disowned.account;
        let app = authenticators::remove_disowned(tx, &disowned).await?;
        let mut removed: Vec<Factor> = app.then_some(Factor::Authenticator).into_iter().collect();
        removed.extend(keys::remove_disowned(tx, &disowned).await?.into_iter().map(Factor::of_key));
        let codes = recovery_codes::remove_disowned(tx, &disowned).await?;
        if any(tx, account).await? {
            for factor in removed {
                let removed = events::second_factor_removed(account, factor).by_caller(caller);
                self.outbox.publish(tx, removed).await?;
            }
            if codes {
                // They were in the place of the owner's.
                let removed = events::recovery_codes_removed(account).by_caller(caller);
                self.outbox.publish(tx, removed).await?;
                self.note_for_owner(tx, caller, account, What::RecoveryCodesRemoved, "").await?;
            }
            return Ok(());
        }
        if removed.is_empty() {
            return Ok(());
        }
        recovery_codes::remove_all(tx, account).await?;
        self.outbox.publish(tx, events::second_factors_disabled(account).by_caller(caller)).await?;
        self.note_for_owner(tx, caller, account, What::TwoFactorDisabled, "").await
    }

    /// Gives the account the address that it had when the link was mailed, and since when it had another one, if it had.
    /// `None`: the address is another account's by now, and all stays as it is.
    async fn take_address_back(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        owner: Account,
        alert: &LoginAlert,
    ) -> Result<Option<(Account, Option<OffsetDateTime>)>, sqlx::Error> {
        let mut tried = tx.begin().await?;
        let undone = store::email_changes::undo(&mut tried, owner.id, alert.made_at(), alert.until).await?;
        let moved = undone.filter(|undone| undone.email != owner.email).and_then(|undone| {
            let moved = owner.clone().move_to(undone.email).ok()?;
            Some((moved, undone.made_at))
        });
        let Some((moved, moved_at)) = moved else {
            tried.commit().await?;
            return Ok(Some((owner, None)));
        };
        match store::accounts::change_email(&mut tried, &moved).await {
            Ok(()) => tried.commit().await?,
            Err(WriteError::EmailTaken(_)) => {
                tried.rollback().await?;
                return Ok(None);
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
        Ok(Some((moved, Some(moved_at))))
    }
}
