//! Members of an organization, searched by name or address (ORG-12).

use super::{By, Organizations, ReadError, authorize};
use crate::{
    domain::{
        authority::Sight,
        key::sort_key,
        member::{Filter, Member},
        team::TeamLabel,
    },
    store::{
        self,
        members::{Listed, Which},
    },
};
use pass_types::{AccountId, AccountKind, OrganizationId, Page, PageSize};

/// Which members.
#[derive(Debug)]
pub struct ListMembers {
    /// Of which organization.
    pub organization: OrganizationId,
    /// Beginning of a name or address; empty: all.
    pub query: String,
    /// Which of them.
    pub filter: Filter,
    /// How many.
    pub size: PageSize,
    /// From the page before; empty: the first.
    pub token: String,
}

/// A member, and those of the member's teams that the caller may see.
#[derive(Debug)]
pub struct ListedMember {
    /// The member.
    pub member: Member,
    /// The teams, the first by name.
    pub teams: Vec<TeamLabel>,
}

impl Organizations {
    /// Members by name; a guest sees those of the own teams (ORG-5). One query more for their teams.
    #[tracing::instrument(skip_all, fields(org.id = %list.organization))]
    pub async fn list_members(&self, by: &By, list: ListMembers) -> Result<Page<ListedMember>, ReadError> {
        let mut conn = self.pool.acquire().await?;
        let member = authorize::member(&mut conn, by, list.organization).await?;
        let prefix = sort_key(list.query.trim());
        let sight = member.sight();
        let which = match (sight, prefix.as_str()) {
            (Sight::OwnTeams(account), prefix) => Which::InTeamsOf(account, prefix),
            (Sight::All, "") => Which::All,
            (Sight::All, prefix) => Which::BeginningWith(prefix),
        };
        let organization = member.organization();
        let name = list_name(organization, list.filter, &prefix);
        let key = &self.settings.page_key;
        let after = key.open(&name, &list.token)?.unwrap_or_default();
        let mut rows =
            store::members::list(&mut conn, organization, which, list.filter, &after, list.size.limit())
                .await?;
        let next = list.size.cut(&mut rows, |last| last.position.clone());
        let next = next.map(|last| key.seal(&self.entropy, &name, &last)).unwrap_or_default();
        let members: Vec<Member> = rows.into_iter().map(|Listed { member, position: _ }| member).collect();
        let accounts: Vec<AccountId> = members.iter().map(|member| member.profile.account).collect();
        let mut teams = store::teams::labels(&mut conn, organization, sight, &accounts).await?;
        let with_teams = |member: Member| {
            let teams = teams.remove(&member.profile.account).unwrap_or_default();
            ListedMember { member, teams }
        };
        let items = members.into_iter().map(with_teams).collect();
        Ok(Page { items, next })
    }
}

/// What page tokens of a list are sealed for.
fn list_name(organization: OrganizationId, Filter { kind, suspended }: Filter, prefix: &str) -> String {
    let kind = kind.map_or("", AccountKind::as_str);
    let state = match suspended {
        None => "",
        Some(false) => "active",
        Some(true) => "suspended",
    };
    format!("members/{organization}/{kind}/{state}/{prefix}")
}
