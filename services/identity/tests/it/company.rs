//! An organization with Nulab Pass, as the tests of Managed Accounts and SAML have it.

use crate::suite::{Suite, User};
use pass_mesh::Failure;
use pass_proto::{
    identity::v1::*,
    organization::v1::Organization,
    types::v1::{Language, Role},
};
use pass_types::{AccountId, Clock, Entropy, OrganizationId};
use time::{Duration, OffsetDateTime};

/// An organization with Nulab Pass, a verified domain, and somebody who administers it.
pub struct Company {
    pub suite: Suite,
    pub administrator: User,
    pub organization: OrganizationId,
    requests: Entropy,
}

impl Company {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut identity::Config)) -> Self {
        Self::around(Suite::with(change).await).await
    }

    async fn around(suite: Suite) -> Self {
        let administrator = suite.user("admin@personal.example").await;
        let requests = Entropy::from_seed(11);
        let organization = OrganizationId::generate(&requests, OffsetDateTime::UNIX_EPOCH);
        suite.world.join(administrator.account, organization, Role::Administrator);
        let mut state = suite.world.state();
        state.organizations.push(Organization {
            organization_id: organization.to_string(),
            name: "Acme".to_owned(),
            space_key: "AcmeSpace1".to_owned(),
            create_time: None,
            handle: "acme".to_owned(),
        });
        state.domains.insert((organization.to_string(), "acme.example".to_owned()));
        state.seats = 3;
        state.entitled_until = Some(suite.clock.now() + Duration::days(30));
        drop(state);
        Self { suite, administrator, organization, requests }
    }

    /// Another organization of the same administrator, in the same surroundings.
    pub fn beside(&self, name: &str, handle: &str, space_key: &str) -> Self {
        let organization = OrganizationId::generate(&self.requests, OffsetDateTime::UNIX_EPOCH);
        self.suite.world.join(self.administrator.account, organization, Role::Administrator);
        self.suite.world.state().organizations.push(Organization {
            organization_id: organization.to_string(),
            name: name.to_owned(),
            space_key: space_key.to_owned(),
            create_time: None,
            handle: handle.to_owned(),
        });
        let (administrator, requests) = (self.administrator.clone(), self.requests.clone());
        Self { suite: self.suite.clone(), administrator, organization, requests }
    }

    /// A request for an account with this address.
    pub fn wish(&self, email: &str) -> CreateManagedAccountRequest {
        CreateManagedAccountRequest {
            request_id: self.requests.uuid(OffsetDateTime::UNIX_EPOCH).to_string(),
            organization_id: self.organization.to_string(),
            name: "Hanako Sato".to_owned(),
            email: email.to_owned(),
            language: Language::Ja as i32,
            time_zone: "Asia/Tokyo".to_owned(),
            role: Role::Member as i32,
            ..Default::default()
        }
    }

    /// Asks for it as the administrator.
    pub fn create(
        &self,
        wish: CreateManagedAccountRequest,
    ) -> impl Future<Output = Result<CreateManagedAccountResponse, Failure>> + Send + use<> {
        self.suite.console_as(&self.administrator).create_managed_account(wish)
    }

    /// Makes one.
    pub async fn employ(&self, email: &str) -> AccountId {
        let made = self.create(self.wish(email)).await.unwrap().managed_account.unwrap();
        made.account.unwrap().account_id.parse().unwrap()
    }

    pub async fn get(&self, id: AccountId) -> Result<ManagedAccount, Failure> {
        let request = GetManagedAccountRequest {
            organization_id: self.organization.to_string(),
            account_id: id.to_string(),
        };
        let answer = self.suite.console_as(&self.administrator).get_managed_account(request).await?;
        Ok(answer.managed_account.unwrap())
    }

    pub async fn suspend(&self, id: AccountId) -> Result<ManagedAccount, Failure> {
        let request = SuspendManagedAccountRequest {
            organization_id: self.organization.to_string(),
            account_id: id.to_string(),
        };
        let answer = self.suite.console_as(&self.administrator).suspend_managed_account(request).await?;
        Ok(answer.managed_account.unwrap())
    }

    pub async fn resume(&self, id: AccountId) -> Result<ManagedAccount, Failure> {
        let request = ResumeManagedAccountRequest {
            organization_id: self.organization.to_string(),
            account_id: id.to_string(),
        };
        let answer = self.suite.console_as(&self.administrator).resume_managed_account(request).await?;
        Ok(answer.managed_account.unwrap())
    }

    pub async fn delete(&self, id: AccountId) -> Result<(), Failure> {
        let request = DeleteManagedAccountRequest {
            organization_id: self.organization.to_string(),
            account_id: id.to_string(),
        };
        self.suite.console_as(&self.administrator).delete_managed_account(request).await.map(drop)
    }

    pub async fn resend(&self, id: AccountId) -> Result<ManagedAccount, Failure> {
        let request = ResendManagedInvitationRequest {
            organization_id: self.organization.to_string(),
            account_id: id.to_string(),
        };
        let answer = self.suite.console_as(&self.administrator).resend_managed_invitation(request).await?;
        Ok(answer.managed_account.unwrap())
    }

    /// How many seats are taken, and how many Managed Accounts are members.
    pub fn taken(&self) -> (usize, usize) {
        let state = self.suite.world.state();
        (state.seated.len(), state.managed_members.len())
    }

    pub async fn mail(
        &self,
        id: AccountId,
        attempt: i32,
    ) -> Result<PrepareManagedInvitationMailResponse, Failure> {
        let request = PrepareManagedInvitationMailRequest { account_id: id.to_string(), attempt };
        self.suite.system("notification").prepare_managed_invitation_mail(request).await
    }

    pub async fn invitation(&self, url: &str) -> Result<GetManagedInvitationResponse, Failure> {
        let token = url.strip_prefix("https://pass.test/managed/invitations/").unwrap().to_owned();
        self.suite.gateway_anonymous().get_managed_invitation(GetManagedInvitationRequest { token }).await
    }

    pub async fn count(&self, domain: &str) -> i32 {
        let request = CountManagedAccountsRequest {
            organization_id: self.organization.to_string(),
            domain: domain.to_owned(),
        };
        self.suite.system("domain-verification").count_managed_accounts(request).await.unwrap().count
    }
}
