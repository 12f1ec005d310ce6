//! Identity, organization, domain-verification and billing, as far as the console asks them: they answer what a
//! test put there, and keep what they were asked.

use pass_mesh::{Problem, open, status};
use pass_proto::{
    billing::v1::*, domains::v1::*, errors::v1::ErrorReason, identity::v1::*, organization::v1::*,
};
use pass_types::{Kind, Origin, SessionId, Violation};
use prost::Message;
use std::sync::{Arc, Mutex};
use tonic::{Request, Response, Status};

/// Where an administrator's browser runs a test sign-in.
pub const TEST_URL: &str = "http://pass.test/saml/test/TOKEN";

/// The stand-ins' data. Clones share it.
#[derive(Clone, Default)]
pub struct Services(pub Arc<Mutex<Data>>);

#[derive(Default)]
pub struct Data {
    pub account: Account,
    pub sessions: Vec<Session>,
    pub deletion: PreviewMyDeletionResponse,
    pub logins: Vec<LoginHistoryEntry>,
    pub security_events: Vec<SecurityEvent>,
    pub alerts_off: bool,
    pub memberships: Vec<Membership>,
    pub spaces: Vec<Space>,
    pub space_links: ListMySpaceLinksResponse,
    pub members: Vec<Member>,
    pub invitations: Vec<Invitation>,
    pub invitation: GetInvitationResponse,
    pub teams: Vec<Team>,
    pub managed: ManagedAccount,
    pub saml: GetSamlSettingsResponse,
    pub saml_test: GetSamlTestResponse,
    pub saml_sign_ins: Vec<SamlSignIn>,
    pub domains: Vec<Domain>,
    pub finding: Finding,
    pub pass: NulabPass,
    pub applications: Vec<Application>,
    /// What was asked, by the name of the method, encoded.
    pub asked: Vec<(&'static str, Vec<u8>)>,
    /// Whose session asked last, and from where.
    pub asker: Option<(Option<SessionId>, Origin)>,
    /// How the named method is refused.
    pub refusing: Option<(&'static str, Refused)>,
}

/// A refusal.
#[derive(Debug, Clone, thiserror::Error)]
#[error("refused by a test")]
pub struct Refused {
    pub kind: Kind,
    pub reason: ErrorReason,
    pub violations: Vec<Violation>,
    /// The metadata `needed`.
    pub needed: Option<String>,
    /// When to come back.
    pub retry_after: Option<std::time::Duration>,
}

impl Problem for Refused {
    fn kind(&self) -> Kind {
        self.kind
    }
    fn reason(&self) -> ErrorReason {
        self.reason
    }
    fn violations(&self) -> Vec<Violation> {
        self.violations.clone()
    }
    fn metadata(&self) -> Vec<(&'static str, String)> {
        self.needed.iter().map(|needed| ("needed", needed.clone())).collect()
    }
    fn retry_after(&self) -> Option<std::time::Duration> {
        self.retry_after
    }
}

impl Services {
    fn ask<T: Message, A>(
        &self,
        method: &'static str,
        request: Request<T>,
        answer: impl FnOnce(&mut Data, T) -> A,
    ) -> Result<Response<A>, Status> {
        let (caller, message) = open(request)?;
        let mut data = self.0.lock().unwrap();
        data.asked.push((method, message.encode_to_vec()));
        data.asker = Some((caller.person().ok().map(|it| it.session), caller.origin.clone()));
        match &data.refusing {
            Some((refused, why)) if *refused == method => Err(status(why.clone())),
            _ => Ok(Response::new(answer(&mut data, message))),
        }
    }

    /// What a method was asked, each time.
    pub fn asked<T: Message + Default>(&self, method: &str) -> Vec<T> {
        let data = self.0.lock().unwrap();
        let asked = data.asked.iter().filter(|(name, _)| *name == method);
        asked.map(|(_, message)| T::decode(message.as_slice()).unwrap()).collect()
    }

    /// Names of the methods that were asked and may change something.
    pub fn changes(&self) -> Vec<&'static str> {
        let data = self.0.lock().unwrap();
        let names = data.asked.iter().map(|(name, _)| *name);
        let reads = |name: &&str| ["get_", "list_", "preview_"].iter().any(|verb| name.starts_with(verb));
        names.filter(|name| !reads(name)).collect()
    }

    pub fn refuse(&self, method: &'static str, kind: Kind, reason: ErrorReason, violations: Vec<Violation>) {
        let refused = Refused { kind, reason, violations, needed: None, retry_after: None };
        self.0.lock().unwrap().refusing = Some((method, refused));
    }

    /// Refuses with the metadata `needed`.
    pub fn refuse_needing(&self, method: &'static str, kind: Kind, reason: ErrorReason, needed: &str) {
        let (violations, needed) = (vec![], Some(needed.to_owned()));
        let refused = Refused { kind, reason, violations, needed, retry_after: None };
        self.0.lock().unwrap().refusing = Some((method, refused));
    }

    /// Refuses what is asked too often, until then.
    pub fn refuse_for(&self, method: &'static str, wait: std::time::Duration) {
        let (kind, reason) = (Kind::RateLimited, ErrorReason::RateLimited);
        let refused = Refused { kind, reason, violations: vec![], needed: None, retry_after: Some(wait) };
        self.0.lock().unwrap().refusing = Some((method, refused));
    }

    /// Nothing is refused any more.
    pub fn relent(&self) {
        self.0.lock().unwrap().refusing = None;
    }

    pub fn change(&self, change: impl FnOnce(&mut Data)) {
        change(&mut self.0.lock().unwrap());
    }
}

macro_rules! stand_in {
    ($($service:path { $($method:ident($request:ty) -> $response:ty = $answer:expr;)* })+) => {$(
        #[tonic::async_trait]
        impl $service for Services {
            $(async fn $method(&self, request: Request<$request>) -> Result<Response<$response>, Status> {
                let answer: fn(&mut Data, $request) -> $response = $answer;
                self.ask(stringify!($method), request, answer)
            })*
        }
    )+};
}

stand_in! {
    account_service_server::AccountService {
        request_sign_up(RequestSignUpRequest) -> RequestSignUpResponse = |_, _| RequestSignUpResponse {};
        get_sign_up(GetSignUpRequest) -> GetSignUpResponse = |_, _| GetSignUpResponse::default();
        complete_sign_up(CompleteSignUpRequest) -> CompleteSignUpResponse = |_, _| CompleteSignUpResponse::default();
        get_my_account(GetMyAccountRequest) -> GetMyAccountResponse = |data, _| GetMyAccountResponse { account: Some(data.account.clone()) };
        update_my_account(UpdateMyAccountRequest) -> UpdateMyAccountResponse = |data, request| {
            let new = request.account.unwrap();
            let (email, kind, create_time) = (data.account.email.clone(), data.account.kind, data.account.create_time);
            data.account = Account { email, kind, create_time, ..new };
            UpdateMyAccountResponse { account: Some(data.account.clone()) }
        };
        get_account(GetAccountRequest) -> GetAccountResponse = |_, _| GetAccountResponse::default();
    }
    profile_service_server::ProfileService {
        set_my_image(SetMyImageRequest) -> SetMyImageResponse = |data, _| {
            "AbCdEfGhIjKlMnOpQrStUvWxYz012345".clone_into(&mut data.account.image_id);
            SetMyImageResponse { account: Some(data.account.clone()) }
        };
        remove_my_image(RemoveMyImageRequest) -> RemoveMyImageResponse = |data, _| {
            data.account.image_id.clear();
            RemoveMyImageResponse { account: Some(data.account.clone()) }
        };
        get_image(GetImageRequest) -> GetImageResponse = |_, _| GetImageResponse::default();
        preview_my_deletion(PreviewMyDeletionRequest) -> PreviewMyDeletionResponse = |data, _| data.deletion.clone();
        delete_my_account(DeleteMyAccountRequest) -> DeleteMyAccountResponse = |_, _| DeleteMyAccountResponse {};
    }
    session_service_server::SessionService {
        sign_in(SignInRequest) -> SignInResponse = |_, _| SignInResponse::default();
        resolve_session(ResolveSessionRequest) -> ResolveSessionResponse = |_, _| ResolveSessionResponse::default();
        get_session(GetSessionRequest) -> GetSessionResponse = |_, _| GetSessionResponse::default();
        sign_out(SignOutRequest) -> SignOutResponse = |_, _| SignOutResponse {};
        list_my_sessions(ListMySessionsRequest) -> ListMySessionsResponse = |data, _| ListMySessionsResponse { sessions: data.sessions.clone(), next_page_token: String::new() };
        end_my_session(EndMySessionRequest) -> EndMySessionResponse = |_, _| EndMySessionResponse {};
        end_my_other_sessions(EndMyOtherSessionsRequest) -> EndMyOtherSessionsResponse = |_, _| EndMyOtherSessionsResponse { ended_count: 1 };
    }
    security_service_server::SecurityService {
        list_my_login_history(ListMyLoginHistoryRequest) -> ListMyLoginHistoryResponse = |data, _| ListMyLoginHistoryResponse { entries: data.logins.clone(), next_page_token: "later&on".to_owned() };
        list_my_security_events(ListMySecurityEventsRequest) -> ListMySecurityEventsResponse = |data, _| ListMySecurityEventsResponse { events: data.security_events.clone(), next_page_token: "later&on".to_owned() };
        get_my_security_settings(GetMySecuritySettingsRequest) -> GetMySecuritySettingsResponse = |data, _| GetMySecuritySettingsResponse { settings: Some(SecuritySettings { login_alerts: !data.alerts_off }) };
        update_my_security_settings(UpdateMySecuritySettingsRequest) -> UpdateMySecuritySettingsResponse = |data, request| {
            data.alerts_off = !request.settings.unwrap().login_alerts;
            UpdateMySecuritySettingsResponse { settings: request.settings }
        };
        get_login_alert(GetLoginAlertRequest) -> GetLoginAlertResponse = |_, _| GetLoginAlertResponse::default();
        disown_sign_in(DisownSignInRequest) -> DisownSignInResponse = |_, _| DisownSignInResponse {};
    }
    credential_service_server::CredentialService {
        request_password_reset(RequestPasswordResetRequest) -> RequestPasswordResetResponse = |_, _| RequestPasswordResetResponse {};
        get_password_reset(GetPasswordResetRequest) -> GetPasswordResetResponse = |_, _| GetPasswordResetResponse::default();
        complete_password_reset(CompletePasswordResetRequest) -> CompletePasswordResetResponse = |_, _| CompletePasswordResetResponse::default();
        change_password(ChangePasswordRequest) -> ChangePasswordResponse = |_, _| ChangePasswordResponse {};
        request_email_change(RequestEmailChangeRequest) -> RequestEmailChangeResponse = |_, _| RequestEmailChangeResponse {};
        get_email_change(GetEmailChangeRequest) -> GetEmailChangeResponse = |_, _| GetEmailChangeResponse::default();
        confirm_email_change(ConfirmEmailChangeRequest) -> ConfirmEmailChangeResponse = |_, _| ConfirmEmailChangeResponse {};
    }
    space_link_service_server::SpaceLinkService {
        connect_space(ConnectSpaceRequest) -> ConnectSpaceResponse = |_, _| ConnectSpaceResponse::default();
        list_my_space_links(ListMySpaceLinksRequest) -> ListMySpaceLinksResponse = |data, _| data.space_links.clone();
        update_my_space_link(UpdateMySpaceLinkRequest) -> UpdateMySpaceLinkResponse = |_, _| UpdateMySpaceLinkResponse::default();
        disconnect_space(DisconnectSpaceRequest) -> DisconnectSpaceResponse = |_, _| DisconnectSpaceResponse {};
        resolve_space_user(ResolveSpaceUserRequest) -> ResolveSpaceUserResponse = |_, _| ResolveSpaceUserResponse::default();
        list_my_spaces(ListMySpacesRequest) -> ListMySpacesResponse = |_, _| ListMySpacesResponse::default();
        set_my_space_profile(SetMySpaceProfileRequest) -> SetMySpaceProfileResponse = |_, _| SetMySpaceProfileResponse::default();
        batch_get_space_links(BatchGetSpaceLinksRequest) -> BatchGetSpaceLinksResponse = |_, _| BatchGetSpaceLinksResponse::default();
    }
    organization_service_server::OrganizationService {
        start_trial(StartTrialRequest) -> StartTrialResponse = |data, _| StartTrialResponse { organization: data.memberships[0].organization.clone(), space: None };
        list_my_organizations(ListMyOrganizationsRequest) -> ListMyOrganizationsResponse = |data, request| ListMyOrganizationsResponse {
            memberships: data.memberships.clone(),
            next_page_token: if request.page_token.is_empty() { "second/page".to_owned() } else { String::new() },
        };
        set_organization_handle(SetOrganizationHandleRequest) -> SetOrganizationHandleResponse = |data, request| {
            let organization = data.memberships[0].organization.as_mut().unwrap();
            organization.handle = request.handle;
            SetOrganizationHandleResponse { organization: Some(organization.clone()) }
        };
        get_organization(GetOrganizationRequest) -> GetOrganizationResponse = |data, _| GetOrganizationResponse { membership: data.memberships.first().cloned(), spaces: data.spaces.clone() };
    }
    member_service_server::MemberService {
        list_members(ListMembersRequest) -> ListMembersResponse = |data, request| {
            let wanted = |member: &&Member| (request.kind == 0 || request.kind == member.kind)
                && (request.state == 0 || member.suspended == (request.state() == list_members_request::State::Suspended));
            ListMembersResponse { members: data.members.iter().filter(wanted).cloned().collect(), next_page_token: "next&page".to_owned() }
        };
    }
    team_service_server::TeamService {
        create_team(CreateTeamRequest) -> CreateTeamResponse = |_, _| CreateTeamResponse::default();
        list_teams(ListTeamsRequest) -> ListTeamsResponse = |data, _| ListTeamsResponse { teams: data.teams.clone(), next_page_token: String::new() };
    }
    managed_account_service_server::ManagedAccountService {
        create_managed_account(CreateManagedAccountRequest) -> CreateManagedAccountResponse = |data, _| CreateManagedAccountResponse { managed_account: Some(data.managed.clone()) };
        get_managed_account(GetManagedAccountRequest) -> GetManagedAccountResponse = |data, _| GetManagedAccountResponse { managed_account: Some(data.managed.clone()) };
        resend_managed_invitation(ResendManagedInvitationRequest) -> ResendManagedInvitationResponse = |_, _| ResendManagedInvitationResponse::default();
        suspend_managed_account(SuspendManagedAccountRequest) -> SuspendManagedAccountResponse = |_, _| SuspendManagedAccountResponse::default();
        resume_managed_account(ResumeManagedAccountRequest) -> ResumeManagedAccountResponse = |_, _| ResumeManagedAccountResponse::default();
        delete_managed_account(DeleteManagedAccountRequest) -> DeleteManagedAccountResponse = |_, _| DeleteManagedAccountResponse {};
        get_managed_invitation(GetManagedInvitationRequest) -> GetManagedInvitationResponse = |_, _| GetManagedInvitationResponse::default();
    }
    saml_connection_service_server::SamlConnectionService {
        get_saml_settings(GetSamlSettingsRequest) -> GetSamlSettingsResponse = |data, _| data.saml.clone();
        save_saml_draft(SaveSamlDraftRequest) -> SaveSamlDraftResponse = |_, _| SaveSamlDraftResponse::default();
        create_saml_test(CreateSamlTestRequest) -> CreateSamlTestResponse = |_, _| CreateSamlTestResponse { test_id: String::new(), url: TEST_URL.to_owned() };
        get_saml_test(GetSamlTestRequest) -> GetSamlTestResponse = |data, _| data.saml_test.clone();
        activate_saml_connection(ActivateSamlConnectionRequest) -> ActivateSamlConnectionResponse = |_, _| ActivateSamlConnectionResponse::default();
        disable_saml_connection(DisableSamlConnectionRequest) -> DisableSamlConnectionResponse = |_, _| DisableSamlConnectionResponse {};
        list_saml_sign_ins(ListSamlSignInsRequest) -> ListSamlSignInsResponse = |data, _| ListSamlSignInsResponse { sign_ins: data.saml_sign_ins.clone(), next_page_token: "later".to_owned() };
    }
    domain_service_server::DomainService {
        add_domain(AddDomainRequest) -> AddDomainResponse = |data, _| AddDomainResponse { domain: data.domains.first().cloned() };
        list_domains(ListDomainsRequest) -> ListDomainsResponse = |data, _| ListDomainsResponse { domains: data.domains.clone(), next_page_token: String::new() };
        verify_domain(VerifyDomainRequest) -> VerifyDomainResponse = |data, _| VerifyDomainResponse { domain: data.domains.first().cloned(), finding: Some(data.finding.clone()) };
        remove_domain(RemoveDomainRequest) -> RemoveDomainResponse = |_, _| RemoveDomainResponse {};
    }
    application_service_server::ApplicationService {
        apply_for_trial(ApplyForTrialRequest) -> ApplyForTrialResponse = |_, _| ApplyForTrialResponse::default();
        get_nulab_pass(GetNulabPassRequest) -> GetNulabPassResponse = |data, _| GetNulabPassResponse { nulab_pass: Some(data.pass.clone()) };
        prepare_application_mail(PrepareApplicationMailRequest) -> PrepareApplicationMailResponse = |_, _| PrepareApplicationMailResponse::default();
    }
    operator_service_server::OperatorService {
        list_applications(ListApplicationsRequest) -> ListApplicationsResponse = |data, _| ListApplicationsResponse { applications: data.applications.clone(), next_page_token: "more".to_owned() };
        get_application(GetApplicationRequest) -> GetApplicationResponse = |data, _| GetApplicationResponse { application: data.applications.first().cloned() };
        approve_application(ApproveApplicationRequest) -> ApproveApplicationResponse = |_, _| ApproveApplicationResponse::default();
        reject_application(RejectApplicationRequest) -> RejectApplicationResponse = |_, _| RejectApplicationResponse::default();
    }
    invitation_service_server::InvitationService {
        create_invitation(CreateInvitationRequest) -> CreateInvitationResponse = |_, _| CreateInvitationResponse::default();
        list_invitations(ListInvitationsRequest) -> ListInvitationsResponse = |data, _| ListInvitationsResponse { invitations: data.invitations.clone(), next_page_token: String::new() };
        resend_invitation(ResendInvitationRequest) -> ResendInvitationResponse = |_, _| ResendInvitationResponse::default();
        cancel_invitation(CancelInvitationRequest) -> CancelInvitationResponse = |_, _| CancelInvitationResponse {};
        get_invitation(GetInvitationRequest) -> GetInvitationResponse = |data, _| data.invitation.clone();
        accept_invitation(AcceptInvitationRequest) -> AcceptInvitationResponse = |data, _| AcceptInvitationResponse {
            organization_id: data.memberships[0].organization.as_ref().unwrap().organization_id.clone(),
        };
        prepare_invitation_mail(PrepareInvitationMailRequest) -> PrepareInvitationMailResponse = |_, _| PrepareInvitationMailResponse::default();
    }
}
