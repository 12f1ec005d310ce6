//! Who may call what: every RPC that identity serves, tried by everybody who has a certificate.

use crate::{role::Role, suite::Suite};
use pass_proto::{errors::v1::ErrorReason, identity::v1::*};

/// Calls everything as this role, with nothing in the messages; by what each call was refused, if it was.
async fn everything(role: &Role) -> Vec<(&'static str, Option<ErrorReason>)> {
    macro_rules! call {
        ($($method:ident($request:ty)),+ $(,)?) => {
            vec![$((stringify!($method), role.$method(<$request>::default()).await.err().map(|it| it.reason))),+]
        };
    }
    call![
        request_sign_up(RequestSignUpRequest),
        get_sign_up(GetSignUpRequest),
        complete_sign_up(CompleteSignUpRequest),
        get_my_account(GetMyAccountRequest),
        update_my_account(UpdateMyAccountRequest),
        get_account(GetAccountRequest),
        set_my_image(SetMyImageRequest),
        remove_my_image(RemoveMyImageRequest),
        get_image(GetImageRequest),
        preview_my_deletion(PreviewMyDeletionRequest),
        delete_my_account(DeleteMyAccountRequest),
        sign_in(SignInRequest),
        resolve_session(ResolveSessionRequest),
        get_session(GetSessionRequest),
        sign_out(SignOutRequest),
        list_my_sessions(ListMySessionsRequest),
        end_my_session(EndMySessionRequest),
        end_my_other_sessions(EndMyOtherSessionsRequest),
        batch_get_accounts(BatchGetAccountsRequest),
        get_mail_preferences(GetMailPreferencesRequest),
        prepare_sign_up_mail(PrepareSignUpMailRequest),
        prepare_managed_invitation_mail(PrepareManagedInvitationMailRequest),
        prepare_password_reset_mail(PreparePasswordResetMailRequest),
        prepare_email_change_mail(PrepareEmailChangeMailRequest),
        prepare_account_deleted_mail(PrepareAccountDeletedMailRequest),
        request_password_reset(RequestPasswordResetRequest),
        get_password_reset(GetPasswordResetRequest),
        complete_password_reset(CompletePasswordResetRequest),
        change_password(ChangePasswordRequest),
        request_email_change(RequestEmailChangeRequest),
        get_email_change(GetEmailChangeRequest),
        confirm_email_change(ConfirmEmailChangeRequest),
        prepare_login_alert_mail(PrepareLoginAlertMailRequest),
        list_my_login_history(ListMyLoginHistoryRequest),
        list_my_security_events(ListMySecurityEventsRequest),
        get_my_security_settings(GetMySecuritySettingsRequest),
        update_my_security_settings(UpdateMySecuritySettingsRequest),
        get_login_alert(GetLoginAlertRequest),
        disown_sign_in(DisownSignInRequest),
        count_managed_accounts(CountManagedAccountsRequest),
        create_managed_account(CreateManagedAccountRequest),
        get_managed_account(GetManagedAccountRequest),
        resend_managed_invitation(ResendManagedInvitationRequest),
        suspend_managed_account(SuspendManagedAccountRequest),
        resume_managed_account(ResumeManagedAccountRequest),
        delete_managed_account(DeleteManagedAccountRequest),
        get_managed_invitation(GetManagedInvitationRequest),
        begin_saml_sign_in(BeginSamlSignInRequest),
        begin_saml_test(BeginSamlTestRequest),
        consume_saml_response(ConsumeSamlResponseRequest),
        get_pending_saml_sign_in(GetPendingSamlSignInRequest),
        finish_saml_sign_in(FinishSamlSignInRequest),
        get_service_provider_metadata(GetServiceProviderMetadataRequest),
        get_saml_settings(GetSamlSettingsRequest),
        save_saml_draft(SaveSamlDraftRequest),
        create_saml_test(CreateSamlTestRequest),
        get_saml_test(GetSamlTestRequest),
        activate_saml_connection(ActivateSamlConnectionRequest),
        disable_saml_connection(DisableSamlConnectionRequest),
        list_saml_sign_ins(ListSamlSignInsRequest),
        get_protection(GetProtectionRequest),
        begin_authenticator(BeginAuthenticatorRequest),
        confirm_authenticator(ConfirmAuthenticatorRequest),
        remove_authenticator(RemoveAuthenticatorRequest),
        begin_key(BeginKeyRequest),
        add_key(AddKeyRequest),
        remove_key(RemoveKeyRequest),
        renew_recovery_codes(RenewRecoveryCodesRequest),
        disable_second_factors(DisableSecondFactorsRequest),
        begin_step_up(BeginStepUpRequest),
        get_second_step(GetSecondStepRequest),
        finish_second_step(FinishSecondStepRequest),
        begin_passkey_sign_in(BeginPasskeySignInRequest),
        finish_passkey_sign_in(FinishPasskeySignInRequest),
        connect_space(ConnectSpaceRequest),
        list_my_space_links(ListMySpaceLinksRequest),
        update_my_space_link(UpdateMySpaceLinkRequest),
        disconnect_space(DisconnectSpaceRequest),
        resolve_space_user(ResolveSpaceUserRequest),
        list_my_spaces(ListMySpacesRequest),
        set_my_space_profile(SetMySpaceProfileRequest),
        batch_get_space_links(BatchGetSpaceLinksRequest),
    ]
}

/// What the gateway asks as nobody: for a browser, by what that shows.
const BEFORE_SIGN_IN: &[&str] = &[
    "request_sign_up",
    "get_sign_up",
    "complete_sign_up",
    "sign_in",
    "resolve_session",
    "sign_out",
    "get_image",
    "get_managed_invitation",
    "get_login_alert",
    "disown_sign_in",
    "request_password_reset",
    "get_password_reset",
    "complete_password_reset",
    "change_password",
    "get_email_change",
    "confirm_email_change",
    "begin_saml_sign_in",
    "begin_saml_test",
    "consume_saml_response",
    "get_pending_saml_sign_in",
    "finish_saml_sign_in",
    "get_service_provider_metadata",
    "get_protection",
    "begin_authenticator",
    "confirm_authenticator",
    "remove_authenticator",
    "begin_key",
    "add_key",
    "remove_key",
    "renew_recovery_codes",
    "disable_second_factors",
    "begin_step_up",
    "get_second_step",
    "finish_second_step",
    "begin_passkey_sign_in",
    "finish_passkey_sign_in",
];

/// What is open to a role; everything else is refused before its handler runs.
#[tokio::test]
async fn every_call_is_for_somebody() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let owners = [
        "get_my_account",
        "update_my_account",
        "list_my_sessions",
        "end_my_session",
        "end_my_other_sessions",
        "create_managed_account",
        "get_managed_account",
        "resend_managed_invitation",
        "suspend_managed_account",
        "resume_managed_account",
        "delete_managed_account",
        "get_saml_settings",
        "save_saml_draft",
        "create_saml_test",
        "get_saml_test",
        "activate_saml_connection",
        "disable_saml_connection",
        "list_saml_sign_ins",
        "list_my_login_history",
        "list_my_security_events",
        "get_my_security_settings",
        "update_my_security_settings",
        "request_email_change",
        "set_my_image",
        "remove_my_image",
        "preview_my_deletion",
        "delete_my_account",
        "connect_space",
        "list_my_space_links",
        "update_my_space_link",
        "disconnect_space",
    ];
    let known = pass_proto::descriptor_pool();
    let known = known.services().filter(|service| service.full_name().starts_with("pass.identity."));
    let known: usize = known.map(|service| service.methods().len()).sum();
    for (role, open) in [
        (suite.gateway_anonymous(), BEFORE_SIGN_IN),
        (suite.system("gateway"), &["get_session"]),
        (suite.console_as(&user), &owners),
        (
            suite.product_as("backlog", &user, None),
            &["get_account", "resolve_space_user", "list_my_spaces", "set_my_space_profile"],
        ),
        (suite.product("backlog"), &["batch_get_space_links"]),
        (suite.system("organization"), &["batch_get_accounts"]),
        (
            suite.system("notification"),
            &[
                "batch_get_accounts",
                "get_mail_preferences",
                "prepare_sign_up_mail",
                "prepare_managed_invitation_mail",
                "prepare_login_alert_mail",
                "prepare_password_reset_mail",
                "prepare_email_change_mail",
                "prepare_account_deleted_mail",
            ],
        ),
        (suite.system("domain-verification"), &["count_managed_accounts"]),
        (suite.system("billing"), &[]),
    ] {
        let answers = everything(&role).await;
        assert_eq!(answers.len(), known, "a call is missing here");
        for (call, refused) in answers {
            let barred = matches!(
                refused,
                Some(ErrorReason::PeerNotAllowed | ErrorReason::ActorNotAllowed | ErrorReason::TokenAudience)
            );
            assert_eq!(barred, !open.contains(&call), "{call}: {refused:?}");
        }
    }
}
