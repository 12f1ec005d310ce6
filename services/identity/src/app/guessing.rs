//! Slowing down who guesses passwords (ACC-14): per network, and per address that is tried, whether or not it has an
//! account. What is counted is in the database, so that it holds over replicas and restarts.
//!
//! A browser that the account knows (ACC-10) has an allowance of its own: however often strangers guess, they lock
//! out strangers, and not the owner. So is the number of wrong ones in a row, which a right password begins anew.

use super::{Identity, Tx, sign_in::SignInError};
use crate::{
    domain::{
        guessing::{Allowance, Attempted},
        throttle::{Limit, TooOften},
    },
    events,
    store::{self, accounts::Credentials},
};
use pass_mesh::{Caller, Problem};
use pass_types::{AccountId, Email, Kind, Secret, SecretHash, network};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

/// An owner is mailed once about somebody who guesses all day.
const NOTICES: Limit = Limit { times: 1, period: Duration::DAY };

/// What a try to sign in is counted by.
pub(super) struct Try {
    pub(super) by_network: SecretHash,
    by_account: SecretHash,
    allowance: Allowance,
    /// Counts those in a row, at whatever pace.
    in_a_row: SecretHash,
    /// Counts the notices to the owner.
    notices: SecretHash,
    /// The account does not know the browser.
    stranger: bool,
}

impl Identity {
    /// Takes one try from the allowance, and gives whom the address belongs to. Refuses in the same way, by the same
    /// statements, whether or not there is such an account.
    pub(super) async fn begin_try(
        &self,
        caller: &Caller,
        email: &Email,
        device: Option<&Secret>,
        now: OffsetDateTime,
    ) -> Result<(Try, Option<Credentials>), SignInError> {
        let by_network = self.subject("sign-in network", &network(&caller.origin.address));
        let mut db = self.pool.acquire().await?;
        let device = device.map(Secret::hash);
        let found = store::accounts::credentials(&mut db, email, device.as_ref()).await?;
        let known = found.as_ref().is_some_and(|found| found.knows_device);
        let notices = self.subject("sign-in lock notice", email.key());
        let account = found.as_ref().map(|found| found.account);
        let tried = if let Some(device) = device.filter(|_| known) {
            Try {
                by_network,
                by_account: self.subject_of_device("sign-in device", email, &device),
                allowance: self.rules.wrong_passwords_per_known_device,
                in_a_row: self.subject_of_device("sign-in device in a row", email, &device),
                notices,
                stranger: false,
            }
        } else {
            Try {
                by_network,
                by_account: self.subject("sign-in account", email.key()),
                allowance: self.rules.wrong_passwords_per_account,
                in_a_row: self.subject("sign-in in a row", email.key()),
                notices,
                stranger: true,
            }
        };
        if let Err(refused) = self.take_try(&mut db, &tried, now).await {
            if refused.kind() == Kind::RateLimited {
                let what = (Attempted::SignIn, refused.reason().code());
                store::refused_tries::count(&mut db, &tried.by_account, account, what, now).await?;
            }
            return Err(refused);
        }
        Ok((tried, found))
    }

    async fn take_try(
        &self,
        db: &mut PgConnection,
        tried: &Try,
        now: OffsetDateTime,
    ) -> Result<(), SignInError> {
        // Who shares a network with somebody who guesses is not locked out of what their browser knows.
        if tried.stranger {
            let empty_at = store::throttles::empty_at(db, &tried.by_network, now).await?;
            self.rules.failed_sign_ins_per_network.take(empty_at, now)?;
        }
        let limits = [
            (&tried.by_account, tried.allowance.0),
            (&tried.in_a_row, self.rules.wrong_passwords_in_a_row.0),
        ];
        let taken = self.take_both(db, limits, now).await?;
        taken.map_err(|TooOften(wait)| SignInError::Locked(wait.unsigned_abs()))
    }

    /// Takes a try from both limits, or from none.
    pub(super) async fn take_both(
        &self,
        db: &mut PgConnection,
        limits: [(&SecretHash, Limit); 2],
        now: OffsetDateTime,
    ) -> Result<Result<(), TooOften>, sqlx::Error> {
        let taken = store::throttles::take_both(db, limits, now).await?;
        let Some(&(full, limit)) = limits.get(taken) else { return Ok(Ok(())) };
        for (subject, limit) in &limits[..taken] {
            store::throttles::give_back(db, subject, *limit, now).await?;
        }
        let empty_at = store::throttles::empty_at(db, full, now).await?;
        // Else there is room since: another try was given back.
        Ok(Err(limit.take(empty_at, now).err().unwrap_or(TooOften(Duration::SECOND))))
    }

    /// Tells what was refused to strangers in a minute that is over; whether there may be another one.
    pub(super) async fn tell_of_refused_tries(&self, now: OffsetDateTime) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let mut tries = store::refused_tries::take(&mut tx, now.truncate_to_minute()).await?;
        // Whoever publishes for several accounts takes them in the same order.
        tries.sort_unstable();
        for tries in &tries {
            self.outbox.publish(&mut tx, events::strangers_refused(tries)).await?;
        }
        tx.commit().await?;
        Ok(!tries.is_empty())
    }

    /// Counts what was refused to a stranger, about no account in particular (AUD-1); gives what came of it.
    pub async fn counting<T, E: Problem + From<sqlx::Error>>(
        &self,
        caller: &Caller,
        attempted: Attempted,
        done: Result<T, E>,
    ) -> Result<T, E> {
        if let Err(refused) = &done
            && !matches!(refused.kind(), Kind::Internal | Kind::Unavailable)
        {
            let subject = self.subject("strangers", &network(&caller.origin.address));
            let what = (attempted, refused.reason().code());
            let mut db = self.pool.acquire().await?;
            store::refused_tries::count(&mut db, &subject, None, what, self.clock.now()).await?;
        }
        done
    }

    /// Puts back what a try took: the password was not looked at.
    pub(super) async fn give_back(
        &self,
        db: &mut PgConnection,
        tried: &Try,
        now: OffsetDateTime,
    ) -> Result<(), sqlx::Error> {
        store::throttles::give_back(db, &tried.by_account, tried.allowance.0, now).await?;
        store::throttles::give_back(db, &tried.in_a_row, self.rules.wrong_passwords_in_a_row.0, now).await
    }

    /// Puts back what a try took whose password was right: no wrong one is in a row with the next.
    pub(super) async fn count_right(
        &self,
        db: &mut PgConnection,
        tried: &Try,
        now: OffsetDateTime,
    ) -> Result<(), sqlx::Error> {
        let by_account = (&tried.by_account, tried.allowance.0);
        store::throttles::give_back_and_empty(db, by_account, &tried.in_a_row, now).await
    }

    /// Counts a wrong password; whether the owner is to be told that whoever types them has to wait now.
    pub(super) async fn count_wrong(
        &self,
        tx: &mut Tx,
        tried: &Try,
        now: OffsetDateTime,
    ) -> Result<bool, sqlx::Error> {
        let empty_at = store::throttles::lock(tx, &tried.by_account, now).await?;
        let locked = tried.allowance.lock(empty_at, now);
        if let Some(locked) = locked {
            store::throttles::save(tx, &tried.by_account, locked).await?;
        }
        let empty_at = store::throttles::lock(tx, &tried.in_a_row, now).await?;
        let used_up = self.rules.wrong_passwords_in_a_row.is_used_up(empty_at, now);
        // Last of those that others take: a wrong code takes it while it holds the account, for which a right password may
        // wait that holds the account's own.
        let empty_at = store::throttles::lock(tx, &tried.by_network, now).await?;
        let after = self.rules.failed_sign_ins_per_network.take(empty_at, now).unwrap_or(empty_at);
        store::throttles::save(tx, &tried.by_network, after).await?;
        if locked.is_none() && !used_up {
            return Ok(false);
        }

        let empty_at = store::throttles::lock(tx, &tried.notices, now).await?;
        let Ok(after) = NOTICES.take(empty_at, now) else { return Ok(false) };
        store::throttles::save(tx, &tried.notices, after).await?;
        Ok(true)
    }

    /// Lifts the lock of an account whose owner has chosen a new password by the link of a mail (ACC-14). To be called
    /// first in a transaction, or after it: signing in takes the throttles before the account.
    pub(super) async fn lift_lock(
        &self,
        db: &mut PgConnection,
        account: AccountId,
        email: &Email,
    ) -> Result<(), sqlx::Error> {
        let devices = store::known_devices::of(db, account).await?;
        let mut subjects =
            vec![self.subject("sign-in account", email.key()), self.subject("sign-in in a row", email.key())];
        subjects.extend(self.subjects_of_change(account));
        for device in &devices {
            let of = |limit| self.subject_of_device(limit, email, device);
            subjects.extend([of("sign-in device"), of("sign-in device in a row")]);
        }
        store::throttles::forget(db, &subjects).await
    }

    /// What wrong current passwords are counted by, of who changes a password: lately, and in a row.
    pub(super) fn subjects_of_change(&self, account: AccountId) -> [SecretHash; 2] {
        ["password change", "password change in a row"].map(|limit| self.subject(limit, &account.to_string()))
    }

    fn subject_of_device(&self, limit: &str, email: &Email, device: &SecretHash) -> SecretHash {
        let parts = [b"throttle".as_slice(), limit.as_bytes(), email.key().as_bytes(), device.as_bytes()];
        Secret::derive(&self.links, &parts).hash()
    }
}
