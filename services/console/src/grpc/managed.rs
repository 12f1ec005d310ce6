//! Managed Accounts of an organization, from identity (MAN), and its teams, from organization (ORG-8).

use super::{Account, AsPerson, List, identity::account_of, list, refused, unusable};
use pass_proto::{
    convert::{FromWire, instant, privileges_to_wire},
    identity::v1::{self as wire, managed_account::State as WireState},
    organization::v1 as wire_organization,
};
use pass_types::{AccountId, Invalid, Language, OrganizationId, Privileges, RequestId, Role, TeamId};
use pass_web::Refusal;
use time::OffsetDateTime;

/// Where a Managed Account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagedState {
    /// Nobody has signed in yet.
    Invited,
    /// In use.
    Active,
    /// Its person can't sign in.
    Suspended,
}

impl ManagedState {
    /// The word for it in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A Managed Account, as administrators see it.
#[derive(Debug, Clone)]
pub struct ManagedAccount {
    /// Its id.
    pub id: AccountId,
    /// The account.
    pub account: Account,
    /// Where it stands.
    pub state: ManagedState,
    /// When the link of its invitation expires or expired.
    pub invitation_expire_time: Option<OffsetDateTime>,
}

/// A Managed Account to make, as typed.
#[derive(Debug, Clone)]
pub struct NewManagedAccount {
    /// Makes it happen once.
    pub request: RequestId,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Empty: one is generated.
    pub unique_id: String,
    /// The language.
    pub language: Language,
    /// IANA name.
    pub time_zone: String,
    /// The role.
    pub role: Role,
    /// The privileges.
    pub privileges: Privileges,
    /// The teams.
    pub teams: Vec<TeamId>,
}

/// A team.
#[derive(Debug, Clone)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// How many are in it.
    pub member_count: i32,
}

/// What an administrator does to a Managed Account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagedChange {
    /// Mails the invitation anew (MAN-2).
    Resend,
    /// Suspends (MAN-5).
    Suspend,
    /// Resumes (MAN-5).
    Resume,
    /// Deletes for ever (MAN-5).
    Delete,
}

impl AsPerson {
    /// Makes a Managed Account (MAN-1).
    pub async fn create_managed(
        &self,
        organization: OrganizationId,
        new: &NewManagedAccount,
    ) -> Result<ManagedAccount, Refusal> {
        let message = wire::CreateManagedAccountRequest {
            request_id: new.request.to_string(),
            organization_id: organization.to_string(),
            name: new.name.clone(),
            email: new.email.clone(),
            unique_id: new.unique_id.clone(),
            language: super::language_code(new.language),
            time_zone: new.time_zone.clone(),
            role: new.role.to_wire() as i32,
            privileges: privileges_to_wire(&new.privileges),
            team_ids: new.teams.iter().map(ToString::to_string).collect(),
        };
        let request = self.context.request(message);
        let answer = self.suite.managed.clone().create_managed_account(request).await.map_err(refused)?;
        known(answer.into_inner().managed_account)
    }

    /// One Managed Account.
    pub async fn managed(
        &self,
        organization: OrganizationId,
        account: AccountId,
    ) -> Result<ManagedAccount, Refusal> {
        let message = wire::GetManagedAccountRequest {
            organization_id: organization.to_string(),
            account_id: account.to_string(),
        };
        let request = self.context.request(message);
        let answer = self.suite.managed.clone().get_managed_account(request).await.map_err(refused)?;
        known(answer.into_inner().managed_account)
    }

    /// Changes one (MAN-2, MAN-5).
    pub async fn change_managed(
        &self,
        organization: OrganizationId,
        account: AccountId,
        change: ManagedChange,
    ) -> Result<(), Refusal> {
        let (organization_id, account_id) = (organization.to_string(), account.to_string());
        let mut client = self.suite.managed.clone();
        match change {
            ManagedChange::Resend => {
                let message = wire::ResendManagedInvitationRequest { organization_id, account_id };
                client.resend_managed_invitation(self.context.request(message)).await.map(drop)
            }
            ManagedChange::Suspend => {
                let message = wire::SuspendManagedAccountRequest { organization_id, account_id };
                client.suspend_managed_account(self.context.request(message)).await.map(drop)
            }
            ManagedChange::Resume => {
                let message = wire::ResumeManagedAccountRequest { organization_id, account_id };
                client.resume_managed_account(self.context.request(message)).await.map(drop)
            }
            ManagedChange::Delete => {
                let message = wire::DeleteManagedAccountRequest { organization_id, account_id };
                client.delete_managed_account(self.context.request(message)).await.map(drop)
            }
        }
        .map_err(refused)
    }

    /// A page of the organization's teams, by name.
    pub async fn teams(&self, organization: OrganizationId, page_token: &str) -> Result<List<Team>, Refusal> {
        let message = wire_organization::ListTeamsRequest {
            organization_id: organization.to_string(),
            page_size: 100,
            page_token: page_token.to_owned(),
        };
        let request = self.context.request(message);
        let answer = self.suite.teams.clone().list_teams(request).await.map_err(refused)?;
        let wire_organization::ListTeamsResponse { teams, next_page_token } = answer.into_inner();
        list(teams, next_page_token, team_of)
    }

    /// Makes a team (ORG-8).
    pub async fn create_team(
        &self,
        organization: OrganizationId,
        request: RequestId,
        name: &str,
    ) -> Result<(), Refusal> {
        let message = wire_organization::CreateTeamRequest {
            request_id: request.to_string(),
            organization_id: organization.to_string(),
            name: name.to_owned(),
        };
        self.suite.teams.clone().create_team(self.context.request(message)).await.map_err(refused)?;
        Ok(())
    }
}

fn known(managed: Option<wire::ManagedAccount>) -> Result<ManagedAccount, Refusal> {
    managed_of(managed).map_err(unusable("Managed Account"))
}

fn managed_of(managed: Option<wire::ManagedAccount>) -> Result<ManagedAccount, Invalid> {
    let wire::ManagedAccount { account, organization_id: _, state, invitation_expire_time } =
        managed.ok_or(Invalid("no Managed Account"))?;
    let id = account.as_ref().ok_or(Invalid("no account"))?.account_id.parse()?;
    let state = match WireState::try_from(state) {
        Ok(WireState::Invited) => ManagedState::Invited,
        Ok(WireState::Active) => ManagedState::Active,
        Ok(WireState::Suspended) => ManagedState::Suspended,
        Ok(WireState::Unspecified) | Err(_) => return Err(Invalid("an unknown state of an account")),
    };
    Ok(ManagedAccount {
        id,
        account: account_of(account)?,
        state,
        invitation_expire_time: invitation_expire_time.map(|at| instant(Some(at))).transpose()?,
    })
}

fn team_of(team: wire_organization::Team) -> Result<Team, Invalid> {
    let wire_organization::Team { team_id, name, member_count, create_time: _ } = team;
    Ok(Team { id: team_id.parse()?, name, member_count })
}
