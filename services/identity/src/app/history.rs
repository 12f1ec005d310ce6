//! What an owner sees of their account's past (ACC-11): tries to sign in, and what happened to its safety. 13 months
//! of it, whether or not the housekeeping has been there yet.

use super::{Identity, Owner, database_kind, housekeeping::HISTORY_KEPT};
use crate::domain::{security_event::SecurityEvent, session::Try};
use crate::store;
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Invalid, Kind, Page, PageSize, PageTokenInvalid, Violation};
use uuid::Uuid;

/// One of the lists: what its page tokens are minted for.
#[derive(Debug, Clone, Copy)]
enum List {
    Logins,
    SecurityEvents,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Not one that a page of this list of this account ended with.
    #[error(transparent)]
    PageToken(#[from] PageTokenInvalid),
    /// The database failed.
    #[error("looking back")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// Tries to sign in to the owner's account, latest first.
    pub async fn login_history(
        &self,
        owner: &Owner<'_>,
        size: PageSize,
        token: &str,
    ) -> Result<Page<Try>, HistoryError> {
        let before = self.place(List::Logins, owner, token)?;
        let since = self.clock.now() - HISTORY_KEPT;
        let mut db = self.pool.acquire().await?;
        let rows = store::login_history::page(&mut db, owner.account, before, since, size.limit()).await?;
        Ok(self.page(List::Logins, owner, size, rows, |entry| entry.id))
    }

    /// What happened to the safety of the owner's account, latest first.
    pub async fn security_events(
        &self,
        owner: &Owner<'_>,
        size: PageSize,
        token: &str,
    ) -> Result<Page<SecurityEvent>, HistoryError> {
        let before = self.place(List::SecurityEvents, owner, token)?;
        let since = self.clock.now() - HISTORY_KEPT;
        let mut db = self.pool.acquire().await?;
        let rows = store::security_events::page(&mut db, owner.account, before, since, size.limit()).await?;
        Ok(self.page(List::SecurityEvents, owner, size, rows, |event| event.id))
    }

    /// The row that a page begins after; `None`: it is the first one.
    fn place(&self, list: List, owner: &Owner<'_>, token: &str) -> Result<Option<Uuid>, PageTokenInvalid> {
        if token.is_empty() {
            return Ok(None);
        }
        let (place, _) = self.links.open(&list.purpose(owner), token).ok_or(PageTokenInvalid)?;
        Ok(Some(place))
    }

    fn page<T>(
        &self,
        list: List,
        owner: &Owner<'_>,
        size: PageSize,
        mut items: Vec<T>,
        id: impl Fn(&T) -> Uuid,
    ) -> Page<T> {
        let place = size.cut(&mut items, id);
        let next = place.map(|place| self.links.mint(&list.purpose(owner), place, 0)).unwrap_or_default();
        Page { items, next }
    }
}

impl List {
    /// Tokens are the list's and the account's own: elsewhere they open nothing.
    fn purpose(self, owner: &Owner<'_>) -> String {
        let list = match self {
            Self::Logins => "login-history",
            Self::SecurityEvents => "security-events",
        };
        format!("page {list} {}", owner.account)
    }
}

impl Problem for HistoryError {
    fn kind(&self) -> Kind {
        match self {
            Self::PageToken(_) => Kind::InvalidInput,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::PageToken(_) => ErrorReason::PageTokenInvalid,
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::PageToken(_) => vec![Invalid("must be a next_page_token of this list").of("page_token")],
            Self::Database(_) => Vec::new(),
        }
    }
}
