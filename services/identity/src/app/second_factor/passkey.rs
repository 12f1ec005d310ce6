//! Signing in with a passkey alone: it is found without the account's name, and has checked who uses it, so it is
//! both factors at once. Whose it is, only its answer says; until that is proved it tells nothing about any account.
//!
//! After a password reset, or "this was not me", it signs in only beside the password until that was done once: who is
//! to be kept out may have added it.

use super::{NewStep, SecondFactorError};
use crate::{
    app::{Identity, NewSession, Tx},
    domain::{
        account::Account,
        device::Visit,
        second_factor::{STEP_LIFE, method_of_key},
        session::{Beginning, EndCause, Method},
    },
    events::{self, ByCaller},
    store::{
        self,
        second_factors::{keys, passkey_sign_ins},
    },
};
use pass_mesh::Caller;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Secret};
use time::OffsetDateTime;

/// A browser that comes with the answer of a passkey.
pub struct PasskeySignIn {
    /// Of the challenge.
    pub token: Secret,
    /// The answer, as JSON.
    pub answer: String,
    /// The browser's session so far, which ends.
    pub session: Option<Secret>,
    /// Which browser it is, and what for.
    pub visit: Visit,
}

impl Identity {
    /// A challenge for any passkey: what the browser keeps, and JSON for it.
    pub async fn begin_passkey_sign_in(&self) -> Result<(NewStep, String), SecondFactorError> {
        let begun = self.second_factors.ceremonies.begin_discovery()?;
        let token = Secret::generate(&self.entropy);
        let expires_at = self.clock.now() + STEP_LIFE;
        let mut db = self.pool.acquire().await?;
        passkey_sign_ins::insert(&mut db, &token.hash(), &begun.state, expires_at).await?;
        Ok((NewStep { token, expires_at }, begun.options))
    }

    /// Signs in whose passkey gave the right answer. Whatever the answer was, its challenge is used up.
    #[tracing::instrument(skip_all)]
    pub async fn finish_passkey_sign_in(
        &self,
        caller: &Caller,
        shown: PasskeySignIn,
    ) -> Result<NewSession, SecondFactorError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let challenge = passkey_sign_ins::take(&mut tx, &shown.token.hash(), now).await?;
        let challenge = challenge.ok_or(SecondFactorError::Over)?;
        let Some((account, method)) = self.discover(&mut tx, caller, &challenge, &shown, now).await? else {
            tx.commit().await?;
            return Err(SecondFactorError::Invalid("credential_json"));
        };
        let beginning = Beginning {
            account: account.id,
            organization: None,
            method,
            anew: true,
            second: Some(method),
            origin: caller.origin.clone(),
            visit: shown.visit,
            not_after: None,
        };
        let session = self.begin_session(&mut tx, caller, beginning, now).await?;
        if let Some(replaced) = &shown.session {
            self.end_in(&mut tx, caller, replaced, EndCause::Replaced).await?;
        }
        tx.commit().await?;
        Ok(session)
    }

    /// Whose passkey gave the answer, if it is right.
    async fn discover(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        challenge: &str,
        shown: &PasskeySignIn,
        now: OffsetDateTime,
    ) -> Result<Option<(Account, Method)>, SecondFactorError> {
        let ceremonies = &self.second_factors.ceremonies;
        let Some((account, credential)) = ceremonies.claimed(&shown.answer) else { return Ok(None) };
        let account = store::accounts::lock(tx, account).await?;
        let account = account.filter(|account| account.kind == AccountKind::Nulab && account.is_usable());
        let Some(account) = account else { return Ok(None) };
        let Some(passkey) = keys::passkey(tx, account.id, &credential).await? else { return Ok(None) };
        let proof = ceremonies.finish_discovery(challenge, &shown.answer, &passkey)?;
        if let Some(proof) = proof
            && keys::used(tx, account.id, &proof.credential, now).await?
        {
            return Ok(Some((account, method_of_key(proof.backed_up))));
        }
        let reason = ErrorReason::SecondFactorInvalid;
        let entry = store::login_history::Entry {
            id: self.entropy.uuid(now),
            account: account.id,
            at: now,
            origin: &caller.origin,
            product: shown.visit.product.as_str(),
            method: Method::HardwareKey,
            refused: Some(reason.code()),
        };
        store::login_history::insert(tx, &entry).await?;
        let refused = events::sign_in_refused(account.id, reason);
        self.outbox.publish(tx, refused.by_caller(caller)).await?;
        Ok(None)
    }
}
