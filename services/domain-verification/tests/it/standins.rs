//! The services that domain-verification talks to, as far as it does.

use pass_proto::{
    billing::v1::{check_entitlement_response::State, seat_service_server::SeatService, *},
    convert::{FromWire, timestamp},
    identity::v1::{directory_service_server::DirectoryService, *},
    organization::v1::{membership_service_server::MembershipService, *},
};
use pass_types::Role;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tonic::{Request, Response, Status};

/// A call that domain-verification does not make.
fn not_asked<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("domain-verification does not ask this"))
}

/// What organization, billing and identity know.
#[derive(Clone, Default)]
pub struct World(Arc<Known>);

#[derive(Default)]
struct Known {
    /// Organization and account.
    roles: Mutex<BTreeMap<(String, String), Role>>,
    entitlements: Mutex<BTreeMap<String, State>>,
    /// Organization and domain; `None`: identity fails.
    counts: Mutex<BTreeMap<(String, String), Option<i32>>>,
    /// Whoever holds it keeps identity from answering.
    counting: tokio::sync::Mutex<()>,
}

impl World {
    pub fn join(&self, organization: &str, account: &str, role: Role) {
        self.0.roles.lock().unwrap().insert((organization.to_owned(), account.to_owned()), role);
    }

    pub fn entitle(&self, organization: &str, state: State) {
        self.0.entitlements.lock().unwrap().insert(organization.to_owned(), state);
    }

    /// So many Managed Accounts use the domain; `None`: identity fails when it is asked.
    pub fn use_domain(&self, organization: &str, domain: &str, count: Option<i32>) {
        self.0.counts.lock().unwrap().insert((organization.to_owned(), domain.to_owned()), count);
    }

    /// Keeps identity from answering while the guard lives.
    pub async fn hold_counting(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.counting.lock().await
    }
}

#[tonic::async_trait]
impl MembershipService for World {
    async fn resolve_membership(
        &self,
        request: Request<ResolveMembershipRequest>,
    ) -> Result<Response<ResolveMembershipResponse>, Status> {
        let ResolveMembershipRequest { account_id, organization_id, product } = request.into_inner();
        assert_eq!(product, 0, "it is the console's");
        let role = self.0.roles.lock().unwrap().get(&(organization_id.clone(), account_id)).copied();
        Ok(Response::new(role.map_or_else(ResolveMembershipResponse::default, |role| {
            ResolveMembershipResponse { organization_id, role: role.to_wire().into(), privileges: vec![] }
        })))
    }

    async fn find_organization(
        &self,
        _: Request<FindOrganizationRequest>,
    ) -> Result<Response<FindOrganizationResponse>, Status> {
        not_asked()
    }

    async fn find_member(
        &self,
        _: Request<FindMemberRequest>,
    ) -> Result<Response<FindMemberResponse>, Status> {
        not_asked()
    }

    async fn list_administrators(
        &self,
        _: Request<ListAdministratorsRequest>,
    ) -> Result<Response<ListAdministratorsResponse>, Status> {
        not_asked()
    }
}

#[tonic::async_trait]
impl SeatService for World {
    async fn check_entitlement(
        &self,
        request: Request<CheckEntitlementRequest>,
    ) -> Result<Response<CheckEntitlementResponse>, Status> {
        let CheckEntitlementRequest { organization_id } = request.into_inner();
        let state = self.0.entitlements.lock().unwrap().get(&organization_id).copied();
        let state = state.unwrap_or(State::None);
        let end_time = (state != State::None).then(|| timestamp(time::OffsetDateTime::UNIX_EPOCH));
        Ok(Response::new(CheckEntitlementResponse { state: state.into(), end_time }))
    }

    async fn take_seat(&self, _: Request<TakeSeatRequest>) -> Result<Response<TakeSeatResponse>, Status> {
        not_asked()
    }

    async fn free_seat(&self, _: Request<FreeSeatRequest>) -> Result<Response<FreeSeatResponse>, Status> {
        not_asked()
    }
}

#[tonic::async_trait]
impl DirectoryService for World {
    async fn count_managed_accounts(
        &self,
        request: Request<CountManagedAccountsRequest>,
    ) -> Result<Response<CountManagedAccountsResponse>, Status> {
        let CountManagedAccountsRequest { organization_id, domain } = request.into_inner();
        let _answering = self.0.counting.lock().await;
        let count = self.0.counts.lock().unwrap().get(&(organization_id, domain)).copied();
        let count = count.unwrap_or(Some(0)).ok_or_else(|| Status::internal("identity fails"))?;
        Ok(Response::new(CountManagedAccountsResponse { count }))
    }

    async fn batch_get_accounts(
        &self,
        _: Request<BatchGetAccountsRequest>,
    ) -> Result<Response<BatchGetAccountsResponse>, Status> {
        not_asked()
    }

    async fn get_mail_preferences(
        &self,
        _: Request<GetMailPreferencesRequest>,
    ) -> Result<Response<GetMailPreferencesResponse>, Status> {
        not_asked()
    }

    async fn prepare_sign_up_mail(
        &self,
        _: Request<PrepareSignUpMailRequest>,
    ) -> Result<Response<PrepareSignUpMailResponse>, Status> {
        not_asked()
    }

    async fn prepare_password_reset_mail(
        &self,
        _: Request<PreparePasswordResetMailRequest>,
    ) -> Result<Response<PreparePasswordResetMailResponse>, Status> {
        not_asked()
    }

    async fn prepare_email_change_mail(
        &self,
        _: Request<PrepareEmailChangeMailRequest>,
    ) -> Result<Response<PrepareEmailChangeMailResponse>, Status> {
        not_asked()
    }

    async fn prepare_login_alert_mail(
        &self,
        _: Request<PrepareLoginAlertMailRequest>,
    ) -> Result<Response<PrepareLoginAlertMailResponse>, Status> {
        not_asked()
    }

    async fn prepare_account_deleted_mail(
        &self,
        _: Request<PrepareAccountDeletedMailRequest>,
    ) -> Result<Response<PrepareAccountDeletedMailResponse>, Status> {
        not_asked()
    }

    async fn prepare_managed_invitation_mail(
        &self,
        _: Request<PrepareManagedInvitationMailRequest>,
    ) -> Result<Response<PrepareManagedInvitationMailResponse>, Status> {
        not_asked()
    }
}
