//! Rows of the RPCs about SAML.

use crate::{
    fixture::Fixture,
    nulab_pass::HANDLE,
    rpc_row::{For, Row, administrators, row},
    saml::draft,
};
use pass_proto::{
    errors::v1::ErrorReason::{LinkInvalid, SamlRefused, SamlTestNeeded},
    identity::v1::{
        ActivateSamlConnectionRequest, BeginSamlSignInRequest, BeginSamlTestRequest,
        ConsumeSamlResponseRequest, CreateSamlTestRequest, DisableSamlConnectionRequest,
        FinishSamlSignInRequest, GetPendingSamlSignInRequest, GetSamlSettingsRequest, GetSamlTestRequest,
        GetServiceProviderMetadataRequest, ListSamlSignInsRequest,
    },
};

/// What no sign-in is called.
const HANDLE_OF_NOTHING: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// A response that is none, in base64.
pub const NO_RESPONSE: &str = "PG5vdGhpbmcvPg==";
/// Where refused responses are written down (SML-5).
pub const LOG: &[&str] = &["identity.saml_sign_in_log", "identity.saml_strangers"];

/// Their rows, in the order in which the right callers are answered.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let mut rows = sign_ins(f);
    rows.extend(connections(f));
    rows
}

fn sign_ins(f: &Fixture) -> Vec<Row<'_>> {
    vec![
        row(
            "identity.v1.SamlSignInService.GetServiceProviderMetadata",
            For::Anonymous,
            &GetServiceProviderMetadataRequest { space_key: f.pass.space_key.clone() },
        ),
        row(
            "identity.v1.SamlSignInService.BeginSamlSignIn",
            For::Anonymous,
            &BeginSamlSignInRequest {
                identifier: HANDLE.to_owned(),
                continuation: "later".to_owned(),
                force_authentication: false,
                product: "Backlog".to_owned(),
            },
        )
        .lenient(&["continuation: missing", "product: missing"]),
        row(
            "identity.v1.SamlSignInService.ConsumeSamlResponse",
            For::Anonymous,
            &ConsumeSamlResponseRequest {
                space_key: f.pass.space_key.clone(),
                saml_response: NO_RESPONSE.to_owned(),
                relay_state: String::new(),
            },
        )
        .lenient(&["relay_state: *"])
        .notes(LOG)
        .but_refused(SamlRefused),
        row(
            "identity.v1.SamlSignInService.GetPendingSamlSignIn",
            For::Anonymous,
            &GetPendingSamlSignInRequest { handle: HANDLE_OF_NOTHING.to_owned() },
        )
        .but_refused(LinkInvalid),
        row(
            "identity.v1.SamlSignInService.FinishSamlSignIn",
            For::Anonymous,
            &FinishSamlSignInRequest {
                handle: HANDLE_OF_NOTHING.to_owned(),
                browser_token: HANDLE_OF_NOTHING.to_owned(),
                replaced_token: String::new(),
            },
        )
        .lenient(&["browser_token: *", "replaced_token: *"])
        .but_refused(LinkInvalid),
        row(
            "identity.v1.SamlSignInService.BeginSamlTest",
            For::Anonymous,
            &BeginSamlTestRequest { token: f.saml.test_token.clone() },
        ),
    ]
}

fn connections(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    let plain = &f.pass.plain.organization_id;
    let settings = |organization: &String| GetSamlSettingsRequest { organization_id: organization.clone() };
    let create_test = |organization: &String| CreateSamlTestRequest {
        organization_id: organization.clone(),
        connection_id: f.saml.connection.clone(),
    };
    let get_test = |organization: &String| GetSamlTestRequest {
        organization_id: organization.clone(),
        test_id: f.saml.test.clone(),
    };
    let activate = |organization: &String| ActivateSamlConnectionRequest {
        organization_id: organization.clone(),
        connection_id: f.saml.connection.clone(),
    };
    vec![
        row("identity.v1.SamlConnectionService.GetSamlSettings", administrators(taro), &settings(&f.acme)),
        row("identity.v1.SamlConnectionService.GetSamlTest", administrators(taro), &get_test(&f.acme))
            .crossed(&get_test(&f.other)),
        row("identity.v1.SamlConnectionService.CreateSamlTest", administrators(taro), &create_test(&f.acme))
            .crossed(&create_test(&f.other))
            .without_pass(&create_test(plain)),
        row(
            "identity.v1.SamlConnectionService.ActivateSamlConnection",
            administrators(taro),
            &activate(&f.acme),
        )
        .crossed(&activate(&f.other))
        .without_pass(&activate(plain))
        .but_refused(SamlTestNeeded),
        row(
            "identity.v1.SamlConnectionService.ListSamlSignIns",
            administrators(taro),
            &ListSamlSignInsRequest {
                organization_id: f.acme.clone(),
                page_size: 10,
                page_token: String::new(),
            },
        )
        .lenient(&["page_size: missing"]),
        // Last: it replaces the draft.
        row(
            "identity.v1.SamlConnectionService.SaveSamlDraft",
            administrators(taro),
            &draft(&f.acme, &f.saml.certificate),
        )
        .without_pass(&draft(plain, &f.saml.certificate))
        .lenient(&["sign_requests: missing", "allow_idp_initiated: missing"]),
        row(
            "identity.v1.SamlConnectionService.DisableSamlConnection",
            administrators(taro),
            &DisableSamlConnectionRequest { organization_id: f.acme.clone(), confirmation: 2 },
        ),
    ]
}
