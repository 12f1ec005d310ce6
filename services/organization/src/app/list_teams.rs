//! Teams of an organization (ORG-5, ORG-8).

use super::{By, Organizations, ReadError, authorize};
use crate::{
    domain::team::CountedTeam,
    store::{self, teams::Listed},
};
use pass_types::{OrganizationId, Page, PageSize};

/// Which teams.
#[derive(Debug)]
pub struct ListTeams {
    /// Of which organization.
    pub organization: OrganizationId,
    /// How many.
    pub size: PageSize,
    /// From the page before; empty: the first.
    pub token: String,
}

impl Organizations {
    /// Teams by name; a guest sees the own ones.
    #[tracing::instrument(skip_all, fields(org.id = %list.organization))]
    pub async fn list_teams(&self, by: &By, list: ListTeams) -> Result<Page<CountedTeam>, ReadError> {
        let mut conn = self.pool.acquire().await?;
        let member = authorize::member(&mut conn, by, list.organization).await?;
        let organization = member.organization();
        let name = format!("teams/{organization}");
        let key = &self.settings.page_key;
        let after = key.open(&name, &list.token)?.unwrap_or_default();
        let limit = list.size.limit();
        let mut rows = store::teams::list(&mut conn, organization, member.sight(), &after, limit).await?;
        let next = list.size.cut(&mut rows, |last| last.position.clone());
        let next = next.map(|last| key.seal(&self.entropy, &name, &last)).unwrap_or_default();
        let items = rows.into_iter().map(|Listed { counted, position: _ }| counted).collect();
        Ok(Page { items, next })
    }
}
