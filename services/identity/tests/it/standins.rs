//! Those whom identity asks, as small as can be and with the rules that identity relies on: attempts that
//! grow, tombstones, seats that run out. Each call can be made to fail before or after it did its work, or
//! never to answer.

mod deletions;

use deletions::Deletions;
use pass_mesh::{Caller, Problem, open, status};
use pass_proto::{
    billing::v1::{
        CheckEntitlementRequest, CheckEntitlementResponse, FreeSeatRequest, FreeSeatResponse,
        TakeSeatRequest, TakeSeatResponse, check_entitlement_response, seat_service_server::SeatService,
    },
    convert::timestamp,
    domains::v1::{
        CheckDomainRequest, CheckDomainResponse, FindOrganizationsRequest, FindOrganizationsResponse,
        verification_service_server::VerificationService,
    },
    errors::v1::ErrorReason,
    organization::v1::{
        AddManagedMemberRequest, AddManagedMemberResponse, FindMemberRequest, FindMemberResponse,
        FindOrganizationRequest, FindOrganizationResponse, ListAdministratorsRequest,
        ListAdministratorsResponse, Organization, RemoveManagedMemberRequest, RemoveManagedMemberResponse,
        ResolveMembershipRequest, ResolveMembershipResponse, SetManagedMemberSuspendedRequest,
        SetManagedMemberSuspendedResponse, find_organization_request::By,
        managed_member_service_server::ManagedMemberService, membership_service_server::MembershipService,
    },
    types::v1::{Privilege, Role},
};
use pass_types::{AccountId, Kind, OrganizationId, SharedClock};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};
use time::OffsetDateTime;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

/// What a call does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and nothing was done.
    Before,
    /// It did its work, and fails.
    After,
    /// It did its work, and does not answer.
    Hang,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Before, Self::After, Self::Hang];
}

/// The newest attempt of each account, and whether it was undone.
#[derive(Debug, Default)]
struct Attempts(BTreeMap<String, (i32, bool)>);

impl Attempts {
    fn go_on(&mut self, account: &str, attempt: i32) -> Result<(), Status> {
        let (newest, undone) = self.0.get(account).copied().unwrap_or_default();
        if attempt < newest || (attempt == newest && undone) {
            return Err(refuse(Kind::Conflict, ErrorReason::AttemptSuperseded));
        }
        self.0.insert(account.to_owned(), (attempt, false));
        Ok(())
    }

    fn undo(&mut self, account: &str, attempt: i32) -> Result<(), Status> {
        if attempt < self.0.get(account).map_or(0, |it| it.0) {
            return Err(refuse(Kind::Conflict, ErrorReason::AttemptSuperseded));
        }
        self.0.insert(account.to_owned(), (attempt, true));
        Ok(())
    }
}

/// A member that is a Managed Account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedMember {
    pub organization: String,
    pub role: Role,
    pub teams: Vec<String>,
    pub suspended: bool,
}

/// What there is beside identity.
#[derive(Default)]
pub struct State {
    /// Role and privileges by account and organization.
    pub members: BTreeMap<(String, String), (Role, Vec<Privilege>)>,
    pub organizations: Vec<Organization>,
    pub managed_members: BTreeMap<String, ManagedMember>,
    /// Organization and domain.
    pub domains: BTreeSet<(String, String)>,
    /// How many seats there are, and who has one.
    pub seats: usize,
    pub seated: BTreeSet<String>,
    /// `None`: no Nulab Pass.
    pub entitled_until: Option<OffsetDateTime>,
    pub faults: BTreeMap<&'static str, Fault>,
    /// What organization answers a person who would change a member; it does nothing then.
    pub distrusts: Option<ErrorReason>,
    /// Who asked for memberships.
    pub callers: Vec<Caller>,
    clock: Option<SharedClock>,
    /// Who never answers goes on when this is told.
    mended: Arc<Notify>,
    seat_attempts: Attempts,
    member_attempts: Attempts,
    pub deletions: Deletions,
}

/// The surroundings of identity. Clones are the same ones.
#[derive(Clone)]
pub struct World(Arc<Mutex<State>>);

impl World {
    /// One without anybody in it.
    pub fn new(clock: SharedClock) -> Self {
        Self(Arc::new(Mutex::new(State { clock: Some(clock), ..State::default() })))
    }

    /// What there is.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Makes somebody a member.
    pub fn join(&self, account: AccountId, organization: OrganizationId, role: Role) {
        let place = (account.to_string(), organization.to_string());
        self.state().members.insert(place, (role, Vec::new()));
    }

    /// The call of this name does that from now on.
    pub fn fail(&self, call: &'static str, fault: Fault) {
        self.state().faults.insert(call, fault);
    }

    /// Every call works again; those that did not answer do.
    pub fn mend(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.mended.notify_waiters();
    }

    async fn step<T>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut State) -> Result<T, Status> + Send,
    ) -> Result<Response<T>, Status> {
        let fault = self.state().faults.get(call).copied();
        if fault == Some(Fault::Before) {
            return Err(Status::unavailable("a test's fault"));
        }
        let done = work(&mut self.state());
        match fault {
            Some(Fault::After) => Err(Status::unavailable("a test's fault")),
            Some(Fault::Hang) => {
                let mended = self.state().mended.clone();
                mended.notified().await;
                done.map(Response::new)
            }
            _ => done.map(Response::new),
        }
    }
}

impl State {
    fn ended(&self) -> bool {
        let now = self.clock.as_ref().unwrap().now();
        self.entitled_until.is_some_and(|until| until <= now)
    }

    /// The newest attempt that organization knows of an account.
    pub fn newest_attempt(&self, account: AccountId) -> i32 {
        self.member_attempts.0.get(&account.to_string()).map_or(0, |it| it.0)
    }

    fn trusts(&self, caller: &Caller) -> Result<(), Status> {
        match (self.distrusts, caller.person()) {
            (Some(reason), Ok(_)) => Err(refuse(Kind::Forbidden, reason)),
            _ => Ok(()),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a neighbour refuses")]
struct Refusal(Kind, ErrorReason);

impl Problem for Refusal {
    fn kind(&self) -> Kind {
        self.0
    }
    fn reason(&self) -> ErrorReason {
        self.1
    }
}

fn refuse(kind: Kind, reason: ErrorReason) -> Status {
    status(Refusal(kind, reason))
}

#[tonic::async_trait]
impl MembershipService for World {
    async fn resolve_membership(
        &self,
        request: Request<ResolveMembershipRequest>,
    ) -> Result<Response<ResolveMembershipResponse>, Status> {
        let (caller, ResolveMembershipRequest { account_id, organization_id, product: _ }) = open(request)?;
        self.step("resolve_membership", |state| {
            state.callers.push(caller);
            let found = state.members.get(&(account_id, organization_id.clone()));
            Ok(found.map_or_else(ResolveMembershipResponse::default, |(role, privileges)| {
                let privileges = privileges.iter().map(|it| *it as i32).collect();
                ResolveMembershipResponse { organization_id, role: *role as i32, privileges }
            }))
        })
        .await
    }

    async fn find_organization(
        &self,
        request: Request<FindOrganizationRequest>,
    ) -> Result<Response<FindOrganizationResponse>, Status> {
        let by = request.into_inner().by.unwrap();
        self.step("find_organization", |state| {
            let found = state.organizations.iter().find(|it| match &by {
                By::OrganizationId(id) => *id == it.organization_id,
                By::SpaceKey(key) => *key == it.space_key,
                By::Handle(handle) => *handle == it.handle,
            });
            let organization =
                Some(found.cloned().ok_or_else(|| refuse(Kind::NotFound, ErrorReason::NotFound))?);
            Ok(FindOrganizationResponse { organization, has_product: true })
        })
        .await
    }

    async fn find_member(
        &self,
        _: Request<FindMemberRequest>,
    ) -> Result<Response<FindMemberResponse>, Status> {
        Err(Status::unimplemented("identity does not ask this"))
    }

    async fn list_administrators(
        &self,
        _: Request<ListAdministratorsRequest>,
    ) -> Result<Response<ListAdministratorsResponse>, Status> {
        Err(Status::unimplemented("identity does not ask this"))
    }
}

#[tonic::async_trait]
impl ManagedMemberService for World {
    async fn add_managed_member(
        &self,
        request: Request<AddManagedMemberRequest>,
    ) -> Result<Response<AddManagedMemberResponse>, Status> {
        let (caller, request) = open(request)?;
        let by = caller.person()?.account.to_string();
        self.step("add_managed_member", |state| {
            let place = state.members.get(&(by, request.organization_id.clone()));
            if place.is_none_or(|(role, _)| *role != Role::Administrator) {
                return Err(refuse(Kind::Forbidden, ErrorReason::RoleMissing));
            }
            if request.team_ids.iter().any(|team| team.starts_with("ffff")) {
                return Err(refuse(Kind::Precondition, ErrorReason::TeamUnknown));
            }
            state.member_attempts.go_on(&request.account_id, request.attempt)?;
            let member = ManagedMember {
                organization: request.organization_id.clone(),
                role: request.role(),
                teams: request.team_ids.clone(),
                suspended: false,
            };
            state.managed_members.insert(request.account_id, member);
            Ok(AddManagedMemberResponse {})
        })
        .await
    }

    async fn remove_managed_member(
        &self,
        request: Request<RemoveManagedMemberRequest>,
    ) -> Result<Response<RemoveManagedMemberResponse>, Status> {
        let (caller, request) = open(request)?;
        let RemoveManagedMemberRequest { organization_id: _, account_id, attempt } = request;
        self.step("remove_managed_member", |state| {
            state.trusts(&caller)?;
            state.member_attempts.undo(&account_id, attempt)?;
            state.managed_members.remove(&account_id);
            Ok(RemoveManagedMemberResponse {})
        })
        .await
    }

    async fn set_managed_member_suspended(
        &self,
        request: Request<SetManagedMemberSuspendedRequest>,
    ) -> Result<Response<SetManagedMemberSuspendedResponse>, Status> {
        let (caller, request) = open(request)?;
        let SetManagedMemberSuspendedRequest { organization_id: _, account_id, attempt, suspended } = request;
        self.step("set_managed_member_suspended", |state| {
            state.trusts(&caller)?;
            state.member_attempts.go_on(&account_id, attempt)?;
            let member = state.managed_members.get_mut(&account_id);
            let member = member.ok_or_else(|| refuse(Kind::NotFound, ErrorReason::NotFound))?;
            member.suspended = suspended;
            Ok(SetManagedMemberSuspendedResponse {})
        })
        .await
    }
}

#[tonic::async_trait]
impl SeatService for World {
    async fn check_entitlement(
        &self,
        _: Request<CheckEntitlementRequest>,
    ) -> Result<Response<CheckEntitlementResponse>, Status> {
        use check_entitlement_response::State as Standing;
        self.step("check_entitlement", |state| {
            let standing = match (state.entitled_until, state.ended()) {
                (None, _) => Standing::None,
                (Some(_), false) => Standing::Entitled,
                (Some(_), true) => Standing::Ended,
            };
            let end_time = state.entitled_until.map(timestamp);
            Ok(CheckEntitlementResponse { state: standing as i32, end_time })
        })
        .await
    }

    async fn take_seat(
        &self,
        request: Request<TakeSeatRequest>,
    ) -> Result<Response<TakeSeatResponse>, Status> {
        let (_, TakeSeatRequest { organization_id: _, account_id, attempt }) = open(request)?;
        self.step("take_seat", |state| {
            if state.entitled_until.is_none() {
                return Err(refuse(Kind::Precondition, ErrorReason::NulabPassNeeded));
            }
            if state.ended() {
                return Err(refuse(Kind::Precondition, ErrorReason::NulabPassEnded));
            }
            if !state.seated.contains(&account_id) && state.seated.len() >= state.seats {
                return Err(refuse(Kind::Precondition, ErrorReason::NoSeat));
            }
            state.seat_attempts.go_on(&account_id, attempt)?;
            state.seated.insert(account_id);
            Ok(TakeSeatResponse {})
        })
        .await
    }

    async fn free_seat(
        &self,
        request: Request<FreeSeatRequest>,
    ) -> Result<Response<FreeSeatResponse>, Status> {
        let (_, FreeSeatRequest { organization_id: _, account_id, attempt }) = open(request)?;
        self.step("free_seat", |state| {
            state.seat_attempts.undo(&account_id, attempt)?;
            state.seated.remove(&account_id);
            Ok(FreeSeatResponse {})
        })
        .await
    }
}

#[tonic::async_trait]
impl VerificationService for World {
    async fn check_domain(
        &self,
        request: Request<CheckDomainRequest>,
    ) -> Result<Response<CheckDomainResponse>, Status> {
        let (_, CheckDomainRequest { organization_id, name }) = open(request)?;
        self.step("check_domain", |state| {
            Ok(CheckDomainResponse { verified: state.domains.contains(&(organization_id, name)) })
        })
        .await
    }

    async fn find_organizations(
        &self,
        request: Request<FindOrganizationsRequest>,
    ) -> Result<Response<FindOrganizationsResponse>, Status> {
        let (_, FindOrganizationsRequest { name }) = open(request)?;
        self.step("find_organizations", |state| {
            let found = state.domains.iter().filter(|(_, domain)| *domain == name);
            Ok(FindOrganizationsResponse { organization_ids: found.map(|(id, _)| id.clone()).collect() })
        })
        .await
    }
}
