//! Each RPC with missing, oversized, wrongly typed and anonymous input: a documented error that names
//! the field, and nothing changed.

use crate::suite::{Answer, Suite, Visitor};
use pass_proto::{errors::v1::ErrorReason, organization::v1::*};
use pass_types::Kind;
use std::fmt::Debug;

/// The request was refused because of that field.
#[track_caller]
fn refused<T: Debug>(answer: Answer<T>, field: &str) {
    let refused = answer.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::InvalidInput, ErrorReason::InvalidArgument), "{field}");
    assert_eq!(refused.violations[0].0, field);
}

const LONG: usize = 100_000;

#[tokio::test]
async fn start_trial() {
    let suite = Suite::start().await;
    let visitor = suite.console(&suite.someone("Taro"));
    let good = || suite.trial("Acme", "acme");
    let long = "a".repeat(LONG);
    for bad in ["", "1", long.as_str()] {
        refused(
            visitor.start_trial(StartTrialRequest { request_id: bad.to_owned(), ..good() }).await,
            "request_id",
        );
    }
    for bad in ["", "  ", "a\0b", "a\nb", long.as_str()] {
        let request = StartTrialRequest { organization_name: bad.to_owned(), ..good() };
        refused(visitor.start_trial(request).await, "organization_name");
    }
    let both = StartTrialRequest { organization_id: suite.request_id(), ..good() };
    refused(visitor.start_trial(both).await, "organization_name");
    let request =
        StartTrialRequest { organization_id: "x".to_owned(), organization_name: String::new(), ..good() };
    refused(visitor.start_trial(request).await, "organization_id");
    for product in [0, 4, -1] {
        refused(visitor.start_trial(StartTrialRequest { product, ..good() }).await, "product");
    }
    for bad in ["", "A b", long.as_str()] {
        refused(visitor.start_trial(StartTrialRequest { plan: bad.to_owned(), ..good() }).await, "plan");
    }
    for bad in ["", "ab", "elevenchars", "Acme", "a_b", "acme\0", long.as_str()] {
        refused(
            visitor.start_trial(StartTrialRequest { space_id: bad.to_owned(), ..good() }).await,
            "space_id",
        );
    }
    assert_eq!((suite.count("organizations").await, suite.count("requests").await), (0, 0));
}

#[tokio::test]
async fn reading() {
    let suite = Suite::start().await;
    let (_, visitor, id) = suite.founder("acme").await;
    for bad in ["", "acme", "00000000"] {
        refused(visitor.organization(bad).await, "organization_id");
        refused(visitor.members(bad, "").await, "organization_id");
        refused(visitor.invitations(bad).await, "organization_id");
    }
    refused(visitor.members(&id, &"a".repeat(255)).await, "query");
    refused(visitor.members(&id, "a\0").await, "query");
    let long = "A".repeat(LONG);
    let organization_id = id.clone();
    for (page_size, page_token, field) in
        [(-1, "", "page_size"), (101, "", "page_size"), (1, long.as_str(), "page_token")]
    {
        let (page_token, organization_id) = (page_token.to_owned(), organization_id.clone());
        let mine = ListMyOrganizationsRequest { page_size, page_token: page_token.clone() };
        refused(visitor.list_my_organizations(mine).await, field);
        let invitations = ListInvitationsRequest {
            organization_id: organization_id.clone(),
            page_size,
            page_token: page_token.clone(),
        };
        refused(visitor.list_invitations(invitations).await, field);
        let members = ListMembersRequest { organization_id, query: String::new(), page_size, page_token };
        refused(visitor.list_members(members).await, field);
    }
    let forged = ListMyOrganizationsRequest { page_size: 1, page_token: "AAAA".to_owned() };
    let answer = visitor.list_my_organizations(forged).await.unwrap_err();
    assert_eq!(answer.reason, ErrorReason::PageTokenInvalid);
    let unknown = suite.request_id();
    assert_eq!(visitor.organization(&unknown).await.unwrap_err().reason, ErrorReason::NotFound);
}

#[tokio::test]
async fn invitations() {
    let suite = Suite::start().await;
    let (_, visitor, id) = suite.founder("acme").await;
    let good = || suite.invitation(&id, "taro@example.com");
    let request = CreateInvitationRequest { request_id: "x".to_owned(), ..good() };
    refused(visitor.invite(request).await, "request_id");
    let request = CreateInvitationRequest { organization_id: String::new(), ..good() };
    refused(visitor.invite(request).await, "organization_id");
    for bad in [
        "",
        "taro",
        "taro@example.com, jiro@example.com",
        "taro@example.com\r\nBcc: x@example.com",
        "a\0@b.cc",
    ] {
        refused(visitor.invite(CreateInvitationRequest { email: bad.to_owned(), ..good() }).await, "email");
    }
    for bad in ["あ".repeat(501), "a\0".to_owned(), "a".repeat(LONG)] {
        refused(visitor.invite(CreateInvitationRequest { message: bad, ..good() }).await, "message");
    }
    for bad in [0, 9] {
        refused(visitor.invite(CreateInvitationRequest { role: bad, ..good() }).await, "role");
        refused(visitor.invite(CreateInvitationRequest { language: bad, ..good() }).await, "language");
    }
    let none = Invitation { invitation_id: "x".to_owned(), ..Invitation::default() };
    refused(visitor.resend(&id, &none).await, "invitation_id");
    refused(visitor.cancel(&id, &none).await, "invitation_id");
    refused(visitor.resend("x", &none).await, "organization_id");
    refused(visitor.cancel("x", &none).await, "organization_id");
    let unknown = Invitation { invitation_id: suite.request_id(), ..Invitation::default() };
    assert_eq!(visitor.resend(&id, &unknown).await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!(visitor.cancel(&id, &unknown).await.unwrap_err().reason, ErrorReason::NotFound);
    let long = "A".repeat(LONG);
    for bad in ["", "x", long.as_str(), &"A".repeat(70)] {
        assert_eq!(suite.nobody().show(bad).await.unwrap_err().reason, ErrorReason::LinkInvalid);
        assert_eq!(visitor.accept(bad).await.unwrap_err().reason, ErrorReason::LinkInvalid);
    }
    let notification = suite.service("notification");
    let prepare = |id: &str, attempt| PrepareInvitationMailRequest { invitation_id: id.to_owned(), attempt };
    refused(notification.prepare_invitation_mail(prepare("x", 1)).await, "invitation_id");
    refused(notification.prepare_invitation_mail(prepare(&suite.request_id(), 0)).await, "attempt");
    let unknown = notification.prepare_invitation_mail(prepare(&suite.request_id(), 1)).await;
    assert_eq!(unknown.unwrap_err().reason, ErrorReason::LinkInvalid);
    assert_eq!(suite.count("invitations").await, 0);
}

#[tokio::test]
async fn decisions() {
    let suite = Suite::start().await;
    let (founder, _, id) = suite.founder("acme").await;
    let product = suite.product("backlog", &founder, Some(&id));
    for bad in ["ab", "Acme", "elevenchars", "acme\0"] {
        refused(product.check(bad).await, "space_id");
    }
    let gateway = suite.service("gateway");
    let resolve = |account: &str, organization: &str, product| ResolveMembershipRequest {
        account_id: account.to_owned(),
        organization_id: organization.to_owned(),
        product,
    };
    let account = founder.account.to_string();
    refused(gateway.resolve_membership(resolve("", "", 0)).await, "account_id");
    refused(gateway.resolve_membership(resolve(&account, "x", 0)).await, "organization_id");
    refused(gateway.resolve_membership(resolve(&account, "", 9)).await, "product");
}

/// Nobody, and the wrong program, get nothing.
#[tokio::test]
async fn nobody_and_the_wrong_program() {
    async fn nothing(suite: &Suite, visitor: &Visitor, reason: ErrorReason) {
        let id = suite.request_id();
        let none = Invitation { invitation_id: id.clone(), ..Invitation::default() };
        let refusals = [
            visitor.start_trial(suite.trial("Acme", "acme")).await.unwrap_err(),
            visitor.list_my_organizations(ListMyOrganizationsRequest::default()).await.unwrap_err(),
            visitor.organization(&id).await.unwrap_err(),
            visitor.members(&id, "").await.unwrap_err(),
            visitor.invite(suite.invitation(&id, "taro@example.com")).await.unwrap_err(),
            visitor.invitations(&id).await.unwrap_err(),
            visitor.resend(&id, &none).await.unwrap_err(),
            visitor.cancel(&id, &none).await.unwrap_err(),
            visitor.accept("x").await.unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.reason, reason);
        }
        let prepare = PrepareInvitationMailRequest { invitation_id: id.clone(), attempt: 1 };
        let wrong = visitor.prepare_invitation_mail(prepare).await.unwrap_err();
        assert_eq!(wrong.reason, ErrorReason::PeerNotAllowed);
        let resolve = ResolveMembershipRequest { account_id: id, ..Default::default() };
        let wrong = visitor.resolve_membership(resolve).await.unwrap_err();
        assert_eq!(wrong.reason, ErrorReason::PeerNotAllowed);
        assert_eq!(visitor.check("").await.unwrap_err().reason, ErrorReason::PeerNotAllowed);
    }
    let suite = Suite::start().await;
    nothing(&suite, &suite.nobody(), ErrorReason::ActorNotAllowed).await;
    nothing(&suite, &suite.service("audit"), ErrorReason::PeerNotAllowed).await;
    assert_eq!(suite.count("requests").await, 0);
}

/// A wrong setting: one line that names it, before anything starts.
#[tokio::test]
async fn settings() {
    let context = pass_runtime::Context::system();
    let config = organization::Config::default();
    let problem = organization::build(config.clone(), &context).await.err().unwrap().to_string();
    assert!(problem.contains("link_secret") && !problem.contains('\n'), "{problem}");
    let secret = "0123456789abcdef".to_owned().into();
    let mail = "mailto:taro@example.com".parse().unwrap();
    let config = organization::Config { link_secret: secret, console_url: mail, ..config };
    let problem = organization::build(config.clone(), &context).await.err().unwrap().to_string();
    assert!(problem.contains("console_url"), "{problem}");
    let console_url = "https://console.test".parse().unwrap();
    let config = organization::Config { console_url, ..config };
    let problem = organization::build(config, &context).await.err().unwrap().to_string();
    assert!(problem.contains("database.url"), "{problem}");
}
