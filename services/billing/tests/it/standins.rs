//! Organization and the gateway, as far as billing talks to them.

use pass_mesh::{Problem, status};
use pass_proto::{
    convert::{FromWire, privileges_to_wire},
    errors::v1::ErrorReason,
    organization::v1::{
        FindMemberRequest, FindMemberResponse, FindOrganizationRequest, FindOrganizationResponse,
        ListAdministratorsRequest, ListAdministratorsResponse, Member, Organization,
        ResolveMembershipRequest, ResolveMembershipResponse, find_organization_request::By,
        membership_service_server::MembershipService,
    },
};
use pass_types::{Email, Kind, Privilege, Role};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tonic::{Request, Response, Status};

/// Organization, with what a test puts in.
#[derive(Clone, Default)]
pub struct Organizations(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    organizations: BTreeMap<String, FindOrganizationResponse>,
    /// By organization.
    members: BTreeMap<String, Vec<Member>>,
    down: bool,
}

impl Organizations {
    /// An organization, with its Space Key, and with or without a product.
    pub fn put(&self, id: &str, space_key: &str, has_product: bool) {
        let organization = Organization {
            organization_id: id.to_owned(),
            space_key: space_key.to_owned(),
            ..Organization::default()
        };
        let found = FindOrganizationResponse { organization: Some(organization), has_product };
        self.0.lock().unwrap().organizations.insert(id.to_owned(), found);
    }

    /// A member, in place of what the account was before.
    pub fn put_member(&self, id: &str, account: &str, email: &str, role: Role, privileges: &[Privilege]) {
        self.remove_member(id, account);
        let member = Member {
            account_id: account.to_owned(),
            email: email.to_owned(),
            role: role.to_wire().into(),
            privileges: privileges_to_wire(&privileges.iter().copied().collect()),
            ..Member::default()
        };
        self.0.lock().unwrap().members.entry(id.to_owned()).or_default().push(member);
    }

    pub fn remove_member(&self, id: &str, account: &str) {
        self.change_members(id, |members| members.retain(|it| it.account_id != account));
    }

    pub fn suspend(&self, id: &str, account: &str) {
        self.change_members(id, |members| {
            members.iter_mut().filter(|it| it.account_id == account).for_each(|it| it.suspended = true);
        });
    }

    fn change_members(&self, id: &str, change: impl FnOnce(&mut Vec<Member>)) {
        change(self.0.lock().unwrap().members.entry(id.to_owned()).or_default());
    }

    /// From now on it fails, or answers again.
    pub fn fail(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }

    fn up(&self) -> Result<(), Status> {
        if self.0.lock().unwrap().down { Err(Status::unavailable("down")) } else { Ok(()) }
    }
}

/// What organization answers about one that there is not.
#[derive(Debug, thiserror::Error)]
#[error("there is no such organization")]
struct NoOrganization;

impl Problem for NoOrganization {
    fn kind(&self) -> Kind {
        Kind::NotFound
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::NotFound
    }
}

#[tonic::async_trait]
impl MembershipService for Organizations {
    async fn resolve_membership(
        &self,
        request: Request<ResolveMembershipRequest>,
    ) -> Result<Response<ResolveMembershipResponse>, Status> {
        self.up()?;
        let ResolveMembershipRequest { account_id, organization_id, product: _ } = request.into_inner();
        let state = self.0.lock().unwrap();
        let members = state.members.get(&organization_id).into_iter().flatten();
        let mut found = members.filter(|it| it.account_id == account_id);
        let place = found.next().map(|it| ResolveMembershipResponse {
            organization_id,
            role: it.role,
            privileges: it.privileges.clone(),
        });
        Ok(Response::new(place.unwrap_or_default()))
    }

    async fn find_organization(
        &self,
        request: Request<FindOrganizationRequest>,
    ) -> Result<Response<FindOrganizationResponse>, Status> {
        self.up()?;
        let Some(By::OrganizationId(id)) = request.into_inner().by else {
            return Err(Status::unimplemented("billing asks by id only"));
        };
        let found = self.0.lock().unwrap().organizations.get(&id).cloned();
        found.map(Response::new).ok_or_else(|| status(NoOrganization))
    }

    async fn find_member(
        &self,
        request: Request<FindMemberRequest>,
    ) -> Result<Response<FindMemberResponse>, Status> {
        self.up()?;
        let FindMemberRequest { organization_id, email } = request.into_inner();
        let email: Email = email.parse().map_err(|_| Status::invalid_argument("email"))?;
        let state = self.0.lock().unwrap();
        let members = state.members.get(&organization_id).into_iter().flatten();
        let same = |it: &&Member| it.email.parse::<Email>().is_ok_and(|its| its == email);
        Ok(Response::new(FindMemberResponse { members: members.filter(same).cloned().collect() }))
    }

    async fn list_administrators(
        &self,
        _: Request<ListAdministratorsRequest>,
    ) -> Result<Response<ListAdministratorsResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
    }
}
