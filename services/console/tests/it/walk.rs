//! Every route of the table, as nobody, as a stranger to the organization, as too small a role, and with forms that
//! are not ours.

use crate::suite::{ORGANIZATION, Suite, THING};
use console::{ROUTES, Who};
use http::{Method, StatusCode, header};
use pass_proto::{errors::v1::ErrorReason, types::v1 as wire};
use pass_types::Kind;

const OTHER: &str = "01980000-0000-7000-8000-00000000000b";

/// A path of the table with something in the place of its parameters.
fn path_of(path: &str) -> String {
    path.replace("{organization}", ORGANIZATION)
        .replace("{invitation}", OTHER)
        .replace("{account}", THING)
        .replace("{domain}", THING)
        .replace("{test}", THING)
        .replace("{application}", THING)
        .replace("{session}", OTHER)
        .replace("{product}", "backlog")
        .replace("{space}", THING)
        .replace("{token}", "TOKEN")
}

fn method(name: &str) -> Method {
    name.to_uppercase().parse().unwrap()
}

/// proves style.md, 26 for the console: what is for a person is for nobody else
#[tokio::test]
async fn nobody_gets_what_is_for_a_person() {
    let suite = Suite::start().await;
    for route in ROUTES.iter().filter(|route| route.who == Who::Person) {
        let answer = suite.browser().send(method(route.method), &path_of(route.path), |it| it).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{route:?}");
        assert!(answer.location().starts_with("/sign-in?to="), "{route:?}");
    }
    assert_eq!(suite.services.changes(), Vec::<&str>::new());
}

/// proves security.md, "OpenID provider": form tokens and Origin checks on each form
#[tokio::test]
async fn no_form_is_taken_that_is_not_our_own() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    let token = page.hidden("form_token").to_owned();
    let foreign = suite.browser().get("/signed-out").await;
    assert_eq!(foreign.status, StatusCode::OK);
    for route in ROUTES.iter().filter(|it| it.method == "post" && it.path != console::BACK_CHANNEL) {
        let path = path_of(route.path);
        let without = browser.post_as_is(&path, &[], Some(crate::suite::PUBLIC_URL)).await;
        let elsewhere =
            browser.post_as_is(&path, &[("form_token", &token)], Some("https://evil.example")).await;
        let nowhere = browser.post_as_is(&path, &[("form_token", &token)], None).await;
        for answer in [without, elsewhere, nowhere] {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{route:?}");
        }
    }
    assert_eq!(suite.services.changes(), Vec::<&str>::new());
    assert!(browser.cookie("__Host-console").is_some());
}

/// proves security.md, "OpenID provider": the headers of all routes
#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let mut seen = vec![];
    for route in ROUTES {
        seen.push(browser.send(method(route.method), &path_of(route.path), |it| it).await);
    }
    seen.push(browser.get("/nowhere").await);
    for answer in seen {
        let headers = &answer.headers;
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.ends_with(&format!("form-action 'self' {}", suite.gateway.issuer)), "{policy}");
    }
}

/// proves ORG-5: another's organization is not there
#[tokio::test]
async fn what_is_not_ones_own_is_not_found() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    suite.services.refuse("get_organization", Kind::NotFound, ErrorReason::NotFound, vec![]);
    for path in [
        "",
        "/members",
        "/members/new-managed",
        "/managed/01980000-0000-7000-8000-00000000000c",
        "/managed/01980000-0000-7000-8000-00000000000c/delete",
        "/invitations",
        "/invitations/new",
        "/teams",
        "/nulab-pass",
        "/organization-id",
        "/domains",
        "/saml",
        "/saml/switch-off",
        "/saml/sign-ins",
        "/saml/tests/01980000-0000-7000-8000-00000000000c",
    ] {
        let answer = browser.get(&format!("/organizations/{OTHER}{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            browser.get(&format!("/organizations/x{path}")).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

/// proves ORG-5: nothing of another's organization is changed by an address
#[tokio::test]
async fn what_is_not_ones_own_is_not_changed() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    let filled = [
        ("request_id", OTHER),
        ("email", "a@acme.example"),
        ("role", "member"),
        ("language", "en"),
        ("time_zone", "UTC"),
        ("name", "A"),
        ("contact_name", "A"),
        ("plan_admin_email", "a@acme.example"),
        ("company", "A"),
        ("space_key", "aB3dE6gH9k"),
        ("handle", "acme"),
        ("connection_id", THING),
        ("confirmation", "hanako@acme.example"),
    ];
    suite.services.refuse("get_organization", Kind::NotFound, ErrorReason::NotFound, vec![]);
    let of_organization =
        |path: &str| path.starts_with("/organizations/{organization}/") && !path.contains("/{invitation}/");
    for route in ROUTES.iter().filter(|it| it.method == "post" && of_organization(it.path)) {
        let answer = browser.post(&page, &path_of(route.path), &filled).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{route:?}");
        let nowhere = path_of(route.path).replace(ORGANIZATION, "x").replace(THING, "x");
        assert_eq!(browser.post(&page, &nowhere, &filled).await.status, StatusCode::NOT_FOUND, "{route:?}");
    }
    assert_eq!(suite.services.changes(), Vec::<&str>::new());
}

/// proves ORG-5: what is administrators' business is shown to nobody else
#[tokio::test]
async fn members_and_guests_see_nothing_of_nulab_pass() {
    let suite = Suite::start().await;
    suite.services.change(|data| {
        data.memberships[0].role = wire::Role::Member as i32;
        data.memberships[0].privileges = vec![];
    });
    let (browser, _) = suite.signed_in().await;
    let overview = browser.get(&format!("/organizations/{ORGANIZATION}")).await.body;
    assert!(!overview.contains("/nulab-pass") && !overview.contains("/organization-id"), "{overview}");
    for route in ROUTES.iter().filter(|it| it.method == "get") {
        let closed = ["new-managed", "/managed/", "nulab-pass", "organization-id", "/domains", "/saml"];
        if closed.iter().any(|part| route.path.contains(part)) {
            assert_eq!(browser.get(&path_of(route.path)).await.status, StatusCode::FORBIDDEN, "{route:?}");
        }
    }
    suite.services.change(|data| data.memberships[0].privileges = vec![wire::Privilege::PlanAdmin as i32]);
    let path = format!("/organizations/{ORGANIZATION}/nulab-pass");
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "a Plan Admin's business too");
    assert!(!page.body.contains("/saml"), "but not setting it up: {}", page.body);
}
