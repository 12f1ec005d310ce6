//! Managed Accounts and teams.

use crate::suite::{ORGANIZATION, Suite, THING};
use http::StatusCode;
use pass_proto::{
    billing::v1::nulab_pass,
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{CreateManagedAccountRequest, DeleteManagedAccountRequest, managed_account::State},
    organization::v1::{CreateTeamRequest, Member, Team, TeamName},
    types::v1 as wire,
};
use pass_types::{Clock, Invalid, Kind};

const OTHER: &str = "01980000-0000-7000-8000-00000000000b";

fn organization(path: &str) -> String {
    format!("/organizations/{ORGANIZATION}{path}")
}

/// proves ORG-8: a team is made once, with a name of its own
#[tokio::test]
async fn a_team_is_made() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let list = organization("/teams");
    let page = browser.get(&list).await;
    let id = page.hidden("request_id").to_owned();
    let done = browser.post(&page, &list, &[("request_id", &id), ("name", " 開発 ")]).await;
    assert_eq!(done.location(), format!("{list}?done=team-created"));
    let asked = &suite.services.asked::<CreateTeamRequest>("create_team")[0];
    assert_eq!((asked.request_id.as_str(), asked.name.as_str()), (id.as_str(), "開発"));
    suite.services.refuse("create_team", Kind::AlreadyExists, ErrorReason::TeamNameTaken, vec![]);
    let refused = browser.post(&page, &list, &[("request_id", &id), ("name", "開発")]).await;
    assert_eq!((refused.status, refused.hidden("request_id")), (StatusCode::CONFLICT, id.as_str()));
    assert!(refused.body.contains(r##"<a href="#name">There is a team of this name"##), "{}", refused.body);
    suite.services.change(|data| data.memberships[0].role = wire::Role::Guest as i32);
    assert!(!browser.get(&list).await.body.contains("request_id"), "guests make none");
}

/// proves MAN-1: name, address, unique ID, language, time zone, teams, role, privileges
#[tokio::test]
async fn a_managed_account_is_made() {
    let suite = Suite::start().await;
    suite.services.change(|data| {
        let team = |team_id: &str, name: &str| Team {
            team_id: team_id.to_owned(),
            name: name.to_owned(),
            ..Team::default()
        };
        data.teams = vec![team(THING, "開発"), team(OTHER, "Design")];
    });
    let (browser, _) = suite.signed_in().await;
    assert!(browser.get(&organization("/members")).await.body.contains("/members/new-managed"));
    let form = organization("/members/new-managed");
    let page = browser.get(&form).await;
    assert!(page.body.contains("開発") && page.body.contains("plan_admin"), "{}", page.body);
    let id = page.hidden("request_id").to_owned();
    let fields = [
        ("request_id", id.as_str()),
        ("name", "Hanako"),
        ("email", " hanako@acme.example "),
        ("unique_id", ""),
        ("language", "ja"),
        ("time_zone", "Asia/Tokyo"),
        ("role", "member"),
        ("privileges", "invite"),
        ("privileges", "audit_log_admin"),
        ("team_ids", THING),
        ("team_ids", OTHER),
    ];
    let done = browser.post(&page, &form, &fields).await;
    assert_eq!(done.location(), organization(&format!("/managed/{THING}?done=managed-created")));
    let asked = &suite.services.asked::<CreateManagedAccountRequest>("create_managed_account")[0];
    assert_eq!((asked.request_id.as_str(), asked.email.as_str()), (id.as_str(), "hanako@acme.example"));
    assert_eq!((asked.language, asked.role), (wire::Language::Ja as i32, wire::Role::Member as i32));
    assert_eq!((&*asked.team_ids, asked.privileges.len()), (&[THING.to_owned(), OTHER.to_owned()][..], 2));

    let privileges = Invalid("must go with the role").of("privileges");
    for (kind, reason, violations, text) in [
        (
            Kind::Precondition,
            ErrorReason::DomainNotVerified,
            vec![],
            r##""#email">The address is not in a domain"##,
        ),
        (Kind::AlreadyExists, ErrorReason::EmailTaken, vec![], r##""#email">Another Managed Account"##),
        (Kind::AlreadyExists, ErrorReason::MigrateInstead, vec![], "Migrate that account instead."),
        (Kind::AlreadyExists, ErrorReason::UniqueIdTaken, vec![], r##""#unique_id">Somebody else"##),
        (Kind::Precondition, ErrorReason::NoSeat, vec![], "All seats are taken."),
        (Kind::Precondition, ErrorReason::NulabPassEnded, vec![], "Nulab Pass has ended"),
        (
            Kind::InvalidInput,
            ErrorReason::InvalidArgument,
            vec![privileges],
            r##""#privileges">These privileges"##,
        ),
    ] {
        suite.services.refuse("create_managed_account", kind, reason, violations);
        let refused = browser.post(&page, &form, &fields).await;
        assert!(refused.status.is_client_error(), "{reason:?}");
        assert!(refused.body.contains(text), "{reason:?}: {}", refused.body);
        assert_eq!(refused.hidden("request_id"), id);
        assert_eq!(refused.body.matches(r#"type="checkbox""#).count(), 5);
        assert_eq!(
            refused.body.matches(" checked>").count(),
            4,
            "what was ticked still is: {}",
            refused.body
        );
    }
    let odd = [("request_id", id.as_str()), ("language", "ja"), ("role", "member"), ("privileges", "king")];
    assert_eq!(browser.post(&page, &form, &odd).await.status, StatusCode::BAD_REQUEST);
}

/// proves MAN-1, BIL-6, ORG-4: without Nulab Pass there is no form; Plan Admin only by a Plan Admin
#[tokio::test]
async fn the_form_offers_what_can_be_had() {
    let suite = Suite::start().await;
    suite.services.change(|data| data.memberships[0].privileges = vec![]);
    let (browser, _) = suite.signed_in().await;
    let form = organization("/members/new-managed");
    assert!(!browser.get(&form).await.body.contains("plan_admin"));
    for (state, text) in [
        (nulab_pass::State::None, "This needs Nulab Pass."),
        (nulab_pass::State::Applied, "This needs Nulab Pass."),
        (nulab_pass::State::Ended, "Nulab Pass has ended"),
    ] {
        suite.services.change(|data| data.pass.state = state as i32);
        let page = browser.get(&form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains(text), "{}", page.body);
    }
}

/// proves ORG-12, MAN-1: members with kind, teams and whether they are suspended
#[tokio::test]
async fn members_tell_kind_and_teams() {
    let suite = Suite::start().await;
    let join_time = Some(timestamp(suite.clock.now()));
    suite.services.change(|data| {
        data.members = vec![Member {
            account_id: THING.to_owned(),
            kind: wire::AccountKind::Managed as i32,
            name: "Hanako".to_owned(),
            role: wire::Role::Member as i32,
            join_time,
            suspended: true,
            teams: vec![TeamName { team_id: OTHER.to_owned(), name: "開発".to_owned() }],
            ..Member::default()
        }];
    });
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&organization("/members")).await.body;
    let link = organization(&format!("/managed/{THING}"));
    for shown in ["Managed Account", "Suspended", "開発", &link] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    suite.services.change(|data| data.memberships[0].role = wire::Role::Member as i32);
    assert!(!browser.get(&organization("/members")).await.body.contains(&link), "only administrators run it");
}

/// proves MAN-2, MAN-4, MAN-5: what an administrator sees and does
#[tokio::test]
async fn a_managed_account_is_run_by_administrators() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let path = organization(&format!("/managed/{THING}"));
    for (state, buttons) in [
        (State::Invited, &["suspend", "resend"][..]),
        (State::Active, &["suspend"]),
        (State::Suspended, &["resume"]),
    ] {
        suite.services.change(|data| data.managed.state = state as i32);
        let page = browser.get(&path).await;
        assert!(page.body.contains("This account is managed by Acme."), "{}", page.body);
        for button in ["suspend", "resume", "resend"] {
            let there = page.body.contains(&format!("{path}/{button}\""));
            assert_eq!(there, buttons.contains(&button), "{state:?} {button}");
        }
    }
    let page = browser.get(&path).await;
    for (what, done, method) in [
        ("suspend", "managed-suspended", "suspend_managed_account"),
        ("resume", "managed-resumed", "resume_managed_account"),
        ("resend", "managed-resent", "resend_managed_invitation"),
    ] {
        let answer = browser.post(&page, &format!("{path}/{what}"), &[]).await;
        assert_eq!(answer.location(), format!("{path}?done={done}"));
        assert!(suite.services.changes().contains(&method));
        suite.services.refuse(method, Kind::Precondition, ErrorReason::AccountState, vec![]);
        let refused = browser.post(&page, &format!("{path}/{what}"), &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("not in a state that allows this"), "{}", refused.body);
    }
    suite.services.refuse("get_managed_account", Kind::NotFound, ErrorReason::NotFound, vec![]);
    for path in [path.clone(), format!("{path}/delete"), organization("/managed/x")] {
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// proves MAN-5: deleting is final, and asked about
#[tokio::test]
async fn a_managed_account_is_deleted_by_typing_its_address() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let path = organization(&format!("/managed/{THING}/delete"));
    let page = browser.get(&path).await;
    for typed in ["", "Hanako", "taro@example.com"] {
        let refused = browser.post(&page, &path, &[("confirmation", typed)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{typed}");
        assert!(refused.body.contains(r##"<a href="#confirmation">"##), "{}", refused.body);
    }
    assert_eq!(suite.services.changes(), Vec::<&str>::new());
    let done = browser.post(&page, &path, &[("confirmation", " HANAKO@acme.example")]).await;
    assert_eq!(done.location(), organization("/members?done=managed-deleted"));
    let asked = &suite.services.asked::<DeleteManagedAccountRequest>("delete_managed_account")[0];
    assert_eq!((asked.organization_id.as_str(), asked.account_id.as_str()), (ORGANIZATION, THING));
}

/// proves MAN-4, ORG-1: the person of a Managed Account sees whose it is, and starts no trial
#[tokio::test]
async fn the_person_of_a_managed_account_sees_whose_it_is() {
    let suite = Suite::start().await;
    suite.services.change(|data| {
        data.account.kind = wire::AccountKind::Managed as i32;
        data.account.organization_id = ORGANIZATION.to_owned();
    });
    let (browser, _) = suite.signed_in().await;
    let account = browser.get("/account").await.body;
    assert!(account.contains("This account is managed by Acme."), "{account}");
    assert!(!account.contains(r#"name="name""#), "its name is not the person's to change");
    for path in ["/", "/sessions", &organization(""), &organization("/members")] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.body.contains("href=\"/trial\""), "{path}");
    }
    for path in ["/trial", "/trial/backlog"] {
        assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    suite.services.refuse("get_organization", Kind::Unavailable, ErrorReason::Unavailable, vec![]);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK, "no reason to show nothing");
}
