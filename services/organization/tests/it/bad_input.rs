//! Each RPC with missing, oversized, wrongly typed and anonymous input: a documented error that names
//! the field, and nothing changed.

use crate::{
    suite::Suite,
    visitor::{Answer, Visitor},
};
use pass_proto::{
    convert::FromWire,
    errors::v1::ErrorReason,
    organization::v1::{find_organization_request::By, *},
};
use pass_types::{Kind, Privilege, Role};
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
        let members = ListMembersRequest { organization_id, page_size, page_token, ..Default::default() };
        refused(visitor.list_members(members).await, field);
    }
    let organization_id = id.clone();
    for (kind, state, field) in [(3, 0, "kind"), (-1, 0, "kind"), (0, 3, "state"), (0, -1, "state")] {
        let organization_id = organization_id.clone();
        let members = ListMembersRequest { organization_id, kind, state, ..Default::default() };
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

#[tokio::test]
async fn teams_and_organization_ids() {
    let suite = Suite::start().await;
    let (_, visitor, id) = suite.founder("acme").await;
    let good = || CreateTeamRequest {
        request_id: suite.request_id(),
        organization_id: id.clone(),
        name: "Dev".to_owned(),
    };
    refused(
        visitor.create_team(CreateTeamRequest { request_id: "x".to_owned(), ..good() }).await,
        "request_id",
    );
    let request = CreateTeamRequest { organization_id: "x".to_owned(), ..good() };
    refused(visitor.create_team(request).await, "organization_id");
    for bad in ["", "  ", "a\0b", "a\nb", "\u{202e} \u{200d}", &"a".repeat(101), &"a".repeat(LONG)] {
        refused(visitor.create_team(CreateTeamRequest { name: bad.to_owned(), ..good() }).await, "name");
    }
    refused(visitor.teams("x").await, "organization_id");
    let (long, organization_id) = ("A".repeat(LONG), id.clone());
    for (page_size, page_token, field) in
        [(-1, "", "page_size"), (101, "", "page_size"), (1, long.as_str(), "page_token")]
    {
        let (organization_id, page_token) = (organization_id.clone(), page_token.to_owned());
        refused(visitor.list_teams(ListTeamsRequest { organization_id, page_size, page_token }).await, field);
    }
    refused(visitor.set_handle("x", "acme").await, "organization_id");
    for bad in
        ["", "ab", &"a".repeat(21), "Acme", "ac.me", "-acme", "acme-", "ac me", "ヌーラボ", &"a".repeat(LONG)]
    {
        refused(visitor.set_handle(&id, bad).await, "handle");
    }
    assert_eq!((suite.count("teams").await, suite.count("organization_handles").await), (0, 0));
}

#[tokio::test]
async fn managed_members() {
    let suite = Suite::start().await;
    let (founder, _, id) = suite.founder("acme").await;
    let identity = suite.through_identity(&founder);
    let good = suite.managed(&id, "mana@acme.example");
    let add = async |change: &dyn Fn(&mut AddManagedMemberRequest), field: &str| {
        let mut bad = good.clone();
        change(&mut bad);
        refused(identity.add_managed_member(bad).await, field);
    };
    add(&|it| it.organization_id = "x".to_owned(), "organization_id").await;
    add(&|it| it.account_id = String::new(), "account_id").await;
    for attempt in [0, -1] {
        add(&|it| it.attempt = attempt, "attempt").await;
        refused(identity.remove(&good, attempt).await, "attempt");
        refused(identity.suspend(&good, attempt, true).await, "attempt");
    }
    add(&|it| it.name = " ".to_owned(), "name").await;
    add(&|it| it.email = "mana".to_owned(), "email").await;
    add(&|it| it.role = 0, "role").await;
    add(&|it| it.privileges = vec![0], "privileges").await;
    add(&|it| it.team_ids = vec!["x".to_owned()], "team_ids").await;
    add(&|it| it.team_ids = vec![id.clone(); 51], "team_ids").await;
    let (plan_admin, invite) = (Privilege::PlanAdmin.to_wire() as i32, Privilege::Invite.to_wire() as i32);
    for (role, privilege) in [(Role::Guest, plan_admin), (Role::Guest, invite), (Role::Administrator, invite)]
    {
        // proves ORG-4: which role may have which privilege
        let change = |it: &mut AddManagedMemberRequest| {
            (it.role, it.privileges) = (role.to_wire().into(), vec![privilege]);
        };
        add(&change, "privileges").await;
    }
    let unreadable = AddManagedMemberRequest { account_id: "x".to_owned(), ..good.clone() };
    refused(identity.remove(&unreadable, 1).await, "account_id");
    refused(identity.suspend(&unreadable, 1, true).await, "account_id");
    let unreadable = AddManagedMemberRequest { organization_id: "x".to_owned(), ..good };
    refused(identity.remove(&unreadable, 1).await, "organization_id");
    refused(identity.suspend(&unreadable, 1, true).await, "organization_id");
    assert_eq!((suite.count("members").await, suite.count("managed_member_attempts").await), (1, 0));
}

#[tokio::test]
async fn finding() {
    let suite = Suite::start().await;
    let identity = suite.service("identity");
    let find = async |by: Option<By>| identity.find_organization(FindOrganizationRequest { by }).await;
    refused(find(None).await, "organization_id");
    refused(find(Some(By::OrganizationId("x".to_owned()))).await, "organization_id");
    refused(find(Some(By::SpaceKey("x".to_owned()))).await, "space_key");
    refused(find(Some(By::Handle("Acme".to_owned()))).await, "handle");
    let member = async |organization_id: String, email: &str| {
        identity.find_member(FindMemberRequest { organization_id, email: email.to_owned() }).await
    };
    refused(member("x".to_owned(), "taro@example.com").await, "organization_id");
    refused(member(suite.request_id(), "taro").await, "email");
    let list = async |organization_id: String, page_size: i32, page_token: String| {
        let request = ListAdministratorsRequest { organization_id, page_size, page_token };
        suite.service("notification").list_administrators(request).await
    };
    refused(list("x".to_owned(), 0, String::new()).await, "organization_id");
    refused(list(suite.request_id(), 101, String::new()).await, "page_size");
    refused(list(suite.request_id(), 0, "x".repeat(1025)).await, "page_token");
}

/// Nobody, and the wrong program, get nothing.
#[tokio::test]
async fn nobody_and_the_wrong_program() {
    async fn nothing(suite: &Suite, visitor: &Visitor, reason: ErrorReason) {
        let id = suite.request_id();
        let none = Invitation { invitation_id: id.clone(), ..Invitation::default() };
        let team = CreateTeamRequest { organization_id: id.clone(), ..CreateTeamRequest::default() };
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
            visitor.teams(&id).await.unwrap_err(),
            visitor.create_team(team).await.unwrap_err(),
            visitor.set_handle(&id, "acme").await.unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.reason, reason);
        }
        let prepare = PrepareInvitationMailRequest { invitation_id: id.clone(), attempt: 1 };
        let wrong = visitor.prepare_invitation_mail(prepare).await.unwrap_err();
        assert_eq!(wrong.reason, ErrorReason::PeerNotAllowed);
        let resolve = ResolveMembershipRequest { account_id: id, ..Default::default() };
        let add = suite.managed(&suite.request_id(), "mana@acme.example");
        for wrong in [
            visitor.resolve_membership(resolve).await.map(|_| ()),
            visitor.find_organization(FindOrganizationRequest::default()).await.map(|_| ()),
            visitor.find_member(FindMemberRequest::default()).await.map(|_| ()),
            visitor.list_administrators(ListAdministratorsRequest::default()).await.map(|_| ()),
            visitor.add_managed_member(add.clone()).await.map(|_| ()),
            visitor.remove(&add, 1).await,
            visitor.suspend(&add, 1, true).await,
        ] {
            assert_eq!(wrong.unwrap_err().reason, ErrorReason::PeerNotAllowed);
        }
        assert_eq!(visitor.check("").await.unwrap_err().reason, ErrorReason::PeerNotAllowed);
    }
    let suite = Suite::start().await;
    nothing(&suite, &suite.nobody(), ErrorReason::ActorNotAllowed).await;
    nothing(&suite, &suite.service("audit"), ErrorReason::PeerNotAllowed).await;
    // The right program, but for nobody, or by itself where it takes a person.
    let add = suite.managed(&suite.request_id(), "mana@acme.example");
    let refused = suite.service("identity").add_managed_member(add).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::ActorNotAllowed);
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

/// A limit of zero can't even be written down.
#[test]
fn no_limit_is_zero() {
    for setting in [
        "trial_days",
        "open_invitations",
        "invitation_mails_per_day",
        "organization_handles",
        "handle_changes_per_day",
        "teams",
        "teams_per_day",
    ] {
        let read = |value: i64| {
            serde_json::from_value::<organization::Config>(serde_json::json!({ setting: value }))
        };
        assert!(read(1).is_ok());
        assert!(read(0).unwrap_err().to_string().contains("nonzero"), "{setting}");
        assert!(read(-1).is_err());
    }
}
