//! The domains of an organization.

use super::{By, Domains, ReadError, page};
use crate::{domain::claim::Domain, store};
use pass_types::{OrganizationId, Page, PageSize};

/// Which domains.
#[derive(Debug)]
pub struct ListDomains {
    /// Of which organization.
    pub organization: OrganizationId,
    /// How many.
    pub size: PageSize,
    /// From the page before; empty: the first.
    pub token: String,
}

impl Domains {
    /// By name. An organization whose Nulab Pass has ended still sees them.
    #[tracing::instrument(skip_all, fields(org.id = %list.organization))]
    pub async fn list_domains(&self, by: &By, list: ListDomains) -> Result<Page<Domain>, ReadError> {
        let administrator = self.administrator(by, list.organization).await?;
        let after = page::position(&list.token)?;
        let mut conn = self.pool.acquire().await?;
        let organization = administrator.organization();
        let mut items = store::domains::list(&mut conn, organization, &after, list.size.limit()).await?;
        let next = list.size.cut(&mut items, |last| page::token(&last.name)).unwrap_or_default();
        Ok(Page { items, next })
    }
}
