//! What every change of second factors begins and ends with: authorization under the account's lock, then the end
//! of all other sessions (ACC-12).

use super::SecondFactorError;
use crate::{
    app::{Browser, Identity, SessionError, Tx},
    domain::{
        account::Account,
        second_factor::{Factor, Factors, is_fresh},
        security_event::Kind as Noted,
        session::{EndCause, Method, Session},
    },
    events, store,
};
use pass_events::Event;
use pass_mesh::{Caller, Problem};
use pass_types::{AccountKind, Actor, Person, Secret};
use time::OffsetDateTime;

/// A change that is allowed: what authorization gives. Dropped, it has not happened.
pub(super) struct Change<'a> {
    pub(super) tx: Tx,
    /// The session that changes it.
    pub(super) session: Session,
    /// Nobody else changes it meanwhile.
    pub(super) account: Account,
    /// As they were.
    pub(super) factors: Factors,
    pub(super) now: OffsetDateTime,
    caller: &'a Caller,
    actor: Actor,
}

impl Identity {
    /// Makes a change of the browser of a token; if the rules refuse it, that is told (AUD-1).
    pub(super) async fn changing_factors<T>(
        &self,
        caller: &Caller,
        token: &str,
        change: impl Future<Output = Result<T, SecondFactorError>>,
    ) -> Result<T, SecondFactorError> {
        let changed = change.await;
        if let Err(why) = &changed
            && why.is_refusal()
        {
            let Browser { session, account } = self.browser_of(token).await?;
            let refused = events::second_factor_change_refused(account.id, why.reason());
            let actor = actor(&account, &session, self.clock.now());
            self.tell(refused.by(&actor).from(&caller.origin)).await?;
        }
        changed
    }

    /// Authorizes the browser of a token to change its account's second factors.
    pub(super) async fn begin_factor_change<'a>(
        &self,
        caller: &'a Caller,
        token: &str,
    ) -> Result<Change<'a>, SecondFactorError> {
        let token: Secret = token.parse().map_err(|_| SessionError::Over)?;
        let Browser { session: _, account } = self.resolve_session(&token).await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let over = || SecondFactorError::Session(SessionError::Over);
        let account = store::accounts::lock(&mut tx, account.id).await?.ok_or_else(over)?;
        if account.kind == AccountKind::Managed {
            return Err(SecondFactorError::Managed);
        }
        // Another change may have ended it since, or its owner may have stepped up: the token is nobody's any more then.
        let session = store::sessions::by_token(&mut tx, &token.hash()).await?.ok_or_else(over)?;
        let session = session.live(self.rules.sessions, now).map_err(|_| over())?;
        let factors = store::second_factors::of(&mut tx, account.id).await?;
        is_fresh(&session, factors.any(), now)?;
        let actor = actor(&account, &session, now);
        Ok(Change { tx, session, account, factors, now, caller, actor })
    }

    /// Makes the change, which was told and noted already; with it end all other sessions.
    pub(super) async fn end_factor_change(&self, mut change: Change<'_>) -> Result<(), SecondFactorError> {
        let account = change.account.id;
        let others = store::sessions::end_others(&mut change.tx, account, change.session.id, change.now);
        for id in others.await? {
            change.tell(self, events::session_ended(account, id, EndCause::EndedByOwner)).await?;
        }
        Ok(change.tx.commit().await?)
    }
}

impl Change<'_> {
    /// Tells the others, as the person's doing.
    pub(super) async fn tell(&mut self, identity: &Identity, event: Event) -> Result<(), SecondFactorError> {
        let event = event.by(&self.actor).from(&self.caller.origin);
        identity.outbox.publish(&mut self.tx, event).await?;
        Ok(())
    }

    /// Notes it for the account's owner.
    pub(super) async fn note(
        &mut self,
        identity: &Identity,
        kind: Noted,
        detail: &str,
    ) -> Result<(), SecondFactorError> {
        let account = self.account.id;
        Ok(identity.note_for_owner(&mut self.tx, self.caller, account, kind, detail).await?)
    }

    /// Tells of a factor that was added, with the link that takes it away again.
    pub(super) async fn tell_added(
        &mut self,
        identity: &Identity,
        factor: Factor,
    ) -> Result<(), SecondFactorError> {
        let alert = identity.alert_about(&mut self.tx, &self.session, &self.account).await?;
        self.tell(identity, events::second_factor_added(self.account.id, factor, alert)).await
    }

    /// The session has shown the new factor; its new token.
    pub(super) async fn shown(
        &mut self,
        identity: &Identity,
        method: Method,
    ) -> Result<Secret, SecondFactorError> {
        self.session = self.session.clone().with_second_factor(method, self.now);
        identity.step_up(&mut self.tx, &self.session).await
    }
}

impl Identity {
    /// Gives a session that has shown a second factor its new token, as at each change of level; whoever has the one
    /// from before has nothing.
    pub(super) async fn step_up(&self, tx: &mut Tx, session: &Session) -> Result<Secret, SecondFactorError> {
        let token = Secret::generate(&self.entropy);
        if !store::sessions::step_up(tx, session, &token.hash()).await? {
            return Err(SessionError::Over.into());
        }
        Ok(token)
    }
}

/// The signed-in person, who has no access token here: the gateway's own pages need none.
pub(in crate::app) fn actor(account: &Account, session: &Session, now: OffsetDateTime) -> Actor {
    Actor::Person(Person {
        account: account.id,
        kind: account.kind,
        session: session.id,
        client: "gateway".parse().expect("a client's id"),
        grant: session.id.uuid().into(),
        membership: None,
        operator: false,
        issued_at: now,
    })
}
