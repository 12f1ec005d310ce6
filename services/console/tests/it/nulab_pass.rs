//! Applying for Nulab Pass, what is set up, and the Organization ID.

use crate::suite::{ORGANIZATION, Suite};
use http::StatusCode;
use pass_proto::{
    billing::v1::{ApplyForTrialRequest, NulabPass, nulab_pass::State},
    convert::timestamp,
    domains::v1::domain,
    errors::v1::ErrorReason,
    identity::v1::SamlConnection,
    organization::v1::{SetOrganizationHandleRequest, Space},
    types::v1 as wire,
};
use pass_types::{Clock, Invalid, Kind};

fn path() -> String {
    format!("/organizations/{ORGANIZATION}/nulab-pass")
}

/// Nobody has applied, and there is a product.
async fn before() -> Suite {
    let suite = Suite::start().await;
    let create_time = Some(timestamp(suite.clock.now()));
    suite.services.change(|data| {
        data.pass = NulabPass { state: State::None as i32, ..NulabPass::default() };
        data.spaces = vec![Space {
            space_id: "acme".to_owned(),
            product: wire::Product::Backlog as i32,
            plan: "standard".to_owned(),
            state: 1,
            trial_end_time: create_time,
        }];
    });
    suite
}

/// proves BIL-1: an application with contact, Plan Admin's address, company and Space Key
#[tokio::test]
async fn nulab_pass_is_applied_for_once() {
    let suite = before().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&path()).await;
    for prefilled in ["Taro", "taro@example.com", "Acme", "aB3dE6gH9k"] {
        assert!(page.body.contains(&format!("value=\"{prefilled}\"")), "{prefilled}: {}", page.body);
    }
    let id = page.hidden("request_id").to_owned();
    let fields = [
        ("request_id", id.as_str()),
        ("contact_name", " Hanako "),
        ("plan_admin_email", "taro@example.com"),
        ("company", "Acme Inc."),
        ("space_key", "aB3dE6gH9k"),
    ];
    let done = browser.post(&page, &path(), &fields).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, &*format!("{}?done=applied", path())));
    let asked = &suite.services.asked::<ApplyForTrialRequest>("apply_for_trial")[0];
    assert_eq!((asked.request_id.as_str(), asked.contact_name.as_str()), (id.as_str(), "Hanako"));
    assert_eq!((asked.company.as_str(), asked.space_key.as_str()), ("Acme Inc.", "aB3dE6gH9k"));
    assert_eq!((asked.organization_id.as_str(), asked.language), (ORGANIZATION, wire::Language::En as i32));

    let wrong = Invalid("must be a Plan Admin's").of("plan_admin_email");
    suite.services.refuse("apply_for_trial", Kind::InvalidInput, ErrorReason::InvalidArgument, vec![wrong]);
    let refused = browser.post(&page, &path(), &fields).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains(r##"<a href="#plan_admin_email">Enter the address of a Plan Admin"##));
    assert_eq!(refused.hidden("request_id"), id);
    assert!(refused.body.contains("Acme Inc."), "what was typed is still there");
    suite.services.refuse("apply_for_trial", Kind::Precondition, ErrorReason::ApplicationOpen, vec![]);
    let refused = browser.post(&page, &path(), &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Your application is waiting"), "{}", refused.body);
}

/// proves BIL-1: Nulab Pass is for organizations with a product
#[tokio::test]
async fn without_a_product_there_is_nothing_to_apply_with() {
    let suite = before().await;
    suite.services.change(|data| data.spaces.clear());
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&path()).await.body;
    assert!(page.contains("Start a trial of a product first.") && !page.contains("contact_name"), "{page}");
}

/// proves BIL-1, BIL-2, BIL-6: where it stands
#[tokio::test]
async fn the_page_tells_where_it_stands() {
    let suite = before().await;
    let (browser, _) = suite.signed_in().await;
    for (state, text) in [
        (State::None, "Apply for a trial of Nulab Pass"),
        (State::Applied, "We have your application."),
        (State::Trial, "3 of 10 in use"),
        (State::Ended, "Nulab Pass has ended"),
    ] {
        suite.services.change(|data| {
            let application = (state == State::Applied).then(|| data.applications[0].clone());
            let pass = NulabPass { application, seats_used: 3, seats: 10, ..NulabPass::default() };
            data.pass = NulabPass { state: state as i32, ..pass };
        });
        let page = browser.get(&path()).await;
        assert!(page.body.contains(text), "{text}: {}", page.body);
        assert_eq!(page.body.contains("Set up"), state == State::Trial);
    }
}

#[tokio::test]
async fn what_is_set_up_is_ticked_off_and_a_service_that_is_down_hides_nothing() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let steps = |body: &str| (body.matches(">Done<").count(), body.matches(">To do<").count());
    assert_eq!(steps(&browser.get(&path()).await.body), (1, 3), "a seat is used");
    suite.services.change(|data| {
        data.memberships[0].organization.as_mut().unwrap().handle = "acme".to_owned();
        data.domains[0].state = domain::State::Verified as i32;
        let connection_id = crate::suite::THING.to_owned();
        data.saml.active = Some(SamlConnection { connection_id, state: 2, ..SamlConnection::default() });
    });
    assert_eq!(steps(&browser.get(&path()).await.body), (4, 0));
    suite.services.refuse("list_domains", Kind::Unavailable, ErrorReason::Unavailable, vec![]);
    let page = browser.get(&path()).await;
    assert_eq!((page.status, steps(&page.body)), (StatusCode::OK, (3, 0)));
}

/// proves ORG-3, ORG-13: the Organization ID is set, and shown; one that another organization has is refused
#[tokio::test]
async fn an_organization_id_is_set() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let form = format!("/organizations/{ORGANIZATION}/organization-id");
    let page = browser.get(&form).await;
    let done = browser.post(&page, &form, &[("handle", " acme ")]).await;
    assert_eq!(done.location(), format!("{}?done=handle-set", path()));
    let asked = &suite.services.asked::<SetOrganizationHandleRequest>("set_organization_handle")[0];
    assert_eq!((asked.organization_id.as_str(), asked.handle.as_str()), (ORGANIZATION, "acme"));
    let overview = browser.get(&format!("/organizations/{ORGANIZATION}")).await.body;
    assert!(overview.contains(r#"<span class="code">acme</span>"#), "{overview}");

    let method = "set_organization_handle";
    suite.services.refuse(method, Kind::AlreadyExists, ErrorReason::OrganizationHandleTaken, vec![]);
    let refused = browser.post(&page, &form, &[("handle", "taken")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let text = r##"<a href="#handle">The Nulab Organization ID is already used</a>"##;
    assert!(refused.body.contains(text) && refused.body.contains("value=\"taken\""), "{}", refused.body);
    let wrong = Invalid("must be 3-20 of [a-z0-9-]").of("handle");
    suite.services.refuse(method, Kind::InvalidInput, ErrorReason::InvalidArgument, vec![wrong]);
    let refused = browser.post(&page, &form, &[("handle", "ACME")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains(r##"<a href="#handle">Use 3 to 20 lower-case letters"##));
    suite.services.refuse(method, Kind::Precondition, ErrorReason::NulabPassEnded, vec![]);
    let refused = browser.post(&page, &form, &[("handle", "acme")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("<li>Nulab Pass has ended</li>"), "{}", refused.body);
}
