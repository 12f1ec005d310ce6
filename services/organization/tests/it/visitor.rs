//! What somebody, or a program, can ask of organization.

use pass_mesh::{CallContext, Channel, Failure};
use pass_proto::organization::v1::{
    access_service_client::AccessServiceClient,
    account_deletion_service_client::AccountDeletionServiceClient,
    invitation_service_client::InvitationServiceClient,
    managed_member_service_client::ManagedMemberServiceClient, member_service_client::MemberServiceClient,
    membership_service_client::MembershipServiceClient,
    organization_service_client::OrganizationServiceClient, team_service_client::TeamServiceClient, *,
};
use tonic::Status;

/// Somebody in the console, or a program.
#[derive(Clone)]
pub struct Visitor {
    pub channel: Channel,
    pub calls: CallContext,
}

pub type Answer<T> = Result<T, Failure>;

fn answer<T>(answer: Result<tonic::Response<T>, Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(Failure::from)
}

macro_rules! calls {
    ($($client:ident { $($method:ident($request:ty) -> $response:ty;)+ })+) => {$($(
        pub async fn $method(&self, request: $request) -> Answer<$response> {
            answer($client::new(self.channel.clone()).$method(self.calls.request(request)).await)
        }
    )+)+};
}

impl Visitor {
    calls! {
        OrganizationServiceClient {
            start_trial(StartTrialRequest) -> StartTrialResponse;
            list_my_organizations(ListMyOrganizationsRequest) -> ListMyOrganizationsResponse;
            get_organization(GetOrganizationRequest) -> GetOrganizationResponse;
            set_organization_handle(SetOrganizationHandleRequest) -> SetOrganizationHandleResponse;
        }
        MemberServiceClient {
            list_members(ListMembersRequest) -> ListMembersResponse;
        }
        InvitationServiceClient {
            create_invitation(CreateInvitationRequest) -> CreateInvitationResponse;
            get_invitation(GetInvitationRequest) -> GetInvitationResponse;
            accept_invitation(AcceptInvitationRequest) -> AcceptInvitationResponse;
            list_invitations(ListInvitationsRequest) -> ListInvitationsResponse;
            resend_invitation(ResendInvitationRequest) -> ResendInvitationResponse;
            cancel_invitation(CancelInvitationRequest) -> CancelInvitationResponse;
            prepare_invitation_mail(PrepareInvitationMailRequest) -> PrepareInvitationMailResponse;
        }
        AccessServiceClient {
            check_access(CheckAccessRequest) -> CheckAccessResponse;
        }
        TeamServiceClient {
            create_team(CreateTeamRequest) -> CreateTeamResponse;
            list_teams(ListTeamsRequest) -> ListTeamsResponse;
        }
        ManagedMemberServiceClient {
            add_managed_member(AddManagedMemberRequest) -> AddManagedMemberResponse;
            remove_managed_member(RemoveManagedMemberRequest) -> RemoveManagedMemberResponse;
            set_managed_member_suspended(SetManagedMemberSuspendedRequest)
                -> SetManagedMemberSuspendedResponse;
        }
        AccountDeletionServiceClient {
            preview_account_deletion(PreviewAccountDeletionRequest) -> PreviewAccountDeletionResponse;
            erase_account(EraseAccountRequest) -> EraseAccountResponse;
        }
        MembershipServiceClient {
            find_organization(FindOrganizationRequest) -> FindOrganizationResponse;
            find_member(FindMemberRequest) -> FindMemberResponse;
            list_administrators(ListAdministratorsRequest) -> ListAdministratorsResponse;
            resolve_membership(ResolveMembershipRequest) -> ResolveMembershipResponse;
        }
    }

    pub async fn invite(&self, request: CreateInvitationRequest) -> Answer<Invitation> {
        Ok(self.create_invitation(request).await?.invitation.unwrap())
    }

    pub async fn resend(&self, organization: &str, invitation: &Invitation) -> Answer<Invitation> {
        let (organization_id, invitation_id) = (organization.to_owned(), invitation.invitation_id.clone());
        let sent = self.resend_invitation(ResendInvitationRequest { organization_id, invitation_id }).await?;
        Ok(sent.invitation.unwrap())
    }

    pub async fn cancel(
        &self,
        organization: &str,
        invitation: &Invitation,
    ) -> Answer<CancelInvitationResponse> {
        let (organization_id, invitation_id) = (organization.to_owned(), invitation.invitation_id.clone());
        self.cancel_invitation(CancelInvitationRequest { organization_id, invitation_id }).await
    }

    pub async fn show(&self, token: &str) -> Answer<GetInvitationResponse> {
        self.get_invitation(GetInvitationRequest { token: token.to_owned() }).await
    }

    pub async fn accept(&self, token: &str) -> Answer<AcceptInvitationResponse> {
        self.accept_invitation(AcceptInvitationRequest { token: token.to_owned() }).await
    }

    pub async fn invitations(&self, organization: &str) -> Answer<Vec<Invitation>> {
        let request =
            ListInvitationsRequest { organization_id: organization.to_owned(), ..Default::default() };
        Ok(self.list_invitations(request).await?.invitations)
    }

    pub async fn members(&self, organization: &str, query: &str) -> Answer<Vec<Member>> {
        let (organization_id, query) = (organization.to_owned(), query.to_owned());
        let request = ListMembersRequest { organization_id, query, ..Default::default() };
        Ok(self.list_members(request).await?.members)
    }

    pub async fn organization(&self, organization: &str) -> Answer<GetOrganizationResponse> {
        self.get_organization(GetOrganizationRequest { organization_id: organization.to_owned() }).await
    }

    pub async fn check(&self, space: &str) -> Answer<CheckAccessResponse> {
        self.check_access(CheckAccessRequest { space_id: space.to_owned() }).await
    }

    pub async fn set_handle(&self, organization: &str, handle: &str) -> Answer<Organization> {
        let (organization_id, handle) = (organization.to_owned(), handle.to_owned());
        let set = self.set_organization_handle(SetOrganizationHandleRequest { organization_id, handle });
        Ok(set.await?.organization.unwrap())
    }

    pub async fn teams(&self, organization: &str) -> Answer<Vec<Team>> {
        let request = ListTeamsRequest { organization_id: organization.to_owned(), ..Default::default() };
        Ok(self.list_teams(request).await?.teams)
    }

    pub async fn remove(&self, it: &AddManagedMemberRequest, attempt: i32) -> Answer<()> {
        let (organization_id, account_id) = (it.organization_id.clone(), it.account_id.clone());
        let request = RemoveManagedMemberRequest { organization_id, account_id, attempt };
        self.remove_managed_member(request).await.map(|_| ())
    }

    pub async fn suspend(&self, it: &AddManagedMemberRequest, attempt: i32, suspended: bool) -> Answer<()> {
        let (organization_id, account_id) = (it.organization_id.clone(), it.account_id.clone());
        let request = SetManagedMemberSuspendedRequest { organization_id, account_id, attempt, suspended };
        self.set_managed_member_suspended(request).await.map(|_| ())
    }
}
