//! Programs of the mesh that may call identity, and every call that they may try.

use crate::suite::Suite;
use pass_mesh::{CallContext, Channel, Failure};
use pass_proto::identity::v1::{
    account_service_client::AccountServiceClient, credential_service_client::CredentialServiceClient,
    directory_service_client::DirectoryServiceClient,
    managed_account_service_client::ManagedAccountServiceClient,
    profile_service_client::ProfileServiceClient,
    saml_connection_service_client::SamlConnectionServiceClient,
    saml_sign_in_service_client::SamlSignInServiceClient,
    second_factor_service_client::SecondFactorServiceClient, security_service_client::SecurityServiceClient,
    session_service_client::SessionServiceClient, space_link_service_client::SpaceLinkServiceClient, *,
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
    ProfileServiceClient {
        set_my_image: SetMyImageRequest => SetMyImageResponse,
        remove_my_image: RemoveMyImageRequest => RemoveMyImageResponse,
        get_image: GetImageRequest => GetImageResponse,
        preview_my_deletion: PreviewMyDeletionRequest => PreviewMyDeletionResponse,
        delete_my_account: DeleteMyAccountRequest => DeleteMyAccountResponse,
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
    SecondFactorServiceClient {
        get_protection: GetProtectionRequest => GetProtectionResponse,
        begin_authenticator: BeginAuthenticatorRequest => BeginAuthenticatorResponse,
        confirm_authenticator: ConfirmAuthenticatorRequest => ConfirmAuthenticatorResponse,
        remove_authenticator: RemoveAuthenticatorRequest => RemoveAuthenticatorResponse,
        begin_key: BeginKeyRequest => BeginKeyResponse,
        add_key: AddKeyRequest => AddKeyResponse,
        remove_key: RemoveKeyRequest => RemoveKeyResponse,
        renew_recovery_codes: RenewRecoveryCodesRequest => RenewRecoveryCodesResponse,
        disable_second_factors: DisableSecondFactorsRequest => DisableSecondFactorsResponse,
        begin_step_up: BeginStepUpRequest => BeginStepUpResponse,
        get_second_step: GetSecondStepRequest => GetSecondStepResponse,
        finish_second_step: FinishSecondStepRequest => FinishSecondStepResponse,
        begin_passkey_sign_in: BeginPasskeySignInRequest => BeginPasskeySignInResponse,
        finish_passkey_sign_in: FinishPasskeySignInRequest => FinishPasskeySignInResponse,
    }
    DirectoryServiceClient {
        batch_get_accounts: BatchGetAccountsRequest => BatchGetAccountsResponse,
        get_mail_preferences: GetMailPreferencesRequest => GetMailPreferencesResponse,
        prepare_sign_up_mail: PrepareSignUpMailRequest => PrepareSignUpMailResponse,
        prepare_managed_invitation_mail: PrepareManagedInvitationMailRequest => PrepareManagedInvitationMailResponse,
        prepare_password_reset_mail: PreparePasswordResetMailRequest => PreparePasswordResetMailResponse,
        prepare_email_change_mail: PrepareEmailChangeMailRequest => PrepareEmailChangeMailResponse,
        prepare_login_alert_mail: PrepareLoginAlertMailRequest => PrepareLoginAlertMailResponse,
        prepare_account_deleted_mail: PrepareAccountDeletedMailRequest => PrepareAccountDeletedMailResponse,
        count_managed_accounts: CountManagedAccountsRequest => CountManagedAccountsResponse,
    }
    CredentialServiceClient {
        request_password_reset: RequestPasswordResetRequest => RequestPasswordResetResponse,
        get_password_reset: GetPasswordResetRequest => GetPasswordResetResponse,
        complete_password_reset: CompletePasswordResetRequest => CompletePasswordResetResponse,
        change_password: ChangePasswordRequest => ChangePasswordResponse,
        request_email_change: RequestEmailChangeRequest => RequestEmailChangeResponse,
        get_email_change: GetEmailChangeRequest => GetEmailChangeResponse,
        confirm_email_change: ConfirmEmailChangeRequest => ConfirmEmailChangeResponse,
    }
    SecurityServiceClient {
        list_my_login_history: ListMyLoginHistoryRequest => ListMyLoginHistoryResponse,
        list_my_security_events: ListMySecurityEventsRequest => ListMySecurityEventsResponse,
        get_my_security_settings: GetMySecuritySettingsRequest => GetMySecuritySettingsResponse,
        update_my_security_settings: UpdateMySecuritySettingsRequest => UpdateMySecuritySettingsResponse,
        get_login_alert: GetLoginAlertRequest => GetLoginAlertResponse,
        disown_sign_in: DisownSignInRequest => DisownSignInResponse,
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
    SpaceLinkServiceClient {
        connect_space: ConnectSpaceRequest => ConnectSpaceResponse,
        list_my_space_links: ListMySpaceLinksRequest => ListMySpaceLinksResponse,
        update_my_space_link: UpdateMySpaceLinkRequest => UpdateMySpaceLinkResponse,
        disconnect_space: DisconnectSpaceRequest => DisconnectSpaceResponse,
        resolve_space_user: ResolveSpaceUserRequest => ResolveSpaceUserResponse,
        list_my_spaces: ListMySpacesRequest => ListMySpacesResponse,
        set_my_space_profile: SetMySpaceProfileRequest => SetMySpaceProfileResponse,
        batch_get_space_links: BatchGetSpaceLinksRequest => BatchGetSpaceLinksResponse,
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
