//! Sealing anew, with the key that seals now, what an older one sealed: authenticator apps' secrets and the keys for SAML.
//! When it is done, the older key can be dropped from the settings.

use super::Identity;
use crate::store::{saml::keys, second_factors::authenticators};
use pass_runtime::seal::SealError;
use std::error::Error;

impl Identity {
    /// Seals up to `most` secrets of authenticator apps anew; whether there may be more.
    pub(super) async fn reseal_authenticators(&self, most: i64) -> Result<bool, sqlx::Error> {
        let retired = self.second_factors.envelope.retired();
        if retired.is_empty() {
            return Ok(false);
        }
        let mut tx = self.pool.begin().await?;
        let found = authenticators::sealed_by(&mut tx, &retired, most).await?;
        let mut done = 0;
        for (account, sealed) in &found {
            match self.totp_sealed_anew(*account, sealed) {
                Ok(sealed) => {
                    authenticators::reseal(&mut tx, *account, &sealed).await?;
                    done += 1;
                }
                Err(error) => report(&error),
            }
        }
        tx.commit().await?;
        Ok(done > 0 && i64::try_from(found.len()) == Ok(most))
    }

    /// The same with organizations' keys for SAML.
    pub(super) async fn reseal_saml_keys(&self, most: i64) -> Result<bool, sqlx::Error> {
        let retired = self.envelope.retired();
        if retired.is_empty() {
            return Ok(false);
        }
        let mut tx = self.pool.begin().await?;
        let found = keys::sealed_by(&mut tx, &retired, most).await?;
        let mut done = 0;
        for outdated in &found {
            match self.saml_key_sealed_anew(outdated) {
                Ok(key) => {
                    keys::reseal(&mut tx, outdated.organization, &key, self.envelope.sealing()).await?;
                    done += 1;
                }
                Err(error) => report(&error),
            }
        }
        tx.commit().await?;
        Ok(done > 0 && i64::try_from(found.len()) == Ok(most))
    }
}

/// It stays as it is, and keeps no other from being sealed anew.
fn report(error: &SealError) {
    tracing::error!(error = error as &dyn Error, "a secret can't be sealed anew");
}
