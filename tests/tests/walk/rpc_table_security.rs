//! Rows of the RPCs about an account's safety.

use crate::{
    fixture::Fixture,
    rpc_row::{For, Gets::Refused, Row, own, row},
};
use pass_proto::{
    errors::v1::ErrorReason::ManagedByOrganization,
    identity::v1::{
        DisownSignInRequest, GetLoginAlertRequest, GetMySecuritySettingsRequest, ListMyLoginHistoryRequest,
        ListMySecurityEventsRequest, PrepareLoginAlertMailRequest, SecuritySettings,
        UpdateMySecuritySettingsRequest,
    },
};
use prost_types::FieldMask;

/// Their rows, in the order in which the right callers are answered.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    let (alert, token) = f.login_alert.clone();
    vec![
        row(
            "identity.v1.SecurityService.ListMyLoginHistory",
            own(taro),
            &ListMyLoginHistoryRequest { page_size: 10, page_token: String::new() },
        )
        .lenient(&["page_size: missing"]),
        row(
            "identity.v1.SecurityService.ListMySecurityEvents",
            own(taro),
            &ListMySecurityEventsRequest { page_size: 10, page_token: String::new() },
        )
        .lenient(&["page_size: missing"]),
        row("identity.v1.SecurityService.GetMySecuritySettings", own(taro), &GetMySecuritySettingsRequest {}),
        row(
            "identity.v1.SecurityService.UpdateMySecuritySettings",
            own(taro),
            &UpdateMySecuritySettingsRequest {
                settings: Some(SecuritySettings { login_alerts: false }),
                update_mask: Some(FieldMask { paths: vec!["login_alerts".to_owned()] }),
            },
        )
        .managed(Refused(ManagedByOrganization))
        // That is told (AUD-1).
        .all_noted(&["identity.outbox", "identity.outbox_keys"])
        .makes(&[
            "identity.security_settings",
            "identity.security_events",
            "identity.outbox",
            "identity.outbox_keys",
        ]),
        row(
            "identity.v1.DirectoryService.PrepareLoginAlertMail",
            For::System,
            &PrepareLoginAlertMailRequest { login_alert_id: alert },
        ),
        row(
            "identity.v1.SecurityService.GetLoginAlert",
            For::Anonymous,
            &GetLoginAlertRequest { token: token.clone() },
        ),
        row("identity.v1.SecurityService.DisownSignIn", For::Anonymous, &DisownSignInRequest { token }),
    ]
}
