//! Members of an organization, from organization (ORG-12).

use super::{AsPerson, List, list, refused};
use pass_proto::{
    convert::{FromWire, instant, privileges_from_wire},
    organization::v1::{self as wire, list_members_request::State},
};
use pass_types::{AccountId, AccountKind, Invalid, OrganizationId, Privileges, Role};
use pass_web::Refusal;
use time::OffsetDateTime;

/// A member.
#[derive(Debug, Clone)]
pub struct Member {
    /// The account's id.
    pub account: AccountId,
    /// Which kind of account.
    pub kind: AccountKind,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The role.
    pub role: Role,
    /// The privileges.
    pub privileges: Privileges,
    /// Since when.
    pub join_time: OffsetDateTime,
    /// A Managed Account that is suspended (MAN-5).
    pub suspended: bool,
    /// Names of the teams.
    pub teams: Vec<String>,
}

impl AsPerson {
    /// A page of members whose name or address starts with `query` (ORG-12).
    pub async fn members(
        &self,
        organization: OrganizationId,
        query: &str,
        page_token: &str,
    ) -> Result<List<Member>, Refusal> {
        self.list_members(wire::ListMembersRequest {
            organization_id: organization.to_string(),
            query: query.to_owned(),
            page_size: 0,
            page_token: page_token.to_owned(),
            kind: 0,
            state: 0,
        })
        .await
    }

    /// A page of the Managed Accounts that are not suspended, by name: who loses access with SAML (SML-10).
    pub async fn managed_members(
        &self,
        organization: OrganizationId,
        page_token: &str,
    ) -> Result<List<Member>, Refusal> {
        self.list_members(wire::ListMembersRequest {
            organization_id: organization.to_string(),
            query: String::new(),
            page_size: 100,
            page_token: page_token.to_owned(),
            kind: AccountKind::Managed.to_wire() as i32,
            state: State::Active as i32,
        })
        .await
    }

    async fn list_members(&self, message: wire::ListMembersRequest) -> Result<List<Member>, Refusal> {
        let request = self.context.request(message);
        let answer = self.suite.members.clone().list_members(request).await.map_err(refused)?;
        let wire::ListMembersResponse { members, next_page_token } = answer.into_inner();
        list(members, next_page_token, member_of)
    }
}

fn member_of(member: wire::Member) -> Result<Member, Invalid> {
    let wire::Member { account_id, kind, name, email, role, privileges, join_time, suspended, teams } =
        member;
    Ok(Member {
        account: account_id.parse()?,
        kind: AccountKind::from_wire(kind)?,
        suspended,
        teams: teams.into_iter().map(|team| team.name).collect(),
        name,
        email,
        role: Role::from_wire(role)?,
        privileges: privileges_from_wire(&privileges)?,
        join_time: instant(join_time)?,
    })
}
