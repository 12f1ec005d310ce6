//! The organizations of the person who asks.

use super::{By, Organizations, ReadError};
use crate::store::organizations::{self, Mine};
use pass_types::{Page, PageSize};

/// Which page.
#[derive(Debug)]
pub struct ListMyOrganizations {
    /// How many.
    pub size: PageSize,
    /// From the page before; empty: the first.
    pub token: String,
}

impl Organizations {
    /// The person's organizations by name. That they are the person's own is the authorization.
    #[tracing::instrument(skip_all, fields(account.id = %by.person.account))]
    pub async fn list_my_organizations(
        &self,
        by: &By,
        list: ListMyOrganizations,
    ) -> Result<Page<Mine>, ReadError> {
        let account = by.person.account;
        let ListMyOrganizations { size, token } = list;
        let name = format!("organizations/{account}");
        let key = &self.settings.page_key;
        let after = key.open(&name, &token)?.unwrap_or_default();
        let mut conn = self.pool.acquire().await?;
        let mut items = organizations::list_of(&mut conn, account, &after, size.limit()).await?;
        let next = size.cut(&mut items, |last| last.position.clone());
        let next = next.map(|last| key.seal(&self.entropy, &name, &last)).unwrap_or_default();
        Ok(Page { items, next })
    }
}
