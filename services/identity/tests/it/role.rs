//! Programs of the mesh that may call identity, and every call that they may try.

use crate::suite::Suite;
use pass_mesh::{CallContext, Channel, Failure};
use pass_proto::identity::v1::{
    account_service_client::AccountServiceClient, directory_service_client::DirectoryServiceClient,
    managed_account_service_client::ManagedAccountServiceClient,
    saml_connection_service_client::SamlConnectionServiceClient,
    saml_sign_in_service_client::SamlSignInServiceClient, session_service_client::SessionServiceClient, *,
};
use std::sync::Arc;

/// A program of the mesh, and on whose behalf it calls.
#[derive(Clone)]
pub struct Role {
    pub(crate) channel: Channel,
    pub(crate) call: CallContext,
    /// A replica runs as long as somebody may call it.
    pub(crate) _replica: Option<Arc<Suite>>,
}

macro_rules! calls {
    ($($client:ident { $($method:ident: $request:ty => $response:ty,)+ })+) => {
        impl Role {
            $($(pub fn $method(
                &self,
                message: $request,
            ) -> impl Future<Output = Result<$response, Failure>> + Send + use<> {
                let (mut client, request) = ($client::new(self.channel.clone()), self.call.request(message));
                async move { Ok(client.$method(request).await?.into_inner()) }
            })+)+
        }
    };
}

calls! {
    AccountServiceClient {
        request_sign_up: RequestSignUpRequest => RequestSignUpResponse,
        get_sign_up: GetSignUpRequest => GetSignUpResponse,
        complete_sign_up: CompleteSignUpRequest => CompleteSignUpResponse,
        get_my_account: GetMyAccountRequest => GetMyAccountResponse,
        update_my_account: UpdateMyAccountRequest => UpdateMyAccountResponse,
        get_account: GetAccountRequest => GetAccountResponse,
    }
    SessionServiceClient {
        sign_in: SignInRequest => SignInResponse,
        resolve_session: ResolveSessionRequest => ResolveSessionResponse,
        get_session: GetSessionRequest => GetSessionResponse,
        sign_out: SignOutRequest => SignOutResponse,
        list_my_sessions: ListMySessionsRequest => ListMySessionsResponse,
        end_my_session: EndMySessionRequest => EndMySessionResponse,
        end_my_other_sessions: EndMyOtherSessionsRequest => EndMyOtherSessionsResponse,
    }
    DirectoryServiceClient {
        batch_get_accounts: BatchGetAccountsRequest => BatchGetAccountsResponse,
        get_mail_preferences: GetMailPreferencesRequest => GetMailPreferencesResponse,
        prepare_sign_up_mail: PrepareSignUpMailRequest => PrepareSignUpMailResponse,
        prepare_managed_invitation_mail: PrepareManagedInvitationMailRequest => PrepareManagedInvitationMailResponse,
        count_managed_accounts: CountManagedAccountsRequest => CountManagedAccountsResponse,
    }
    SamlSignInServiceClient {
        begin_saml_sign_in: BeginSamlSignInRequest => BeginSamlSignInResponse,
        begin_saml_test: BeginSamlTestRequest => BeginSamlTestResponse,
        consume_saml_response: ConsumeSamlResponseRequest => ConsumeSamlResponseResponse,
        get_pending_saml_sign_in: GetPendingSamlSignInRequest => GetPendingSamlSignInResponse,
        finish_saml_sign_in: FinishSamlSignInRequest => FinishSamlSignInResponse,
        get_service_provider_metadata: GetServiceProviderMetadataRequest => GetServiceProviderMetadataResponse,
    }
    SamlConnectionServiceClient {
        get_saml_settings: GetSamlSettingsRequest => GetSamlSettingsResponse,
        save_saml_draft: SaveSamlDraftRequest => SaveSamlDraftResponse,
        create_saml_test: CreateSamlTestRequest => CreateSamlTestResponse,
        get_saml_test: GetSamlTestRequest => GetSamlTestResponse,
        activate_saml_connection: ActivateSamlConnectionRequest => ActivateSamlConnectionResponse,
        disable_saml_connection: DisableSamlConnectionRequest => DisableSamlConnectionResponse,
        list_saml_sign_ins: ListSamlSignInsRequest => ListSamlSignInsResponse,
    }
    ManagedAccountServiceClient {
        create_managed_account: CreateManagedAccountRequest => CreateManagedAccountResponse,
        get_managed_account: GetManagedAccountRequest => GetManagedAccountResponse,
        resend_managed_invitation: ResendManagedInvitationRequest => ResendManagedInvitationResponse,
        suspend_managed_account: SuspendManagedAccountRequest => SuspendManagedAccountResponse,
        resume_managed_account: ResumeManagedAccountRequest => ResumeManagedAccountResponse,
        delete_managed_account: DeleteManagedAccountRequest => DeleteManagedAccountResponse,
        get_managed_invitation: GetManagedInvitationRequest => GetManagedInvitationResponse,
    }
}
