//! Rows of the RPCs about second factors, for a session of the administrator's, who has none.

use crate::{
    fixture::Fixture,
    rpc_row::{For, Row, row},
};
use pass_proto::{
    errors::v1::ErrorReason::{NotFound, SecondFactorInvalid, SecondFactorMissing, SecondStepOver},
    identity::v1::{
        AddKeyRequest, BeginAuthenticatorRequest, BeginKeyRequest, BeginPasskeySignInRequest,
        BeginStepUpRequest, ConfirmAuthenticatorRequest, DisableSecondFactorsRequest,
        FinishPasskeySignInRequest, FinishSecondStepRequest, GetProtectionRequest, GetSecondStepRequest,
        RemoveAuthenticatorRequest, RemoveKeyRequest, RenewRecoveryCodesRequest,
        finish_second_step_request::Factor,
    },
};

/// Their rows, in the order in which the right callers are answered.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let session = || f.spare.1.clone();
    vec![
        row(
            "identity.v1.SecondFactorService.GetProtection",
            For::Anonymous,
            &GetProtectionRequest { session_token: session() },
        ),
        row(
            "identity.v1.SecondFactorService.BeginAuthenticator",
            For::Anonymous,
            &BeginAuthenticatorRequest { session_token: session() },
        ),
        row(
            "identity.v1.SecondFactorService.ConfirmAuthenticator",
            For::Anonymous,
            &ConfirmAuthenticatorRequest { session_token: session(), code: "000000".to_owned() },
        )
        .but_refused(SecondFactorInvalid),
        row(
            "identity.v1.SecondFactorService.RemoveAuthenticator",
            For::Anonymous,
            &RemoveAuthenticatorRequest { session_token: session() },
        )
        .but_refused(NotFound),
        row(
            "identity.v1.SecondFactorService.BeginKey",
            For::Anonymous,
            &BeginKeyRequest { session_token: session(), passkey: true },
        )
        .lenient(&["passkey: missing"]),
        row(
            "identity.v1.SecondFactorService.AddKey",
            For::Anonymous,
            &AddKeyRequest {
                session_token: session(),
                name: "Key ring".to_owned(),
                credential_json: "{}".to_owned(),
            },
        )
        .but_refused(SecondFactorInvalid),
        row(
            "identity.v1.SecondFactorService.RemoveKey",
            For::Anonymous,
            &RemoveKeyRequest { session_token: session(), key_id: f.acme.clone() },
        )
        .but_refused(NotFound),
        row(
            "identity.v1.SecondFactorService.RenewRecoveryCodes",
            For::Anonymous,
            &RenewRecoveryCodesRequest { session_token: session() },
        )
        .but_refused(SecondFactorMissing),
        row(
            "identity.v1.SecondFactorService.DisableSecondFactors",
            For::Anonymous,
            &DisableSecondFactorsRequest { session_token: session() },
        )
        .but_refused(SecondFactorMissing),
        row(
            "identity.v1.SecondFactorService.BeginStepUp",
            For::Anonymous,
            &BeginStepUpRequest { session_token: session() },
        )
        .but_refused(SecondFactorMissing),
        row(
            "identity.v1.SecondFactorService.GetSecondStep",
            For::Anonymous,
            &GetSecondStepRequest { token: session() },
        )
        .but_refused(SecondStepOver),
        row(
            "identity.v1.SecondFactorService.FinishSecondStep",
            For::Anonymous,
            &FinishSecondStepRequest {
                token: session(),
                factor: Some(Factor::Code("000000".to_owned())),
                session_token: session(),
                visit: None,
            },
        )
        .but_refused(SecondStepOver),
        row(
            "identity.v1.SecondFactorService.BeginPasskeySignIn",
            For::Anonymous,
            &BeginPasskeySignInRequest {},
        ),
        row(
            "identity.v1.SecondFactorService.FinishPasskeySignIn",
            For::Anonymous,
            &FinishPasskeySignInRequest {
                token: session(),
                credential_json: "{}".to_owned(),
                session_token: session(),
                visit: None,
            },
        )
        .but_refused(SecondStepOver),
    ]
}
