//! Operators' pages.

use crate::suite::{Suite, THING};
use http::StatusCode;
use pass_proto::{
    billing::v1::{
        Application, ApproveApplicationRequest, ListApplicationsRequest, RejectApplicationRequest,
        application::State,
    },
    errors::v1::ErrorReason,
};
use pass_types::{Invalid, Kind};

const LIST: &str = "/operator/applications";

async fn started() -> Suite {
    let suite = Suite::start().await;
    suite.gateway.issue_to_operators();
    suite.services.change(|data| data.account.operator = true);
    suite
}

/// proves BIL-1: operators' pages are operators'
#[tokio::test]
async fn only_operators_find_and_see_the_pages() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    assert!(!browser.get("/").await.body.contains(LIST));
    let page = browser.get("/account").await;
    let one = format!("{LIST}/{THING}");
    for path in [LIST, &one] {
        assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for (what, fields) in [("approve", &[][..]), ("reject", &[("reason", "No.")])] {
        let refused = browser.post(&page, &format!("{one}/{what}"), fields).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{what}");
    }
    assert_eq!(suite.services.changes(), Vec::<&str>::new());
    let suite = started().await;
    let (operator, _) = suite.signed_in().await;
    assert!(operator.get("/").await.body.contains(LIST));
    assert_eq!(operator.get(LIST).await.status, StatusCode::OK);
}

/// proves BIL-1: overdue ones stand out
#[tokio::test]
async fn applications_are_listed_by_state() {
    let suite = started().await;
    suite.services.change(|data| {
        let open = data.applications[0].clone();
        data.applications.push(Application { overdue: true, company: "<b>Late</b>".to_owned(), ..open });
    });
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(LIST).await.body;
    assert_eq!((page.matches("Overdue").count(), page.contains("<b>Late")), (1, false), "{page}");
    assert!(page.contains(&format!("{LIST}?page=more")), "{page}");
    browser.get(&format!("{LIST}?state=open&page=tok%2Fen")).await;
    browser.get(&format!("{LIST}?state=else")).await;
    let asked = suite.services.asked::<ListApplicationsRequest>("list_applications");
    let asked: Vec<_> = asked.iter().map(|it| (it.state, it.page_token.as_str())).collect();
    assert_eq!(asked, [(0, ""), (State::Open as i32, "tok/en"), (0, "")]);
    let filtered = browser.get(&format!("{LIST}?state=open")).await.body;
    assert!(filtered.contains(&format!("{LIST}?state=open&#38;page=more")), "the next page too: {filtered}");
}

/// proves BIL-1: an operator approves or rejects, with a reason
#[tokio::test]
async fn an_application_is_decided() {
    let suite = started().await;
    let (browser, _) = suite.signed_in().await;
    let one = format!("{LIST}/{THING}");
    let page = browser.get(&one).await;
    assert!(page.body.contains("Acme Inc."), "{}", page.body);
    let approved = browser.post(&page, &format!("{one}/approve"), &[]).await;
    assert_eq!(approved.location(), format!("{one}?done=approved"));
    assert_eq!(
        suite.services.asked::<ApproveApplicationRequest>("approve_application")[0].application_id,
        THING
    );
    let rejected = browser.post(&page, &format!("{one}/reject"), &[("reason", " No.\r\nSorry. ")]).await;
    assert_eq!(rejected.location(), format!("{one}?done=rejected"));
    assert_eq!(
        suite.services.asked::<RejectApplicationRequest>("reject_application")[0].reason,
        "No.\nSorry."
    );
    let wrong = Invalid("must be 1-500 characters long").of("reason");
    let method = "reject_application";
    suite.services.refuse(method, Kind::InvalidInput, ErrorReason::InvalidArgument, vec![wrong]);
    let refused = browser.post(&page, &format!("{one}/reject"), &[("reason", "")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains(r##"<a href="#reason">Enter a reason"##), "{}", refused.body);
    suite.services.refuse("approve_application", Kind::Precondition, ErrorReason::ApplicationDecided, vec![]);
    let refused = browser.post(&page, &format!("{one}/approve"), &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("This application was decided already."), "{}", refused.body);
    assert_eq!(browser.get(&format!("{LIST}/x")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_decided_application_is_not_asked_about() {
    let suite = started().await;
    suite.services.change(|data| {
        data.applications[0].state = State::Rejected as i32;
        data.applications[0].rejection_reason = "Not a customer.".to_owned();
    });
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&format!("{LIST}/{THING}")).await.body;
    assert!(page.contains("Not a customer.") && !page.contains("/approve"), "{page}");
}
