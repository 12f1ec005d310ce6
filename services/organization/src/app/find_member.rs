//! Finding members for other services.

use super::{ListedMember, Organizations, ReadError};
use crate::{
    domain::authority::Sight,
    store::{members, teams},
};
use pass_types::{AccountId, Email, OrganizationId, Page, PageSize};

/// Which administrators.
#[derive(Debug)]
pub struct ListAdministrators {
    /// Of which organization.
    pub organization: OrganizationId,
    /// How many.
    pub size: PageSize,
    /// From the page before; empty: the first.
    pub token: String,
}

/// Which members.
#[derive(Debug)]
pub struct FindMember {
    /// Of which organization.
    pub organization: OrganizationId,
    /// Whose address; its key counts (ACC-2).
    pub email: Email,
}

impl Organizations {
    /// Members with an address, suspended ones included. Only services of the suite may ask.
    #[tracing::instrument(skip_all, fields(org.id = %find.organization))]
    pub async fn find_member(&self, find: FindMember) -> Result<Vec<ListedMember>, ReadError> {
        let FindMember { organization, email } = find;
        let mut conn = self.pool.acquire().await?;
        let members = members::with_email(&mut conn, organization, &email).await?;
        let accounts: Vec<AccountId> = members.iter().map(|member| member.profile.account).collect();
        let mut teams = teams::labels(&mut conn, organization, Sight::All, &accounts).await?;
        let with_teams = members.into_iter().map(|member| {
            let teams = teams.remove(&member.profile.account).unwrap_or_default();
            ListedMember { member, teams }
        });
        Ok(with_teams.collect())
    }

    /// Who administers an organization and is not suspended. Only services of the suite may ask.
    #[tracing::instrument(skip_all, fields(org.id = %list.organization))]
    pub async fn list_administrators(&self, list: ListAdministrators) -> Result<Page<AccountId>, ReadError> {
        let ListAdministrators { organization, size, token } = list;
        let name = format!("administrators/{organization}");
        let key = &self.settings.page_key;
        let (_, after) = key.open(&name, &token)?.unwrap_or_default();
        let mut conn = self.pool.acquire().await?;
        let mut items = members::administrators(&mut conn, organization, after, size.limit()).await?;
        let next = size.cut(&mut items, |last| (String::new(), last.uuid()));
        let next = next.map(|last| key.seal(&self.entropy, &name, &last)).unwrap_or_default();
        Ok(Page { items, next })
    }
}
