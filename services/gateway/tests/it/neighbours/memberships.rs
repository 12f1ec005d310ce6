//! Memberships, as organization keeps them.

use super::Neighbours;
use pass_mesh::open;
use pass_proto::{
    convert::FromWire,
    organization::v1::{
        FindMemberRequest, FindMemberResponse, FindOrganizationRequest, FindOrganizationResponse,
        ListAdministratorsRequest, ListAdministratorsResponse, ResolveMembershipRequest,
        ResolveMembershipResponse, membership_service_server::MembershipService,
    },
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl MembershipService for Neighbours {
    async fn resolve_membership(
        &self,
        request: Request<ResolveMembershipRequest>,
    ) -> Result<Response<ResolveMembershipResponse>, Status> {
        let (_, asked) = open(request)?;
        let state = self.state();
        let mut places: Vec<_> = state
            .members
            .iter()
            .filter(|((account, organization), _)| {
                let this =
                    asked.organization_id.is_empty() || organization.to_string() == asked.organization_id;
                this && account.to_string() == asked.account_id
            })
            .collect();
        places.sort_by_key(|((_, organization), _)| *organization);
        Ok(Response::new(match places.first() {
            None => ResolveMembershipResponse::default(),
            Some(((_, organization), role)) => ResolveMembershipResponse {
                organization_id: organization.to_string(),
                role: role.to_wire().into(),
                privileges: vec![],
            },
        }))
    }

    async fn find_organization(
        &self,
        _: Request<FindOrganizationRequest>,
    ) -> Result<Response<FindOrganizationResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn find_member(
        &self,
        _: Request<FindMemberRequest>,
    ) -> Result<Response<FindMemberResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn list_administrators(
        &self,
        _: Request<ListAdministratorsRequest>,
    ) -> Result<Response<ListAdministratorsResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }
}
