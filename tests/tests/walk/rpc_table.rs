//! How each RPC is asked, and what each kind of caller gets. A new RPC gets a row here.

use crate::{
    credentials,
    fixture::Fixture,
    people::PASSWORD,
    rpc_row::{
        For,
        Gets::{Answer, Refused},
        Row, administrators, own, people, row,
    },
    rpc_table_managed, rpc_table_pass, rpc_table_profile, rpc_table_saml, rpc_table_second_factor,
    rpc_table_security, spaces,
};
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason::{self, InvitationForOther, NotFound},
    gateway::v1::{CheckRevocationRequest, WatchTrustRequest},
    identity::v1::{
        Account, BatchGetAccountsRequest, CompleteSignUpRequest, EndMyOtherSessionsRequest,
        EndMySessionRequest, GetAccountRequest, GetMailPreferencesRequest, GetMyAccountRequest,
        GetSessionRequest, GetSignUpRequest, ListMySessionsRequest, PrepareSignUpMailRequest,
        RequestSignUpRequest, ResolveSessionRequest, SignInRequest, SignOutRequest, UpdateMyAccountRequest,
        Visit,
    },
    organization::v1::{
        AcceptInvitationRequest, CancelInvitationRequest, CheckAccessRequest, CreateInvitationRequest,
        GetInvitationRequest, GetOrganizationRequest, ListInvitationsRequest, ListMembersRequest,
        ListMyOrganizationsRequest, PrepareInvitationMailRequest, ResendInvitationRequest,
        ResolveMembershipRequest, StartTrialRequest, list_members_request::State,
    },
    types::v1::{AccountKind, Language, Product, Role},
};
use pass_types::Clock;

/// A name for a request that nobody has used.
pub const REQUEST: &str = "0190a0a0-0000-7000-8000-00000000000";

/// Every RPC. The right callers are answered in this order, last of all.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let mut rows = trust(f);
    rows.extend(directory(f));
    rows.extend(organizations(f));
    rows.extend(invitations(f));
    // First: the Organization ID will be changed, and the number of Managed Accounts.
    rows.extend(rpc_table_saml::rows(f));
    rows.extend(rpc_table_pass::rows(f));
    rows.extend(rpc_table_managed::rows(f));
    rows.extend(spaces::rpcs(f));
    rows.extend(rpc_table_second_factor::rows(f));
    rows.extend(rpc_table_security::rows(f));
    rows.extend(credentials::rpcs(f));
    rows.extend(rpc_table_profile::rows(f));
    rows.extend(accounts(f));
    rows.extend(sessions(f));
    rows
}

fn trust(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    vec![
        row("gateway.v1.TrustService.WatchTrust", For::System, &WatchTrustRequest {}),
        row(
            "gateway.v1.TrustService.CheckRevocation",
            For::System,
            &CheckRevocationRequest {
                session_id: taro.session.clone(),
                account_id: taro.account.clone(),
                organization_id: f.acme.clone(),
                managed: true,
                issue_time: Some(timestamp(f.suite.clock.now())),
                grant_id: taro.session.clone(),
            },
        )
        .lenient(&["organization_id: missing", "managed: missing", "issue_time.seconds: missing"]),
    ]
}

fn directory(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    vec![
        row(
            "identity.v1.DirectoryService.BatchGetAccounts",
            For::System,
            &BatchGetAccountsRequest { account_ids: vec![taro.account.clone()] },
        )
        .lenient(&["account_ids: missing"]),
        row(
            "identity.v1.DirectoryService.GetMailPreferences",
            For::System,
            &GetMailPreferencesRequest { email: taro.email.to_owned() },
        ),
        row(
            "identity.v1.DirectoryService.PrepareSignUpMail",
            For::System,
            &PrepareSignUpMailRequest { sign_up_id: f.sign_up.0.clone() },
        ),
        row(
            "organization.v1.MembershipService.ResolveMembership",
            For::System,
            &ResolveMembershipRequest {
                account_id: taro.account.clone(),
                organization_id: f.acme.clone(),
                product: Product::Backlog.into(),
            },
        )
        .lenient(&["organization_id: missing", "product: missing"]),
        row(
            "organization.v1.InvitationService.PrepareInvitationMail",
            For::System,
            &PrepareInvitationMailRequest { invitation_id: f.invitation.clone(), attempt: 1 },
        ),
    ]
}

fn organizations(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    vec![
        row(
            "organization.v1.OrganizationService.StartTrial",
            administrators(taro),
            &StartTrialRequest {
                request_id: format!("{REQUEST}1"),
                organization_id: f.acme.clone(),
                organization_name: String::new(),
                product: Product::Cacoo.into(),
                plan: "standard".to_owned(),
                space_id: "acme-2".to_owned(),
            },
        ),
        row(
            "organization.v1.OrganizationService.ListMyOrganizations",
            own(taro),
            &ListMyOrganizationsRequest { page_size: 10, page_token: String::new() },
        )
        .lenient(&["page_size: missing"]),
        row(
            "organization.v1.OrganizationService.GetOrganization",
            people(taro, Answer, Answer, Refused(NotFound)),
            &GetOrganizationRequest { organization_id: f.acme.clone() },
        ),
        row(
            "organization.v1.MemberService.ListMembers",
            people(taro, Answer, Answer, Refused(NotFound)),
            &ListMembersRequest {
                organization_id: f.acme.clone(),
                query: "taro".to_owned(),
                page_size: 10,
                page_token: String::new(),
                kind: AccountKind::Nulab.into(),
                state: State::Active.into(),
            },
        )
        .lenient(&["query: missing", "page_size: missing", "kind: missing", "state: missing"]),
        // Who is in no Space of Acme's hears only that.
        row(
            "organization.v1.AccessService.CheckAccess",
            own(taro),
            &CheckAccessRequest { space_id: "acme".to_owned() },
        )
        .lenient(&["space_id: missing"]),
    ]
}

fn invitations(f: &Fixture) -> Vec<Row<'_>> {
    let (taro, nina) = (&f.administrator, &f.invited);
    let (acme, other, invitation_id) = (f.acme.clone(), f.other.clone(), f.invitation.clone());
    vec![
        row(
            "organization.v1.InvitationService.CreateInvitation",
            administrators(taro),
            &CreateInvitationRequest {
                request_id: format!("{REQUEST}2"),
                organization_id: acme.clone(),
                email: "third@acme.example".to_owned(),
                role: Role::Member.into(),
                message: "Welcome".to_owned(),
                language: Language::Ja.into(),
            },
        )
        .lenient(&["message: missing"]),
        row(
            "organization.v1.InvitationService.ListInvitations",
            administrators(taro),
            &ListInvitationsRequest {
                organization_id: acme.clone(),
                page_size: 10,
                page_token: String::new(),
            },
        )
        .lenient(&["page_size: missing"]),
        row(
            "organization.v1.InvitationService.ResendInvitation",
            administrators(taro),
            &ResendInvitationRequest { organization_id: acme.clone(), invitation_id: invitation_id.clone() },
        )
        .crossed(&ResendInvitationRequest {
            organization_id: other.clone(),
            invitation_id: invitation_id.clone(),
        }),
        row(
            "organization.v1.InvitationService.CancelInvitation",
            administrators(taro),
            &CancelInvitationRequest { organization_id: acme, invitation_id: invitation_id.clone() },
        )
        .crossed(&CancelInvitationRequest { organization_id: other, invitation_id }),
        row(
            "organization.v1.InvitationService.GetInvitation",
            For::Anonymous,
            &GetInvitationRequest { token: f.invitation_token.clone() },
        ),
        row(
            "organization.v1.InvitationService.AcceptInvitation",
            people(
                nina,
                Refused(InvitationForOther),
                Refused(InvitationForOther),
                Refused(InvitationForOther),
            ),
            &AcceptInvitationRequest { token: f.invitation_token.clone() },
        )
        // A Managed Account is of one organization.
        .managed(Refused(ErrorReason::ActorNotAllowed)),
    ]
}

fn accounts(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    vec![
        // Nobody learns whether the address has an account.
        row(
            "identity.v1.AccountService.RequestSignUp",
            For::Anonymous,
            &RequestSignUpRequest {
                name: "Somebody Else".to_owned(),
                email: taro.email.to_owned(),
                language: Language::En.into(),
                time_zone: "Asia/Tokyo".to_owned(),
                continuation: "later".to_owned(),
            },
        )
        .lenient(&["time_zone: missing", "continuation: missing"]),
        row(
            "identity.v1.AccountService.GetSignUp",
            For::Anonymous,
            &GetSignUpRequest { token: f.sign_up.1.clone() },
        ),
        row(
            "identity.v1.AccountService.CompleteSignUp",
            For::Anonymous,
            &CompleteSignUpRequest {
                token: f.sign_up.1.clone(),
                password: PASSWORD.to_owned(),
                replaced_token: String::new(),
                visit: Some(visit()),
            },
        )
        .lenient(&[
            "replaced_token: *",
            "visit: missing",
            "visit.device_token: *",
            "visit.product: missing",
        ]),
        row("identity.v1.AccountService.GetMyAccount", own(taro), &GetMyAccountRequest {}),
        // The account is the caller's own, whatever the request says: naming another one is refused.
        row(
            "identity.v1.AccountService.UpdateMyAccount",
            people(
                taro,
                Refused(ErrorReason::InvalidArgument),
                Refused(ErrorReason::InvalidArgument),
                Refused(ErrorReason::InvalidArgument),
            ),
            &UpdateMyAccountRequest {
                account: Some(Account {
                    account_id: taro.account.clone(),
                    name: "Taro the Second".to_owned(),
                    ..Account::default()
                }),
                update_mask: Some(prost_types::FieldMask { paths: vec!["name".to_owned()] }),
            },
        )
        .lenient(UNMASKED),
        row(
            "identity.v1.AccountService.GetAccount",
            people(taro, Answer, Answer, Refused(NotFound)),
            &GetAccountRequest { account_id: taro.account.clone() },
        ),
    ]
}

/// What the update mask does not name is not looked at, nor what is not the owner's to change.
const UNMASKED: &[&str] = &[
    "account.account_id: missing",
    "account.kind: *",
    "account.email: *",
    "account.organization_id: *",
    "account.unique_id: *",
    "account.language: *",
    "account.time_zone: *",
    "account.appearance: *",
    "account.image_id: *",
];

/// What the gateway knows of a browser.
fn visit() -> Visit {
    Visit { device_token: String::new(), product: "Backlog".to_owned() }
}

fn sessions(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    let (spare, secret) = f.spare.clone();
    vec![
        row(
            "identity.v1.SessionService.SignIn",
            For::Anonymous,
            &SignInRequest {
                email: f.member.email.to_owned(),
                password: PASSWORD.to_owned(),
                replaced_token: String::new(),
                visit: Some(visit()),
            },
        )
        // A browser may send any cookie: what is no session's is nobody's, what is no device's is unknown.
        .lenient(&["replaced_token: *", "visit: missing", "visit.device_token: *", "visit.product: missing"])
        // The owner is shown who tried (ACC-11).
        .notes(&["identity.login_history", "identity.outbox", "identity.outbox_keys"]),
        row(
            "identity.v1.SessionService.ResolveSession",
            For::Anonymous,
            &ResolveSessionRequest { token: secret.clone() },
        ),
        row(
            "identity.v1.SessionService.GetSession",
            For::System,
            &GetSessionRequest { session_id: spare.clone(), used: true },
        )
        .lenient(&["used: missing"]),
        row(
            "identity.v1.SessionService.ListMySessions",
            own(taro),
            &ListMySessionsRequest { page_size: 10, page_token: String::new() },
        )
        .lenient(&["page_size: missing"]),
        row(
            "identity.v1.SessionService.EndMySession",
            people(taro, Refused(NotFound), Refused(NotFound), Refused(NotFound)),
            &EndMySessionRequest { session_id: spare },
        ),
        // Ending one that is over, or never was, does nothing.
        row("identity.v1.SessionService.SignOut", For::Anonymous, &SignOutRequest { token: secret })
            .lenient(&["token: *"]),
        row("identity.v1.SessionService.EndMyOtherSessions", own(taro), &EndMyOtherSessionsRequest {}),
    ]
}
