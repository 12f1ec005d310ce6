//! What Acme has with Nulab Pass, and the others who have it or wait for it: applied for, approved and set
//! up as administrators and operators do.

use crate::{
    asker::Asker,
    people::{Person, link_token},
};
use pass_proto::{
    billing::v1::{
        ApplyForTrialRequest, ApplyForTrialResponse, ApproveApplicationRequest, ApproveApplicationResponse,
    },
    domains::v1::{
        AddDomainRequest, AddDomainResponse, Domain, VerifyDomainRequest, VerifyDomainResponse, domain::State,
    },
    identity::v1::{CreateManagedAccountRequest, CreateManagedAccountResponse},
    organization::v1::{
        AddManagedMemberRequest, AddManagedMemberResponse, CreateTeamRequest, CreateTeamResponse,
        Organization, SetOrganizationHandleRequest, SetOrganizationHandleResponse,
    },
    types::v1::{Language, Role},
};
use pass_testkit::DnsServer;

/// Zones of the walk's DNS server: each organization verifies its own.
pub const ZONES: [(&str, &str); 2] = [("acme.example", ""), ("other.example", "")];
/// Acme's Organization ID.
pub const HANDLE: &str = "acme-corp";
/// The other organization's.
const OTHER_HANDLE: &str = "other-corp";
/// The address of a Managed Account of Acme's that was invited.
pub const MANAGED: &str = "mana@acme.example";
/// Its name.
pub const MANAGED_NAME: &str = "Mana Sato";
/// The address of another one, which signs in.
pub const SIGNED_IN: &str = "saki@acme.example";
/// Its name.
pub const SIGNED_IN_NAME: &str = "Saki Mori";
/// The address of a member of Acme's that organization has and identity does not know.
pub const HALF_MADE: &str = "haru@acme.example";
/// That member's account.
pub const HALF_MADE_ACCOUNT: &str = "0190a0a0-0000-7000-8000-0000000000a1";
/// The application's contact.
pub const CONTACT: &str = "Tomoko Purchasing";
/// The application's company.
pub const COMPANY: &str = "Acme Kabushiki Kaisha";

/// What comes with Nulab Pass.
pub struct NulabPass {
    /// An organization of the administrator's without it; Acme's member and guest are there, too.
    pub plain: Organization,
    /// Acme's application, which was approved.
    pub application: String,
    /// Applications of further organizations of the outsider's that wait.
    pub waiting: [String; 2],
    /// Acme's Space Key.
    pub space_key: String,
    /// A team of Acme's; its administrator is the administrator.
    pub team: String,
    /// Acme's verified domain.
    pub domain: String,
    /// A domain of Acme's that nobody has verified.
    pub pending_domain: String,
    /// Acme's Managed Account that was invited.
    pub managed: String,
    /// What the link of its invitation has.
    pub managed_invitation: String,
}

/// Who has what.
pub struct Owners<'a> {
    /// Of Acme, and of an organization without Nulab Pass.
    pub administrator: &'a Person,
    /// Of the other organization.
    pub outsider: &'a Person,
    /// Staff.
    pub operator: &'a Person,
    /// Acme.
    pub acme: &'a Organization,
    /// The other organization, which has Nulab Pass as well.
    pub other: &'a Organization,
    /// The one without.
    pub plain: &'a Organization,
}

impl NulabPass {
    /// Sets it all up.
    pub async fn make(asker: &Asker<'_>, dns: &DnsServer, owners: &Owners<'_>) -> Self {
        let Owners { administrator, outsider, operator, acme, other, plain } = owners;
        let application = asker.apply(administrator, acme).await;
        let others = asker.apply(outsider, other).await;
        for application in [&application, &others] {
            let request = ApproveApplicationRequest { application_id: application.clone() };
            let _: ApproveApplicationResponse =
                asker.ask(operator, "billing.v1.OperatorService.ApproveApplication", &request).await;
        }
        let mut waiting = Vec::new();
        for (name, space) in [("Third", "third"), ("Fourth", "fourth")] {
            let organization = asker.start_trial(outsider, name, space).await;
            waiting.push(asker.apply(outsider, &organization).await);
        }
        for (person, organization, handle) in [(administrator, acme, HANDLE), (outsider, other, OTHER_HANDLE)]
        {
            asker.set_handle(person, organization, handle).await;
        }
        let id = acme.organization_id.as_str();
        let domain = asker.add_domain(administrator, id, "acme.example").await;
        let others = asker.add_domain(outsider, &other.organization_id, "other.example").await;
        asker.verify(dns, administrator, id, &domain).await;
        asker.verify(dns, outsider, &other.organization_id, &others).await;
        let pending_domain = asker.add_domain(administrator, id, "pending.acme.example").await;
        let team = asker.create_team(administrator, id).await;
        let managed = asker.create_managed(administrator, id, &team, (MANAGED_NAME, MANAGED)).await;
        asker.create_managed(administrator, id, &team, (SIGNED_IN_NAME, SIGNED_IN)).await;
        let managed_invitation = link_token(asker.suite, MANAGED, "/managed/invitations/", 0).await;
        asker.half_make(administrator, id).await;
        Self {
            plain: (*plain).clone(),
            application,
            waiting: waiting.try_into().expect("two of them"),
            space_key: acme.space_key.clone(),
            team,
            domain: domain.domain_id,
            pending_domain: pending_domain.domain_id,
            managed,
            managed_invitation,
        }
    }
}

impl Asker<'_> {
    async fn apply(&self, person: &Person, organization: &Organization) -> String {
        let request = application(person, organization, self.request_id());
        let answer: ApplyForTrialResponse =
            self.ask(person, "billing.v1.ApplicationService.ApplyForTrial", &request).await;
        answer.application.expect("an application").application_id
    }

    async fn set_handle(&self, person: &Person, organization: &Organization, handle: &str) {
        let request = SetOrganizationHandleRequest {
            organization_id: organization.organization_id.clone(),
            handle: handle.to_owned(),
        };
        let method = "organization.v1.OrganizationService.SetOrganizationHandle";
        let _: SetOrganizationHandleResponse = self.ask(person, method, &request).await;
    }

    async fn add_domain(&self, person: &Person, organization: &str, name: &str) -> Domain {
        let request = AddDomainRequest {
            request_id: self.request_id(),
            organization_id: organization.to_owned(),
            name: name.to_owned(),
        };
        let answer: AddDomainResponse =
            self.ask(person, "domains.v1.DomainService.AddDomain", &request).await;
        answer.domain.expect("a domain")
    }

    async fn verify(&self, dns: &DnsServer, person: &Person, organization: &str, domain: &Domain) {
        let record = format!("_nulab-challenge TXT \"{}\"", domain.record_text);
        dns.set(&domain.name, &record).await;
        let request = VerifyDomainRequest {
            organization_id: organization.to_owned(),
            domain_id: domain.domain_id.clone(),
        };
        let answer: VerifyDomainResponse =
            self.ask(person, "domains.v1.DomainService.VerifyDomain", &request).await;
        assert_eq!(answer.domain.expect("a domain").state(), State::Verified, "{:?}", answer.finding);
    }

    async fn create_team(&self, person: &Person, organization: &str) -> String {
        let request = CreateTeamRequest {
            request_id: self.request_id(),
            organization_id: organization.to_owned(),
            name: "Acme designers".to_owned(),
        };
        let answer: CreateTeamResponse =
            self.ask(person, "organization.v1.TeamService.CreateTeam", &request).await;
        answer.team.expect("a team").team_id
    }

    async fn create_managed(
        &self,
        person: &Person,
        organization: &str,
        team: &str,
        (name, email): (&str, &str),
    ) -> String {
        let request = CreateManagedAccountRequest {
            request_id: self.request_id(),
            organization_id: organization.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            unique_id: String::new(),
            language: Language::En.into(),
            time_zone: "Asia/Tokyo".to_owned(),
            role: Role::Member.into(),
            privileges: vec![],
            team_ids: vec![team.to_owned()],
        };
        let answer: CreateManagedAccountResponse =
            self.ask(person, "identity.v1.ManagedAccountService.CreateManagedAccount", &request).await;
        answer.managed_account.and_then(|made| made.account).expect("an account").account_id
    }

    /// What identity does when it makes a Managed Account, without the rest of it.
    async fn half_make(&self, person: &Person, organization: &str) {
        let request = AddManagedMemberRequest {
            organization_id: organization.to_owned(),
            account_id: HALF_MADE_ACCOUNT.to_owned(),
            attempt: 1,
            name: "Haru Half".to_owned(),
            email: HALF_MADE.to_owned(),
            role: Role::Member.into(),
            privileges: vec![],
            team_ids: vec![],
        };
        let method = "organization.v1.ManagedMemberService.AddManagedMember";
        let _: AddManagedMemberResponse = self.ask_from("identity", person, method, &request).await;
    }
}

/// An application for an organization's trial, by its Plan Admin.
pub fn application(
    plan_admin: &Person,
    organization: &Organization,
    request_id: String,
) -> ApplyForTrialRequest {
    ApplyForTrialRequest {
        request_id,
        organization_id: organization.organization_id.clone(),
        contact_name: CONTACT.to_owned(),
        plan_admin_email: plan_admin.email.to_owned(),
        company: COMPANY.to_owned(),
        space_key: organization.space_key.clone(),
        language: Language::En.into(),
    }
}
