//! The mail that tells an owner that their account was deleted: the deletion is final, and may have been an intruder's.
//!
//! It can't be asked for while there is an account, which is often gone before an event is out. So what the mail needs
//! (an address, a language, a time zone, no name) is kept beside the deletion for [`FAREWELL_KEPT`], as the one thing
//! that outlives the account here, and the event that tells of the deletion asks for the mail. A mail server that takes
//! none for longer costs the mail: the address does not stay for it.

use crate::{
    app::{DirectoryError, Identity},
    domain::deletion::Farewell,
    store,
};
use pass_types::AccountId;
use time::Duration;

/// How long the owner's address is kept for the mail.
pub const FAREWELL_KEPT: Duration = Duration::hours(1);

impl Identity {
    /// What the mail about a deleted account says.
    pub async fn account_deleted_mail(&self, account: AccountId) -> Result<Farewell, DirectoryError> {
        let mut db = self.pool.acquire().await?;
        let farewell = store::farewells::find(&mut db, account, self.clock.now() - FAREWELL_KEPT).await?;
        farewell.ok_or(DirectoryError::LinkInvalid)
    }
}
