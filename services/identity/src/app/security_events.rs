//! What the owner of an account is told of its safety (ACC-11).

use super::Identity;
use crate::{domain::security_event::Kind, store};
use pass_mesh::Caller;
use pass_types::AccountId;
use sqlx::PgConnection;

impl Identity {
    /// Notes what happened to an account's safety, in the transaction in which it happens.
    pub(super) async fn note_for_owner(
        &self,
        db: &mut PgConnection,
        caller: &Caller,
        account: AccountId,
        kind: Kind,
        detail: &str,
    ) -> Result<(), sqlx::Error> {
        let at = self.clock.now();
        let id = self.entropy.uuid(at);
        let entry = store::security_events::Entry { id, account, at, kind, origin: &caller.origin, detail };
        store::security_events::insert(db, &entry).await
    }
}
