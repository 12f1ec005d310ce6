//! Ending access (API-5): a session that is over takes its refresh tokens, codes and access tokens with it,
//! and its clients are told.

use crate::{
    app::Gateway,
    domain::{
        family::FamilyId,
        revocation::{Revocation, Subject},
    },
    store,
};
use pass_events::{Handler, HandlerError};
use pass_proto::events::v1::{Envelope, SessionEnded, envelope::Payload};
use pass_types::{AccountId, Invalid, SessionId};
use sqlx::{Postgres, Transaction};
use time::{Duration, OffsetDateTime};

/// Revocations are kept this much longer than the tokens that they void, for clocks that differ.
pub const SKEW: Duration = Duration::seconds(30);

impl Gateway {
    /// Everything that follows from the end of a session, in one transaction. Doing it twice changes nothing.
    pub async fn session_ended(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        account: AccountId,
        session: SessionId,
    ) -> sqlx::Result<()> {
        let now = self.clock.now();
        store::revocations::lock_session(tx, session).await?;
        // In the future: a session that is over never comes back, and replicas' clocks differ.
        let not_before = now + self.terms.token_life + SKEW;
        let revocation = Revocation { subject: Subject::Session(session), not_before };
        store::revocations::insert(tx, &revocation, now, not_before + self.terms.token_life + SKEW).await?;
        store::codes::end_of_session(tx, session).await?;
        for client in store::families::end_of_session(tx, session, now).await? {
            store::logouts::enqueue(tx, self.entropy.uuid(now), &client, account, session, now).await?;
        }
        Ok(())
    }

    /// Voids the access tokens of a family that was revoked.
    pub(super) async fn void_grant(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        family: FamilyId,
        now: OffsetDateTime,
    ) -> sqlx::Result<()> {
        // In the future: a revoked family never comes back, and replicas' clocks differ.
        let not_before = now + self.terms.token_life + SKEW;
        let revocation = Revocation { subject: Subject::Grant(family.into()), not_before };
        store::revocations::insert(tx, &revocation, now, not_before + self.terms.token_life + SKEW).await
    }
}

/// Takes `identity.session_ended`.
pub struct SessionsEnded(pub Gateway);

impl Handler for SessionsEnded {
    async fn handle(&self, tx: &mut Transaction<'_, Postgres>, event: &Envelope) -> Result<(), HandlerError> {
        let Some(Payload::SessionEnded(ended)) = &event.payload else {
            return Err(HandlerError::Reject("the payload is not session_ended".to_owned()));
        };
        let (account, session) =
            ids(ended).map_err(|invalid| HandlerError::Reject(format!("an id {invalid}")))?;
        self.0.session_ended(tx, account, session).await.map_err(|error| HandlerError::Retry(error.into()))
    }
}

fn ids(ended: &SessionEnded) -> Result<(AccountId, SessionId), Invalid> {
    let SessionEnded { account_id, session_id, cause: _ } = ended;
    Ok((account_id.parse()?, session_id.parse()?))
}
