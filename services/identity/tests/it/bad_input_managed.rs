//! Bad input for the RPCs of Managed Accounts and SAML: a documented error, and nothing changed.

use crate::{company::Company, connected::Connected, role::Role};
use pass_mesh::Failure;
use pass_proto::{errors::v1::ErrorReason, identity::v1::*, types::v1 as types};

const UUID: &str = "01890000-0000-7000-8000-000000000000";

fn huge() -> String {
    "x".repeat(1 << 20)
}

/// The reason, and the field if one is named.
fn why<T>(answer: Result<T, Failure>) -> (ErrorReason, String) {
    let Err(failure) = answer else { panic!("bad input was taken") };
    (failure.reason, failure.violations.into_iter().next().map(|(field, _)| field).unwrap_or_default())
}

fn invalid(field: &str) -> (ErrorReason, String) {
    (ErrorReason::InvalidArgument, field.to_owned())
}

async fn rows(company: &Company) -> Vec<i64> {
    let mut counts = Vec::new();
    for query in [
        "SELECT count(*) FROM accounts",
        "SELECT count(*) FROM managed_accounts",
        "SELECT count(*) FROM saml_connections",
        "SELECT count(*) FROM saml_requests",
        "SELECT count(*) FROM saml_tests",
        "SELECT count(*) FROM saml_pending_sign_ins",
        "SELECT count(*) FROM saml_sign_in_log",
        "SELECT count(*) FROM outbox",
    ] {
        counts.push(company.suite.count(query).await);
    }
    counts
}

#[tokio::test]
async fn making_managed_accounts() {
    let company = Company::start().await;
    let before = rows(&company).await;
    let good = || company.wish("hanako@acme.example");
    let (guest, administrator) = (types::Role::Guest as i32, types::Role::Administrator as i32);
    let (invite, plan_admin) = (types::Privilege::Invite as i32, types::Privilege::PlanAdmin as i32);
    for (wish, field) in [
        (CreateManagedAccountRequest { request_id: String::new(), ..good() }, "request_id"),
        (CreateManagedAccountRequest { request_id: huge(), ..good() }, "request_id"),
        (CreateManagedAccountRequest { organization_id: "acme".to_owned(), ..good() }, "organization_id"),
        (CreateManagedAccountRequest { name: " ".to_owned(), ..good() }, "name"),
        (CreateManagedAccountRequest { name: huge(), ..good() }, "name"),
        (CreateManagedAccountRequest { email: "a@b@c.example".to_owned(), ..good() }, "email"),
        (CreateManagedAccountRequest { email: huge(), ..good() }, "email"),
        (CreateManagedAccountRequest { unique_id: "a b".to_owned(), ..good() }, "unique_id"),
        (CreateManagedAccountRequest { language: 0, ..good() }, "language"),
        (CreateManagedAccountRequest { time_zone: "Mars/Base".to_owned(), ..good() }, "time_zone"),
        (CreateManagedAccountRequest { role: 0, ..good() }, "role"),
        (CreateManagedAccountRequest { role: 99, ..good() }, "role"),
        (CreateManagedAccountRequest { privileges: vec![0], ..good() }, "privileges"),
        (CreateManagedAccountRequest { role: guest, privileges: vec![plan_admin], ..good() }, "privileges"),
        (
            CreateManagedAccountRequest { role: administrator, privileges: vec![invite], ..good() },
            "privileges",
        ),
        (CreateManagedAccountRequest { team_ids: vec!["x".to_owned()], ..good() }, "team_ids"),
        (CreateManagedAccountRequest { team_ids: vec![UUID.to_owned(); 51], ..good() }, "team_ids"),
    ] {
        assert_eq!(why(company.create(wish).await), invalid(field));
    }
    assert_eq!(rows(&company).await, before);
}

#[tokio::test]
async fn changing_managed_accounts() {
    let company = Company::start().await;
    let before = rows(&company).await;
    let console = company.suite.console_as(&company.administrator);
    let own = company.organization.to_string();
    for (organization_id, account_id, why_not) in [
        (String::new(), UUID.to_owned(), invalid("organization_id")),
        (huge(), UUID.to_owned(), invalid("organization_id")),
        (own.clone(), String::new(), invalid("account_id")),
        (own.clone(), format!("{{{UUID}}}"), invalid("account_id")),
        (own.clone(), UUID.to_owned(), (ErrorReason::NotFound, String::new())),
        (own.clone(), company.administrator.account.to_string(), (ErrorReason::NotFound, String::new())),
        (UUID.to_owned(), UUID.to_owned(), (ErrorReason::NotFound, String::new())),
    ] {
        assert_eq!(all(&console, &organization_id, &account_id).await, [(); 5].map(|()| why_not.clone()));
    }
    for account_id in [String::new(), huge()] {
        let request = PrepareManagedInvitationMailRequest { account_id, attempt: 1 };
        let answer = company.suite.system("notification").prepare_managed_invitation_mail(request).await;
        assert_eq!(why(answer), invalid("account_id"));
    }
    for attempt in [i32::MIN, 0, 1] {
        let request = PrepareManagedInvitationMailRequest { account_id: UUID.to_owned(), attempt };
        let answer = company.suite.system("notification").prepare_managed_invitation_mail(request).await;
        assert_eq!(why(answer).0, ErrorReason::LinkInvalid);
    }
    for token in [String::new(), UUID.to_owned(), "A".repeat(70), huge()] {
        let request = GetManagedInvitationRequest { token };
        let answer = company.suite.gateway_anonymous().get_managed_invitation(request).await;
        assert_eq!(why(answer).0, ErrorReason::LinkInvalid);
    }
    let request = CountManagedAccountsRequest { organization_id: huge(), domain: String::new() };
    let answer = company.suite.system("domain-verification").count_managed_accounts(request).await;
    assert_eq!(why(answer), invalid("organization_id"));
    assert_eq!(rows(&company).await, before);
}

/// What each call about one account answers.
async fn all(console: &Role, organization_id: &str, account_id: &str) -> [(ErrorReason, String); 5] {
    macro_rules! call {
        ($method:ident($request:ident)) => {
            why(console
                .$method($request {
                    organization_id: organization_id.to_owned(),
                    account_id: account_id.to_owned(),
                })
                .await)
        };
    }
    [
        call!(get_managed_account(GetManagedAccountRequest)),
        call!(resend_managed_invitation(ResendManagedInvitationRequest)),
        call!(suspend_managed_account(SuspendManagedAccountRequest)),
        call!(resume_managed_account(ResumeManagedAccountRequest)),
        call!(delete_managed_account(DeleteManagedAccountRequest)),
    ]
}

#[tokio::test]
async fn saml() {
    let acme = Connected::start().await;
    let before = rows(&acme.company).await;
    let (console, own) = (acme.console(), acme.company.organization.to_string());
    for organization_id in [String::new(), "acme".to_owned(), huge()] {
        let field = invalid("organization_id");
        let request = GetSamlSettingsRequest { organization_id: organization_id.clone() };
        assert_eq!(why(console.get_saml_settings(request).await), field);
        let request =
            ListSamlSignInsRequest { organization_id: organization_id.clone(), ..Default::default() };
        assert_eq!(why(console.list_saml_sign_ins(request).await), field);
        let request = DisableSamlConnectionRequest { organization_id, confirmation: 0 };
        assert_eq!(why(console.disable_saml_connection(request).await), field);
    }
    for (id, why_not) in [
        (String::new(), invalid("connection_id")),
        (huge(), invalid("connection_id")),
        (UUID.to_owned(), (ErrorReason::NotFound, String::new())),
    ] {
        let request = CreateSamlTestRequest { organization_id: own.clone(), connection_id: id.clone() };
        assert_eq!(why(console.create_saml_test(request).await), why_not);
        let request = ActivateSamlConnectionRequest { organization_id: own.clone(), connection_id: id };
        assert_eq!(why(console.activate_saml_connection(request).await), why_not);
    }
    for (id, why_not) in
        [(huge(), invalid("test_id")), (UUID.to_owned(), (ErrorReason::NotFound, String::new()))]
    {
        let request = GetSamlTestRequest { organization_id: own.clone(), test_id: id };
        assert_eq!(why(console.get_saml_test(request).await), why_not);
    }
    let typed = |certificates: String| SaveSamlDraftRequest {
        organization_id: own.clone(),
        source: Some(save_saml_draft_request::Source::Typed(TypedConnection {
            idp_entity_id: "https://idp.acme.example".to_owned(),
            sso_url: "https://idp.acme.example/sso".to_owned(),
            certificates,
        })),
        ..Default::default()
    };
    for certificates in
        [String::new(), "nonsense".to_owned(), huge(), acme.idp.certificate.replace("MII", "MIJ")]
    {
        assert_eq!(why(console.save_saml_draft(typed(certificates)).await), invalid("typed.certificates"));
    }
    for (page_size, page_token, why_not) in [
        (-1, "", invalid("page_size")),
        (101, "", invalid("page_size")),
        (0, "nonsense", (ErrorReason::PageTokenInvalid, "page_token".to_owned())),
    ] {
        let (organization_id, page_token) = (own.clone(), page_token.to_owned());
        let request = ListSamlSignInsRequest { organization_id, page_size, page_token };
        assert_eq!(why(console.list_saml_sign_ins(request).await), why_not);
    }
    for continuation in ["x".repeat(65), "a\0b".to_owned(), huge()] {
        let request = BeginSamlSignInRequest {
            identifier: "acme".to_owned(),
            continuation,
            force_authentication: false,
            product: String::new(),
        };
        assert_eq!(why(acme.gateway().begin_saml_sign_in(request).await), invalid("continuation"));
    }
    for product in ["x".repeat(101), "a\nb".to_owned(), huge()] {
        let request = BeginSamlSignInRequest {
            identifier: "acme".to_owned(),
            product,
            ..BeginSamlSignInRequest::default()
        };
        assert_eq!(why(acme.gateway().begin_saml_sign_in(request).await), invalid("product"));
    }
    assert_eq!(rows(&acme.company).await, before);
}
