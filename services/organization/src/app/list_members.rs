//! Members of an organization, searched by name or address (ORG-12).

use super::{By, Organizations, Page, PageSize, ReadError, authorize};
use crate::{
    domain::{key::sort_key, member::Member},
    store::{
        self,
        members::{Listed, Which},
    },
};
use pass_types::OrganizationId;

/// Which members.
#[derive(Debug)]
pub struct ListMembers {
    /// Of which organization.
    pub organization: OrganizationId,
    /// Beginning of a name or address; empty: all.
    pub query: String,
    /// How many.
    pub size: PageSize,
    /// From the page before; empty: the first.
    pub token: String,
}

impl Organizations {
    /// Members by name; a guest sees only what guests see (ORG-5).
    #[tracing::instrument(skip_all, fields(org.id = %list.organization))]
    pub async fn list_members(&self, by: &By, list: ListMembers) -> Result<Page<Member>, ReadError> {
        let mut conn = self.pool.acquire().await?;
        let member = authorize::member(&mut conn, by, list.organization).await?;
        let prefix = sort_key(list.query.trim());
        let which = match (member.sees_only(), prefix.as_str()) {
            (Some(account), _) => Which::Only(account),
            (None, "") => Which::All,
            (None, prefix) => Which::BeginningWith(prefix),
        };
        let organization = member.organization();
        let name = format!("members/{organization}/{prefix}");
        let key = &self.settings.page_key;
        let after = key.open(&name, &list.token)?.unwrap_or_default();
        let mut rows =
            store::members::list(&mut conn, organization, which, &after, list.size.limit()).await?;
        let next = list.size.cut(&mut rows, |last| last.position.clone());
        let next = next.map(|last| key.seal(&self.entropy, &name, &last)).unwrap_or_default();
        let items = rows.into_iter().map(|Listed { member, position: _ }| member).collect();
        Ok(Page { items, next })
    }
}
