//! Authenticator apps: adding one, which counts once it has shown a code, and removing it.

use super::SecondFactorError;
use crate::{
    app::Identity,
    domain::{
        second_factor::{Code, DRAFT_LIFE, Factor},
        security_event::Kind as Noted,
        session::Method,
        totp::TotpSecret,
    },
    store::second_factors::authenticators::{self, Sealed},
};
use pass_mesh::Caller;
use pass_runtime::seal::SealError;
use pass_types::{AccountId, Secret, SessionId};

/// Whom apps say that a code is for.
const ISSUER: &str = "Nulab";

/// An app's secret, for its owner to take over.
pub struct Draft {
    /// For typing.
    pub secret: String,
    /// For a QR code.
    pub uri: String,
}

/// An app that was added.
pub struct Confirmed {
    /// The account's first recovery codes; empty: it has some.
    pub recovery_codes: Vec<String>,
    /// The session's new token.
    pub token: Secret,
}

impl Identity {
    /// The session's secret for an app; the same one until it expires.
    pub async fn begin_authenticator(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<Draft, SecondFactorError> {
        let mut change = self.begin_factor_change(caller, token).await?;
        if change.factors.authenticator.is_some() {
            return Err(SecondFactorError::Exists);
        }
        let session = change.session.id;
        let known = authenticators::draft(&mut change.tx, session, change.now).await?;
        let secret = if let Some(sealed) = known {
            self.open_totp(&draft_place(session), &sealed)?
        } else {
            let secret = TotpSecret::generate(&self.entropy);
            let sealed = self.seal_totp(&draft_place(session), &secret);
            let end = change.now + DRAFT_LIFE;
            authenticators::save_draft(&mut change.tx, session, &sealed, end).await?;
            secret
        };
        // Nothing protects the account differently yet: no session ends.
        change.tx.commit().await?;
        Ok(Draft { secret: secret.text(), uri: secret.uri(ISSUER, &change.account.email) })
    }

    /// Adds the app that shows this code.
    pub async fn confirm_authenticator(
        &self,
        caller: &Caller,
        token: &str,
        code: &Code,
    ) -> Result<Confirmed, SecondFactorError> {
        let change = async {
            let mut change = self.begin_factor_change(caller, token).await?;
            let (account, session, now) = (change.account.id, change.session.id, change.now);
            let draft = authenticators::draft(&mut change.tx, session, now).await?;
            let secret = self.open_totp(&draft_place(session), &draft.ok_or(SecondFactorError::Over)?)?;
            let step = secret.step_of(code, now).ok_or(SecondFactorError::Invalid("code"))?;
            let sealed = self.seal_totp(&place(account), &secret);
            if !authenticators::insert(&mut change.tx, (account, session), &sealed, step, now).await? {
                return Err(SecondFactorError::Exists);
            }
            authenticators::remove_draft(&mut change.tx, session).await?;
            change.tell_added(self, Factor::Authenticator).await?;
            change.note(self, Noted::TotpAdded, "").await?;
            let token = change.shown(self, Method::OneTimeCode).await?;
            let recovery_codes = self.first_recovery_codes(&mut change).await?;
            self.end_factor_change(change).await?;
            Ok(Confirmed { recovery_codes, token })
        };
        self.changing_factors(caller, token, change).await
    }

    /// Removes the app.
    pub async fn remove_authenticator(&self, caller: &Caller, token: &str) -> Result<(), SecondFactorError> {
        let change = async {
            let mut change = self.begin_factor_change(caller, token).await?;
            let account = change.account.id;
            if !authenticators::remove(&mut change.tx, account).await? {
                return Err(SecondFactorError::NotFound);
            }
            change.note(self, Noted::TotpRemoved, "").await?;
            self.removed(&mut change, Factor::Authenticator).await?;
            self.end_factor_change(change).await
        };
        self.changing_factors(caller, token, change).await
    }

    fn seal_totp(&self, place: &str, secret: &TotpSecret) -> Sealed {
        let (envelope, entropy) = (&self.second_factors.envelope, &self.entropy);
        let secret = envelope.seal(place, secret.as_bytes(), entropy);
        Sealed { secret, by: envelope.sealing().to_owned() }
    }

    fn open_totp(&self, place: &str, sealed: &Sealed) -> Result<TotpSecret, SealError> {
        let secret = self.second_factors.envelope.open(place, &sealed.by, &sealed.secret)?;
        TotpSecret::from_bytes(&secret).ok_or(SealError::Broken)
    }

    /// The secret of an account's app, sealed by the key that seals now.
    pub(in crate::app) fn totp_sealed_anew(
        &self,
        account: AccountId,
        sealed: &Sealed,
    ) -> Result<Sealed, SealError> {
        Ok(self.seal_totp(&place(account), &self.totp_of(account, sealed)?))
    }

    /// The secret of an account's app.
    pub(super) fn totp_of(&self, account: AccountId, sealed: &Sealed) -> Result<TotpSecret, SealError> {
        self.open_totp(&place(account), sealed)
    }
}

/// What names the row that a secret is sealed for.
fn place(account: AccountId) -> String {
    format!("authenticators/{account}")
}

fn draft_place(session: SessionId) -> String {
    format!("authenticator_drafts/{session}")
}
