//! How many codes may be guessed (ACC-14), by whoever knows the password. Counted in the database, under the
//! account's lock: per account and kind of code, and per network.
//!
//! As with passwords, a browser that the account knows has an allowance of its own: however often strangers guess,
//! they lock out strangers. But the number in a row is one for all that the account knows: whoever has the mailbox makes
//! any browser one of these, by a reset.

use super::{Finish, SecondFactorError, change::actor};
use crate::{
    app::{Identity, Tx},
    domain::{
        account::Account,
        guessing::{Attempted, InARow},
        session::Session,
        throttle::{Limit, TooOften},
    },
    events, store,
};
use pass_mesh::{Caller, Problem};
use pass_types::{Kind, Secret, SecretHash, network};
use time::{Duration, OffsetDateTime};

/// An owner is mailed once about somebody who guesses all day.
const NOTICES: Limit = Limit { times: 1, period: Duration::DAY };

/// So many wrong codes in a row, at whatever pace, and then one a day until a right one: who has the password would else
/// come upon one in some years.
const IN_A_ROW: InARow = InARow(Limit { times: InARow::MOST, period: Duration::days(100) });

/// What a guess is counted by.
pub(super) struct Guess {
    by_account: SecretHash,
    /// Counts those in a row, at whatever pace.
    in_a_row: SecretHash,
    /// Counts the notices to the owner.
    notices: SecretHash,
    /// `None`: it is the owner's own browser.
    by_network: Option<SecretHash>,
}

impl Identity {
    /// What a guess is counted by, if one more may be made; `None`: what is shown can't be guessed. One that was too many
    /// is counted; in a session (`stepping`), whose owner is known, it is told.
    pub(super) async fn may_guess(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &Account,
        finish: &Finish,
        stepping: Option<&Session>,
        now: OffsetDateTime,
    ) -> Result<Option<Guess>, SecondFactorError> {
        let Some(limit) = finish.shown.limit() else { return Ok(None) };
        let (network, who) = (network(&caller.origin.address), account.id.to_string());
        let device = finish.visit.device.as_ref().map(Secret::hash);
        let known = match &device {
            Some(device) => store::known_devices::familiar(tx, account.id, device, &network).await?.device,
            None => false,
        };
        let notices = self.subject("second factor lock notice", &who);
        let guess = if let Some(device) = device.filter(|_| known) {
            let parts = [b"throttle".as_slice(), limit.as_bytes(), who.as_bytes(), device.as_bytes()];
            let by_account = Secret::derive(&self.links, &parts).hash();
            let in_a_row = self.subject(&format!("{limit} in a row, known"), &who);
            Guess { by_account, in_a_row, notices, by_network: None }
        } else {
            let by_account = self.subject(limit, &who);
            let in_a_row = self.subject(&format!("{limit} in a row"), &who);
            let by_network = Some(self.subject("sign-in network", &network));
            Guess { by_account, in_a_row, notices, by_network }
        };
        if let Err(refused) = self.check_limits(tx, &guess, now).await {
            if refused.kind() != Kind::RateLimited {
                return Err(refused);
            }
            if let Some(session) = stepping {
                let told = events::second_factor_change_refused(account.id, refused.reason());
                let told = told.by(&actor(account, session, now)).from(&caller.origin);
                self.outbox.publish(tx, told).await?;
            } else {
                let what = (Attempted::SignIn, refused.reason().code());
                store::refused_tries::count(tx, &guess.by_account, Some(account.id), what, now).await?;
            }
            return Err(refused);
        }
        Ok(Some(guess))
    }

    async fn check_limits(
        &self,
        tx: &mut Tx,
        guess: &Guess,
        now: OffsetDateTime,
    ) -> Result<(), SecondFactorError> {
        if let Some(by_network) = &guess.by_network {
            let empty_at = store::throttles::empty_at(tx, by_network, now).await?;
            self.rules.failed_sign_ins_per_network.take(empty_at, now)?;
        }
        for (subject, limit) in
            [(&guess.by_account, self.rules.wrong_codes_per_account), (&guess.in_a_row, IN_A_ROW.0)]
        {
            let empty_at = store::throttles::empty_at(tx, subject, now).await?;
            let taken = limit.take(empty_at, now);
            taken.map_err(|TooOften(wait)| SecondFactorError::Locked(wait.unsigned_abs()))?;
        }
        Ok(())
    }

    /// A right code: no wrong one is in a row with the next.
    pub(super) async fn count_right_code(
        &self,
        tx: &mut Tx,
        guess: &Guess,
        now: OffsetDateTime,
    ) -> Result<(), sqlx::Error> {
        store::throttles::save(tx, &guess.in_a_row, now).await
    }

    /// Counts a wrong guess; whether the owner is to be told that codes have to wait now: those of strangers, or those of
    /// all browsers that the account knows. That one of these was wrong too often is the owner's own affair.
    pub(super) async fn count_guess(
        &self,
        tx: &mut Tx,
        guess: &Guess,
        now: OffsetDateTime,
    ) -> Result<bool, sqlx::Error> {
        let allowed = self.rules.wrong_codes_per_account;
        store::throttles::take(tx, &guess.by_account, allowed, now).await?;
        store::throttles::take(tx, &guess.in_a_row, IN_A_ROW.0, now).await?;
        let empty_at = store::throttles::empty_at(tx, &guess.in_a_row, now).await?;
        let mut waits = IN_A_ROW.is_used_up(empty_at, now);
        if let Some(by_network) = &guess.by_network {
            store::throttles::take(tx, by_network, self.rules.failed_sign_ins_per_network, now).await?;
            let empty_at = store::throttles::empty_at(tx, &guess.by_account, now).await?;
            waits |= allowed.take(empty_at, now).is_err();
        }
        Ok(waits && store::throttles::take(tx, &guess.notices, NOTICES, now).await?)
    }
}
