//! Rows of the RPCs about Managed Accounts.

use crate::{
    fixture::Fixture,
    rpc_row::{For, Row, administrators, row},
    rpc_table::REQUEST,
};
use pass_proto::{
    identity::v1::{
        CountManagedAccountsRequest, CreateManagedAccountRequest, DeleteManagedAccountRequest,
        GetManagedAccountRequest, GetManagedInvitationRequest, PrepareManagedInvitationMailRequest,
        ResendManagedInvitationRequest, ResumeManagedAccountRequest, SuspendManagedAccountRequest,
    },
    types::v1::{Language, Privilege, Role},
};

/// A row about Acme's Managed Account, which is not the other organization's.
macro_rules! of_managed {
    ($f:expr, $method:literal, $request:ident) => {{
        let of = |organization: &String| $request {
            organization_id: organization.clone(),
            account_id: $f.pass.managed.clone(),
        };
        row(
            concat!("identity.v1.ManagedAccountService.", $method),
            administrators(&$f.administrator),
            &of(&$f.acme),
        )
        .crossed(&of(&$f.other))
    }};
}

/// Their rows, in the order in which the right callers are answered.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    let create = |organization: &String, team_ids: Vec<String>| CreateManagedAccountRequest {
        request_id: format!("{REQUEST}5"),
        organization_id: organization.clone(),
        name: "Nora Neu".to_owned(),
        email: "nora@acme.example".to_owned(),
        unique_id: "nora-neu".to_owned(),
        language: Language::Ja.into(),
        time_zone: "Asia/Tokyo".to_owned(),
        role: Role::Member.into(),
        privileges: vec![Privilege::Invite.into()],
        team_ids,
    };
    vec![
        row(
            "identity.v1.DirectoryService.PrepareManagedInvitationMail",
            For::System,
            &PrepareManagedInvitationMailRequest { account_id: f.pass.managed.clone(), attempt: 1 },
        ),
        // Under what is no domain at all there are none.
        row(
            "identity.v1.DirectoryService.CountManagedAccounts",
            For::System,
            &CountManagedAccountsRequest {
                organization_id: f.acme.clone(),
                domain: "acme.example".to_owned(),
            },
        )
        .lenient(&["domain: *"]),
        row(
            "identity.v1.ManagedAccountService.GetManagedInvitation",
            For::Anonymous,
            &GetManagedInvitationRequest { token: f.pass.managed_invitation.clone() },
        ),
        row(
            "identity.v1.ManagedAccountService.CreateManagedAccount",
            administrators(taro),
            &create(&f.acme, vec![f.pass.team.clone()]),
        )
        .without_pass(&create(&f.pass.plain.organization_id, vec![]))
        .lenient(&[
            "unique_id: missing",
            "time_zone: missing",
            "privileges: missing",
            "team_ids: missing",
        ]),
        of_managed!(f, "GetManagedAccount", GetManagedAccountRequest),
        of_managed!(f, "ResendManagedInvitation", ResendManagedInvitationRequest),
        of_managed!(f, "SuspendManagedAccount", SuspendManagedAccountRequest),
        of_managed!(f, "ResumeManagedAccount", ResumeManagedAccountRequest),
        of_managed!(f, "DeleteManagedAccount", DeleteManagedAccountRequest),
    ]
}
