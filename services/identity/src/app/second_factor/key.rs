//! Security keys and passkeys: adding one by a challenge that it answers, and removing it.

use super::SecondFactorError;
use crate::{
    app::Identity,
    domain::{
        second_factor::{CHALLENGE_LIFE, Factor, MOST_KEYS, SecurityKey, method_of_key},
        security_event::Kind as Noted,
    },
    store::second_factors::keys::{self, Challenge},
};
use pass_mesh::Caller;
use pass_types::{KeyName, Secret, SecurityKeyId};

/// A key that was added.
pub struct Added {
    /// Which.
    pub key: SecurityKey,
    /// The account's first recovery codes; empty: it has some.
    pub recovery_codes: Vec<String>,
    /// The session's new token.
    pub token: Secret,
}

impl Identity {
    /// A challenge for a new key of the account, as JSON for its browser.
    pub async fn begin_key(
        &self,
        caller: &Caller,
        token: &str,
        passkey: bool,
    ) -> Result<String, SecondFactorError> {
        let mut change = self.begin_factor_change(caller, token).await?;
        if change.factors.keys.len() >= MOST_KEYS {
            return Err(SecondFactorError::KeyLimit);
        }
        let known = keys::credentials(&mut change.tx, change.account.id).await?;
        let begun = self.second_factors.ceremonies.begin_key(&change.account, passkey, &known)?;
        let challenge = Challenge { state: begun.state, passkey };
        let end = change.now + CHALLENGE_LIFE;
        keys::save_challenge(&mut change.tx, change.session.id, &challenge, end).await?;
        // Nothing protects the account differently yet: no session ends.
        change.tx.commit().await?;
        Ok(begun.options)
    }

    /// Adds the key that answered the session's challenge.
    pub async fn add_key(
        &self,
        caller: &Caller,
        token: &str,
        name: KeyName,
        answer: &str,
    ) -> Result<Added, SecondFactorError> {
        let change = async {
            let mut change = self.begin_factor_change(caller, token).await?;
            let (account, now) = (change.account.id, change.now);
            let challenge = keys::take_challenge(&mut change.tx, change.session.id, now).await?;
            let Challenge { state, passkey } = challenge.ok_or(SecondFactorError::Over)?;
            if change.factors.keys.len() >= MOST_KEYS {
                return Err(SecondFactorError::KeyLimit);
            }
            let Some(proof) = self.second_factors.ceremonies.finish_key(&state, passkey, answer)? else {
                // Whatever the answer was, its challenge is used up.
                change.tx.commit().await?;
                return Err(SecondFactorError::Invalid("credential_json"));
            };
            let id = SecurityKeyId::generate(&self.entropy, now);
            let key = SecurityKey { id, name, passkey, created_at: now, last_used_at: None };
            let session = change.session.id;
            if !keys::insert(&mut change.tx, (account, session), &key, &proof.credential).await? {
                return Err(SecondFactorError::Exists);
            }
            change.tell_added(self, Factor::of_key(passkey)).await?;
            change.note(self, Noted::SecurityKeyAdded, key.name.as_str()).await?;
            let token = change.shown(self, method_of_key(proof.backed_up)).await?;
            let recovery_codes = self.first_recovery_codes(&mut change).await?;
            self.end_factor_change(change).await?;
            Ok(Added { key, recovery_codes, token })
        };
        self.changing_factors(caller, token, change).await
    }

    /// Removes a key of the account.
    pub async fn remove_key(
        &self,
        caller: &Caller,
        token: &str,
        id: SecurityKeyId,
    ) -> Result<(), SecondFactorError> {
        let change = async {
            let mut change = self.begin_factor_change(caller, token).await?;
            let removed = keys::remove(&mut change.tx, change.account.id, id).await?;
            let key = removed.ok_or(SecondFactorError::NotFound)?;
            change.note(self, Noted::SecurityKeyRemoved, key.name.as_str()).await?;
            self.removed(&mut change, Factor::of_key(key.passkey)).await?;
            self.end_factor_change(change).await
        };
        self.changing_factors(caller, token, change).await
    }
}
