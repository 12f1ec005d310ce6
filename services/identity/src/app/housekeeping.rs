//! What has to be done when its time has come: ending sessions, forgetting what is no longer needed, sealing anew what an
//! older key sealed.

use super::{Identity, deletion::FAREWELL_KEPT, myself};
use crate::domain::{session::EndCause, space::Tries};
use crate::{events, store};
use time::{Duration, OffsetDateTime};

/// How many rows one transaction takes, so that none is long.
const BATCH: i64 = 200;
/// How long an ended session is kept.
const ENDED_KEPT: Duration = Duration::days(1);
/// How long it is known that a Managed Account was deleted.
const DELETED_KEPT: Duration = Duration::days(1);
/// How long what came of a test sign-in is kept.
const TESTS_KEPT: Duration = Duration::days(30);
/// How long the login history is kept: 13 months (ACC-11); so security events, devices that were not seen again, and
/// the log of SAML sign-ins.
pub(super) const HISTORY_KEPT: Duration = Duration::days(13 * 31);

impl Identity {
    /// Does all of it until nothing is left to do. What fails keeps nothing else from being done; the first fault.
    pub async fn keep_house(&self) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let ended = async {
            while self.end_overdue_sessions(now).await? {}
            Ok(())
        };
        let told = async {
            while self.tell_of_strangers(now, BATCH).await? {}
            while self.tell_of_refused_tries(now).await? {}
            while self.tell_of_unfinished_steps(now, BATCH).await? {}
            Ok(())
        };
        let forgotten = async {
            while self.forget(now).await? {}
            Ok(())
        };
        let resealed = async {
            while self.reseal_authenticators(BATCH).await? {}
            while self.reseal_saml_keys(BATCH).await? {}
            Ok(())
        };
        let looked_at = self.look_at_hashes();
        let (ended, told, forgotten) = (ended.await, told.await, forgotten.await);
        ended.and(told).and(forgotten).and(resealed.await).and(looked_at.await)
    }

    /// Ends sessions whose time is over; whether there may be more.
    async fn end_overdue_sessions(&self, now: OffsetDateTime) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let ended = store::sessions::end_overdue(&mut tx, self.rules.sessions, now, BATCH).await?;
        for (account, session) in &ended {
            let event = events::session_ended(*account, *session, EndCause::Expired).by(&myself());
            self.outbox.publish(&mut tx, event).await?;
        }
        tx.commit().await?;
        Ok(i64::try_from(ended.len()) == Ok(BATCH))
    }

    /// Removes what nobody needs any more; whether there may be more.
    async fn forget(&self, now: OffsetDateTime) -> Result<bool, sqlx::Error> {
        let mut db = self.pool.acquire().await?;
        let removed = [
            store::sign_ups::prune(&mut db, now, BATCH).await?,
            store::password_resets::prune(&mut db, now, BATCH).await?,
            store::email_changes::prune(&mut db, now, BATCH).await?,
            store::sessions::prune(&mut db, now - ENDED_KEPT, BATCH).await?,
            store::login_history::prune(&mut db, now - HISTORY_KEPT, BATCH).await?,
            store::security_events::prune(&mut db, now - HISTORY_KEPT, BATCH).await?,
            store::known_devices::prune(&mut db, now - HISTORY_KEPT, BATCH).await?,
            store::login_alerts::prune(&mut db, now, BATCH).await?,
            store::throttles::prune(&mut db, now, BATCH).await?,
            store::space_tries::prune(&mut db, now - Tries::FORGOTTEN, BATCH).await?,
            store::saml::flows::prune(&mut db, now, BATCH).await?,
            store::second_factors::authenticators::prune_drafts(&mut db, now, BATCH).await?,
            store::second_factors::keys::prune_challenges(&mut db, now, BATCH).await?,
            store::second_factors::passkey_sign_ins::prune(&mut db, now, BATCH).await?,
            store::saml::tests::prune(&mut db, now - TESTS_KEPT, BATCH).await?,
            store::saml::log::prune(&mut db, now - HISTORY_KEPT, BATCH).await?,
            store::saml::strangers::prune(&mut db, now - HISTORY_KEPT, BATCH).await?,
            store::farewells::prune(&mut db, now - FAREWELL_KEPT, BATCH).await?,
            store::managed_accounts::prune(&mut db, now - DELETED_KEPT, BATCH).await?,
        ];
        Ok(removed.contains(&BATCH.unsigned_abs()))
    }
}
