//! Recovery codes, and what is left when a factor is removed.

use super::{SecondFactorError, change::Change};
use crate::{
    app::Identity,
    domain::{
        second_factor::{Factor, RECOVERY_CODES, RecoveryCode},
        security_event::Kind as Noted,
    },
    events,
    store::{self, second_factors::recovery_codes},
};
use pass_mesh::Caller;

impl Identity {
    /// Makes recovery codes anew; they are shown this once.
    pub async fn renew_recovery_codes(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<Vec<String>, SecondFactorError> {
        let change = async {
            let mut change = self.begin_factor_change(caller, token).await?;
            if !change.factors.any() {
                return Err(SecondFactorError::Missing);
            }
            let codes = self.make_recovery_codes(&mut change).await?;
            change.tell(self, events::recovery_codes_made(change.account.id)).await?;
            self.end_factor_change(change).await?;
            Ok(codes)
        };
        self.changing_factors(caller, token, change).await
    }

    /// Switches two-factor authentication off.
    pub async fn disable_second_factors(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<(), SecondFactorError> {
        let change = async {
            let mut change = self.begin_factor_change(caller, token).await?;
            if !change.factors.any() {
                return Err(SecondFactorError::Missing);
            }
            let account = change.account.id;
            store::second_factors::authenticators::remove(&mut change.tx, account).await?;
            store::second_factors::keys::remove_all(&mut change.tx, account).await?;
            self.disabled(&mut change).await?;
            self.end_factor_change(change).await
        };
        self.changing_factors(caller, token, change).await
    }

    /// Recovery codes for an account whose first factor is added, which tells of them; none for one that had any.
    pub(super) async fn first_recovery_codes(
        &self,
        change: &mut Change<'_>,
    ) -> Result<Vec<String>, SecondFactorError> {
        if change.factors.any() { Ok(Vec::new()) } else { self.make_recovery_codes(change).await }
    }

    async fn make_recovery_codes(&self, change: &mut Change<'_>) -> Result<Vec<String>, SecondFactorError> {
        let account = change.account.id;
        let codes: Vec<RecoveryCode> =
            (0..RECOVERY_CODES).map(|_| RecoveryCode::generate(&self.entropy)).collect();
        let hashes: Vec<Vec<u8>> = codes.iter().map(|code| code.hash(account).to_vec()).collect();
        let by = (account, change.session.id);
        recovery_codes::replace(&mut change.tx, by, &hashes, change.now).await?;
        change.note(self, Noted::RecoveryCodesMade, "").await?;
        Ok(codes.iter().map(RecoveryCode::reveal).collect())
    }

    /// A factor was removed: with the last one goes what it was for.
    pub(super) async fn removed(
        &self,
        change: &mut Change<'_>,
        factor: Factor,
    ) -> Result<(), SecondFactorError> {
        let account = change.account.id;
        if store::second_factors::any(&mut change.tx, account).await? {
            return change.tell(self, events::second_factor_removed(account, factor)).await;
        }
        self.disabled(change).await
    }

    async fn disabled(&self, change: &mut Change<'_>) -> Result<(), SecondFactorError> {
        let account = change.account.id;
        recovery_codes::remove_all(&mut change.tx, account).await?;
        change.tell(self, events::second_factors_disabled(account)).await?;
        change.note(self, Noted::TwoFactorDisabled, "").await
    }
}
