//! How many codes may be guessed (ACC-14), by whoever knows the password. Counted in the database, under the
//! account's lock: per account and kind of code, and per network.
//!
//! As with passwords, a browser that the account knows has an allowance of its own: however often strangers guess,
//! they lock out strangers.

use super::{Finish, SecondFactorError};
use crate::{
    app::{Identity, Tx},
    domain::throttle::{Limit, TooOften},
    store,
};
use pass_mesh::Caller;
use pass_types::{AccountId, Secret, SecretHash, network};
use time::{Duration, OffsetDateTime};

/// An owner is mailed once about strangers who guess all day.
const NOTICES: Limit = Limit { times: 1, period: Duration::DAY };

/// What a guess is counted by.
pub(super) struct Guess {
    by_account: SecretHash,
    /// `None`: it is the owner's own browser.
    stranger: Option<Stranger>,
}

struct Stranger {
    by_network: SecretHash,
    notices: SecretHash,
}

impl Identity {
    /// What a guess is counted by, if one more may be made; `None`: what is shown can't be guessed.
    pub(super) async fn may_guess(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: AccountId,
        finish: &Finish,
        now: OffsetDateTime,
    ) -> Result<Option<Guess>, SecondFactorError> {
        let Some(limit) = finish.shown.limit() else { return Ok(None) };
        let (network, who) = (network(&caller.origin.address), account.to_string());
        let device = finish.visit.device.as_ref().map(Secret::hash);
        let known = match &device {
            Some(device) => store::known_devices::familiar(tx, account, device, &network).await?.device,
            None => false,
        };
        let guess = if let Some(device) = device.filter(|_| known) {
            let parts = [b"throttle".as_slice(), limit.as_bytes(), who.as_bytes(), device.as_bytes()];
            Guess { by_account: Secret::derive(&self.links, &parts).hash(), stranger: None }
        } else {
            let by_network = self.subject("sign-in network", &network);
            let empty_at = store::throttles::empty_at(tx, &by_network, now).await?;
            self.rules.failed_sign_ins_per_network.take(empty_at, now)?;
            let notices = self.subject("second factor lock notice", &who);
            let by_account = self.subject(limit, &who);
            Guess { by_account, stranger: Some(Stranger { by_network, notices }) }
        };
        let empty_at = store::throttles::empty_at(tx, &guess.by_account, now).await?;
        let locked = |TooOften(wait): TooOften| SecondFactorError::Locked(wait.unsigned_abs());
        self.rules.wrong_codes_per_account.take(empty_at, now).map_err(locked)?;
        Ok(Some(guess))
    }

    /// Counts a wrong guess; whether the owner is to be told that strangers have to wait now.
    pub(super) async fn count_guess(
        &self,
        tx: &mut Tx,
        guess: &Guess,
        now: OffsetDateTime,
    ) -> Result<bool, sqlx::Error> {
        let allowed = self.rules.wrong_codes_per_account;
        store::throttles::take(tx, &guess.by_account, allowed, now).await?;
        let Some(Stranger { by_network, notices }) = &guess.stranger else { return Ok(false) };
        store::throttles::take(tx, by_network, self.rules.failed_sign_ins_per_network, now).await?;
        let empty_at = store::throttles::empty_at(tx, &guess.by_account, now).await?;
        if allowed.take(empty_at, now).is_ok() {
            return Ok(false);
        }
        store::throttles::take(tx, notices, NOTICES, now).await
    }
}
