//! Identity, billing and the gateway, as far as organization talks to them.

use pass_proto::{
    billing::v1::{
        CheckEntitlementRequest, CheckEntitlementResponse, FreeSeatRequest, FreeSeatResponse,
        TakeSeatRequest, TakeSeatResponse, check_entitlement_response::State,
        seat_service_server::SeatService,
    },
    convert::FromWire,
    identity::v1::{
        Account, BatchGetAccountsRequest, BatchGetAccountsResponse, CountManagedAccountsRequest,
        CountManagedAccountsResponse, GetMailPreferencesRequest, GetMailPreferencesResponse,
        PrepareAccountDeletedMailRequest, PrepareAccountDeletedMailResponse, PrepareEmailChangeMailRequest,
        PrepareEmailChangeMailResponse, PrepareLoginAlertMailRequest, PrepareLoginAlertMailResponse,
        PrepareManagedInvitationMailRequest, PrepareManagedInvitationMailResponse,
        PreparePasswordResetMailRequest, PreparePasswordResetMailResponse, PrepareSignUpMailRequest,
        PrepareSignUpMailResponse, directory_service_server::DirectoryService,
    },
};
use pass_types::{AccountId, AccountKind};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tonic::{Request, Response, Status};

/// Identity's directory, with the accounts that a test puts in.
#[derive(Clone, Default)]
pub struct People(Arc<Mutex<Accounts>>);

#[derive(Default)]
struct Accounts {
    now: BTreeMap<String, Account>,
    /// What some are to be after they were asked for once more.
    next: BTreeMap<String, Account>,
}

impl People {
    pub fn put(&self, id: AccountId, kind: AccountKind, name: &str, email: &str) {
        self.0.lock().unwrap().now.insert(id.to_string(), account(id, kind, name, email));
    }

    /// Changes the account right after somebody has asked for it.
    pub fn put_when_asked(&self, id: AccountId, kind: AccountKind, name: &str, email: &str) {
        self.0.lock().unwrap().next.insert(id.to_string(), account(id, kind, name, email));
    }

    pub fn delete(&self, id: AccountId) {
        self.0.lock().unwrap().now.remove(&id.to_string());
    }
}

fn account(id: AccountId, kind: AccountKind, name: &str, email: &str) -> Account {
    Account {
        account_id: id.to_string(),
        kind: kind.to_wire().into(),
        name: name.to_owned(),
        email: email.to_owned(),
        ..Account::default()
    }
}

#[tonic::async_trait]
impl DirectoryService for People {
    async fn batch_get_accounts(
        &self,
        request: Request<BatchGetAccountsRequest>,
    ) -> Result<Response<BatchGetAccountsResponse>, Status> {
        let BatchGetAccountsRequest { account_ids } = request.into_inner();
        let mut people = self.0.lock().unwrap();
        let accounts = account_ids.iter().filter_map(|id| people.now.get(id).cloned()).collect();
        for id in account_ids {
            if let Some(next) = people.next.remove(&id) {
                people.now.insert(id, next);
            }
        }
        Ok(Response::new(BatchGetAccountsResponse { accounts }))
    }

    async fn get_mail_preferences(
        &self,
        _: Request<GetMailPreferencesRequest>,
    ) -> Result<Response<GetMailPreferencesResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn prepare_sign_up_mail(
        &self,
        _: Request<PrepareSignUpMailRequest>,
    ) -> Result<Response<PrepareSignUpMailResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn prepare_password_reset_mail(
        &self,
        _: Request<PreparePasswordResetMailRequest>,
    ) -> Result<Response<PreparePasswordResetMailResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn prepare_email_change_mail(
        &self,
        _: Request<PrepareEmailChangeMailRequest>,
    ) -> Result<Response<PrepareEmailChangeMailResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn prepare_login_alert_mail(
        &self,
        _: Request<PrepareLoginAlertMailRequest>,
    ) -> Result<Response<PrepareLoginAlertMailResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn prepare_account_deleted_mail(
        &self,
        _: Request<PrepareAccountDeletedMailRequest>,
    ) -> Result<Response<PrepareAccountDeletedMailResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn prepare_managed_invitation_mail(
        &self,
        _: Request<PrepareManagedInvitationMailRequest>,
    ) -> Result<Response<PrepareManagedInvitationMailResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn count_managed_accounts(
        &self,
        _: Request<CountManagedAccountsRequest>,
    ) -> Result<Response<CountManagedAccountsResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }
}

/// Billing, with the entitlements that a test gives.
#[derive(Clone, Default)]
pub struct Billing(Arc<Mutex<Entitlements>>);

#[derive(Default)]
struct Entitlements {
    states: BTreeMap<String, State>,
    asked: usize,
}

impl Billing {
    pub fn put(&self, organization: &str, state: State) {
        self.0.lock().unwrap().states.insert(organization.to_owned(), state);
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }
}

#[tonic::async_trait]
impl SeatService for Billing {
    async fn check_entitlement(
        &self,
        request: Request<CheckEntitlementRequest>,
    ) -> Result<Response<CheckEntitlementResponse>, Status> {
        let CheckEntitlementRequest { organization_id } = request.into_inner();
        let mut entitlements = self.0.lock().unwrap();
        entitlements.asked += 1;
        let state = entitlements.states.get(&organization_id).copied().unwrap_or(State::None);
        let end_time = Some(pass_proto::convert::timestamp(time::OffsetDateTime::UNIX_EPOCH));
        Ok(Response::new(CheckEntitlementResponse { state: state.into(), end_time }))
    }

    async fn take_seat(&self, _: Request<TakeSeatRequest>) -> Result<Response<TakeSeatResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn free_seat(&self, _: Request<FreeSeatRequest>) -> Result<Response<FreeSeatResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }
}
