//! The services that notification asks, standing in at the process boundary.

use pass_mesh::{Problem, open, status};
use pass_proto::{
    billing::v1::{
        Application, ApplyForTrialRequest, ApplyForTrialResponse, GetNulabPassRequest, GetNulabPassResponse,
        PrepareApplicationMailRequest, PrepareApplicationMailResponse,
        application_service_server::ApplicationService,
    },
    errors::v1::ErrorReason,
    identity::v1::{
        Account, BatchGetAccountsRequest, BatchGetAccountsResponse, CountManagedAccountsRequest,
        CountManagedAccountsResponse, GetMailPreferencesRequest, GetMailPreferencesResponse,
        PrepareAccountDeletedMailRequest, PrepareAccountDeletedMailResponse, PrepareEmailChangeMailRequest,
        PrepareEmailChangeMailResponse, PrepareLoginAlertMailRequest, PrepareLoginAlertMailResponse,
        PrepareManagedInvitationMailRequest, PrepareManagedInvitationMailResponse,
        PreparePasswordResetMailRequest, PreparePasswordResetMailResponse, PrepareSignUpMailRequest,
        PrepareSignUpMailResponse, directory_service_server::DirectoryService,
        prepare_password_reset_mail_response::Owner,
    },
    organization::v1::{
        self as wire_organization, AcceptInvitationRequest, AcceptInvitationResponse,
        CancelInvitationRequest, CancelInvitationResponse, CreateInvitationRequest, CreateInvitationResponse,
        FindMemberRequest, FindMemberResponse, FindOrganizationRequest, FindOrganizationResponse,
        GetInvitationRequest, GetInvitationResponse, ListAdministratorsRequest, ListAdministratorsResponse,
        ListInvitationsRequest, ListInvitationsResponse, PrepareInvitationMailRequest,
        PrepareInvitationMailResponse, ResendInvitationRequest, ResendInvitationResponse,
        ResolveMembershipRequest, ResolveMembershipResponse, invitation_service_server::InvitationService,
        membership_service_server::MembershipService,
    },
    types::v1 as wire,
};
use pass_types::{AccountId, Kind};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use time::macros::datetime;
use tokio::sync::oneshot;
use tonic::{Request, Response, Status};
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
#[error("over")]
struct Refused(Kind, ErrorReason);

impl Problem for Refused {
    fn kind(&self) -> Kind {
        self.0
    }
    fn reason(&self) -> ErrorReason {
        self.1
    }
}

/// The name that somebody gave at sign-up.
pub const TYPED_NAME: &str = "Your account is locked: evil.example";

/// What the browser of a sign-in says it is.
pub const SAID_BY_BROWSER: &str = "Go to evil.example now! (Windows) Firefox/140.0";

#[derive(Default)]
struct Said {
    administrators: Vec<String>,
    away: bool,
    hanging: VecDeque<oneshot::Receiver<()>>,
    no_accounts: bool,
    sign_up: Option<PrepareSignUpMailResponse>,
    reset: Option<PreparePasswordResetMailResponse>,
    email_change: Option<PrepareEmailChangeMailResponse>,
    preferences: GetMailPreferencesResponse,
    invitation: Option<PrepareInvitationMailResponse>,
}

/// What a stand-in answers.
#[derive(Clone, Default)]
pub struct StandIn(Arc<Mutex<Said>>);

impl StandIn {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next question after those that hang already gets its answer, a failure, when the test says so.
    pub fn hang(&self) -> oneshot::Sender<()> {
        let (answer, hanging) = oneshot::channel();
        self.said().hanging.push_back(hanging);
        answer
    }

    pub fn go_away(&self, away: bool) {
        self.said().away = away;
    }

    /// Everybody who is asked about, and likes the dark.
    pub fn prefers(&self, language: &str, time_zone: &str) {
        self.said().preferences = GetMailPreferencesResponse {
            language: code(language),
            time_zone: time_zone.to_owned(),
            appearance: wire::Appearance::Dark.into(),
        };
    }
}

/// Identity's stand-in.
#[derive(Clone, Default)]
pub struct Identity(StandIn);

impl std::ops::Deref for Identity {
    type Target = StandIn;
    fn deref(&self) -> &StandIn {
        &self.0
    }
}

impl Identity {
    pub fn expect(&self, email: &str, language: &str, account_exists: bool) {
        self.said().sign_up = Some(PrepareSignUpMailResponse {
            name: TYPED_NAME.to_owned(),
            email: email.to_owned(),
            language: code(language),
            time_zone: "Asia/Tokyo".to_owned(),
            url: "https://pass.example/sign-up/token".to_owned(),
            expire_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-23 01:00 UTC))),
            account_exists,
        });
    }
}

impl Identity {
    /// All accounts were deleted.
    pub fn has_no_accounts(&self) {
        self.said().no_accounts = true;
    }

    /// A reset for an address, which belongs to this.
    pub fn expect_reset(&self, email: &str, owner: Owner) {
        self.said().reset = Some(PreparePasswordResetMailResponse {
            email: email.to_owned(),
            language: code("ja"),
            time_zone: "Asia/Tokyo".to_owned(),
            owner: owner as i32,
            url: "https://pass.example/reset-password/token".to_owned(),
            expire_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-22 01:00 UTC))),
        });
    }

    /// A change of address from old@example.com.
    pub fn expect_email_change(&self, to: &str, account_exists: bool, confirmed: bool) {
        self.said().email_change = Some(PrepareEmailChangeMailResponse {
            new_email: to.to_owned(),
            old_email: "old@example.com".to_owned(),
            language: code("en"),
            time_zone: "Asia/Tokyo".to_owned(),
            url: "https://pass.example/email-change/token".to_owned(),
            expire_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-23 01:00 UTC))),
            account_exists,
            confirmed,
            not_me_url: if confirmed {
                "https://pass.example/not-me/token".to_owned()
            } else {
                String::new()
            },
            not_me_expire_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-29 00:00 UTC))),
        });
    }

    /// The change was the way back: no link undoes it.
    pub fn expect_way_back(&self, to: &str) {
        self.expect_email_change(to, false, true);
        if let Some(change) = &mut self.said().email_change {
            change.not_me_url.clear();
        }
    }
}

/// Organization's stand-in.
#[derive(Clone, Default)]
pub struct Organization(StandIn);

impl Organization {
    /// Who administers every organization.
    pub fn administered_by(&self, accounts: &[AccountId]) {
        self.0.said().administrators = accounts.iter().map(ToString::to_string).collect();
    }

    pub fn expect(&self, email: &str, language: &str) {
        self.0.said().invitation = Some(PrepareInvitationMailResponse {
            email: email.to_owned(),
            organization_name: "Acme".to_owned(),
            inviter_name: "Taro".to_owned(),
            role: wire::Role::Guest as i32,
            message: "Join us!".to_owned(),
            language: code(language),
            url: "https://console.example/invitations/token".to_owned(),
            expire_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-29 00:00 UTC))),
        });
    }
}

fn code(language: &str) -> i32 {
    (if language == "ja" { wire::Language::Ja } else { wire::Language::En }) as i32
}

#[tonic::async_trait]
impl DirectoryService for Identity {
    async fn batch_get_accounts(
        &self,
        request: Request<BatchGetAccountsRequest>,
    ) -> Result<Response<BatchGetAccountsResponse>, Status> {
        let (_, message) = open(request)?;
        if self.said().no_accounts {
            return Ok(Response::new(BatchGetAccountsResponse::default()));
        }
        let accounts = message.account_ids.into_iter().map(|account_id| Account {
            email: format!("{account_id}@example.com"),
            account_id,
            language: wire::Language::Ja as i32,
            time_zone: "Asia/Tokyo".to_owned(),
            ..Account::default()
        });
        Ok(Response::new(BatchGetAccountsResponse { accounts: accounts.collect() }))
    }

    async fn get_mail_preferences(
        &self,
        request: Request<GetMailPreferencesRequest>,
    ) -> Result<Response<GetMailPreferencesResponse>, Status> {
        let _ = open(request)?;
        Ok(Response::new(self.said().preferences.clone()))
    }

    async fn prepare_login_alert_mail(
        &self,
        request: Request<PrepareLoginAlertMailRequest>,
    ) -> Result<Response<PrepareLoginAlertMailResponse>, Status> {
        let _ = open(request)?;
        Ok(Response::new(PrepareLoginAlertMailResponse {
            email: "alerted@example.com".to_owned(),
            language: code("en"),
            time_zone: "Asia/Tokyo".to_owned(),
            sign_in_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-22 00:00 UTC))),
            user_agent: SAID_BY_BROWSER.to_owned(),
            url: "https://pass.example/not-me/token".to_owned(),
            expire_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-29 00:00 UTC))),
        }))
    }

    async fn prepare_account_deleted_mail(
        &self,
        request: Request<PrepareAccountDeletedMailRequest>,
    ) -> Result<Response<PrepareAccountDeletedMailResponse>, Status> {
        let (_, PrepareAccountDeletedMailRequest { account_id }) = open(request)?;
        if self.said().no_accounts {
            return Err(status(Refused(Kind::Precondition, ErrorReason::LinkInvalid)));
        }
        Ok(Response::new(PrepareAccountDeletedMailResponse {
            email: format!("{account_id}@example.com"),
            language: code("ja"),
            time_zone: "Asia/Tokyo".to_owned(),
            delete_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-22 00:00 UTC))),
        }))
    }

    async fn prepare_password_reset_mail(
        &self,
        request: Request<PreparePasswordResetMailRequest>,
    ) -> Result<Response<PreparePasswordResetMailResponse>, Status> {
        let _ = open(request)?;
        let answer = self.said().reset.clone();
        answer.map(Response::new).ok_or_else(|| status(Refused(Kind::NotFound, ErrorReason::LinkInvalid)))
    }

    async fn prepare_email_change_mail(
        &self,
        request: Request<PrepareEmailChangeMailRequest>,
    ) -> Result<Response<PrepareEmailChangeMailResponse>, Status> {
        let _ = open(request)?;
        let answer = self.said().email_change.clone();
        answer.map(Response::new).ok_or_else(|| status(Refused(Kind::NotFound, ErrorReason::LinkInvalid)))
    }

    async fn prepare_managed_invitation_mail(
        &self,
        request: Request<PrepareManagedInvitationMailRequest>,
    ) -> Result<Response<PrepareManagedInvitationMailResponse>, Status> {
        let (_, PrepareManagedInvitationMailRequest { account_id: _, attempt }) = open(request)?;
        if attempt < 2 {
            return Err(status(Refused(Kind::NotFound, ErrorReason::LinkInvalid)));
        }
        Ok(Response::new(PrepareManagedInvitationMailResponse {
            name: TYPED_NAME.to_owned(),
            email: "managed@example.com".to_owned(),
            language: code("en"),
            time_zone: "Asia/Tokyo".to_owned(),
            organization_id: Uuid::nil().to_string(),
            url: "https://pass.example/managed/invitations/token".to_owned(),
            expire_time: Some(pass_proto::convert::timestamp(datetime!(2026-11-29 00:00 UTC))),
        }))
    }

    async fn count_managed_accounts(
        &self,
        _: Request<CountManagedAccountsRequest>,
    ) -> Result<Response<CountManagedAccountsResponse>, Status> {
        Err(Status::unimplemented("not asked by notification"))
    }

    async fn prepare_sign_up_mail(
        &self,
        request: Request<PrepareSignUpMailRequest>,
    ) -> Result<Response<PrepareSignUpMailResponse>, Status> {
        let _ = open(request)?;
        let hanging = self.said().hanging.pop_front();
        if let Some(hanging) = hanging {
            let _ = hanging.await;
            return Err(status(Refused(Kind::Internal, ErrorReason::Internal)));
        }
        let said = self.said();
        if said.away {
            return Err(status(Refused(Kind::Unavailable, ErrorReason::Unavailable)));
        }
        let answer = said.sign_up.clone();
        answer.map(Response::new).ok_or_else(|| status(Refused(Kind::NotFound, ErrorReason::LinkInvalid)))
    }
}

macro_rules! not_asked {
    ($service:ident for $stand_in:ident; $($name:ident($request:ty) -> $response:ty;)+ { $($asked:tt)* }) => {
        #[tonic::async_trait]
        impl $service for $stand_in {
            $(async fn $name(&self, _: Request<$request>) -> Result<Response<$response>, Status> {
                Err(Status::unimplemented("not asked by notification"))
            })+

            $($asked)*
        }
    };
}

not_asked! {
    InvitationService for Organization;
    create_invitation(CreateInvitationRequest) -> CreateInvitationResponse;
    list_invitations(ListInvitationsRequest) -> ListInvitationsResponse;
    resend_invitation(ResendInvitationRequest) -> ResendInvitationResponse;
    cancel_invitation(CancelInvitationRequest) -> CancelInvitationResponse;
    get_invitation(GetInvitationRequest) -> GetInvitationResponse;
    accept_invitation(AcceptInvitationRequest) -> AcceptInvitationResponse;
    {
        async fn prepare_invitation_mail(
            &self,
            request: Request<PrepareInvitationMailRequest>,
        ) -> Result<Response<PrepareInvitationMailResponse>, Status> {
            let _ = open(request)?;
            let answer = self.0.said().invitation.clone();
            answer.map(Response::new).ok_or_else(|| status(Refused(Kind::NotFound, ErrorReason::LinkInvalid)))
        }
    }
}

not_asked! {
    MembershipService for Organization;
    resolve_membership(ResolveMembershipRequest) -> ResolveMembershipResponse;
    find_member(FindMemberRequest) -> FindMemberResponse;
    {
        async fn find_organization(
            &self,
            request: Request<FindOrganizationRequest>,
        ) -> Result<Response<FindOrganizationResponse>, Status> {
            let _ = open(request)?;
            let found = wire_organization::Organization {
                name: "Acme".to_owned(),
                handle: "acme".to_owned(),
                ..wire_organization::Organization::default()
            };
            Ok(Response::new(FindOrganizationResponse { organization: Some(found), has_product: true }))
        }

        async fn list_administrators(
            &self,
            request: Request<ListAdministratorsRequest>,
        ) -> Result<Response<ListAdministratorsResponse>, Status> {
            let (_, ListAdministratorsRequest { organization_id: _, page_size, page_token }) = open(request)?;
            let (all, from) = (self.0.said().administrators.clone(), page_token.parse().unwrap_or(0));
            let until = all.len().min(from + usize::try_from(page_size).unwrap());
            let next_page_token = if until < all.len() { until.to_string() } else { String::new() };
            let account_ids = all[from..until].to_vec();
            Ok(Response::new(ListAdministratorsResponse { account_ids, next_page_token }))
        }
    }
}

/// Billing's stand-in: it knows one application, which was rejected.
#[derive(Clone)]
pub struct Billing;

not_asked! {
    ApplicationService for Billing;
    apply_for_trial(ApplyForTrialRequest) -> ApplyForTrialResponse;
    get_nulab_pass(GetNulabPassRequest) -> GetNulabPassResponse;
    {
        async fn prepare_application_mail(
            &self,
            request: Request<PrepareApplicationMailRequest>,
        ) -> Result<Response<PrepareApplicationMailResponse>, Status> {
            let (_, PrepareApplicationMailRequest { application_id }) = open(request)?;
            let application = Application {
                application_id,
                plan_admin_email: "plan@example.com".to_owned(),
                rejection_reason: "We know no such company.".to_owned(),
                ..Application::default()
            };
            Ok(Response::new(PrepareApplicationMailResponse {
                application: Some(application),
                language: code("en"),
                trial_end_time: None,
                url: "https://console.example/organizations/1/nulab-pass".to_owned(),
            }))
        }
    }
}
