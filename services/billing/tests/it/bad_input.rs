//! Each RPC with missing, oversized, wrongly typed and anonymous input: a documented error that names
//! the field, and nothing changed.

use crate::suite::{Answer, Suite, Visitor};
use pass_proto::{billing::v1::*, errors::v1::ErrorReason};
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
async fn applying() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let apply = async |request: ApplyForTrialRequest| customer.visitor.apply(request).await;
    let good = || suite.application(&customer);
    let long = "a".repeat(LONG);
    for bad in ["", "1", long.as_str()] {
        let bad = bad.to_owned();
        refused(apply(ApplyForTrialRequest { request_id: bad.clone(), ..good() }).await, "request_id");
        refused(apply(ApplyForTrialRequest { organization_id: bad, ..good() }).await, "organization_id");
    }
    for bad in ["", "  ", "a\0b", "a\nb", "\u{202e} \u{200d}", &"あ".repeat(101), long.as_str()] {
        let bad = bad.to_owned();
        refused(apply(ApplyForTrialRequest { contact_name: bad.clone(), ..good() }).await, "contact_name");
        refused(apply(ApplyForTrialRequest { company: bad, ..good() }).await, "company");
    }
    for bad in ["", "hanako", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", &long] {
        let plan_admin_email = bad.to_owned();
        refused(apply(ApplyForTrialRequest { plan_admin_email, ..good() }).await, "plan_admin_email");
    }
    for bad in ["", "short", "01234567890", "0123-56789", "012345678\0", long.as_str()] {
        refused(apply(ApplyForTrialRequest { space_key: bad.to_owned(), ..good() }).await, "space_key");
    }
    for language in [0, 9, -1] {
        refused(apply(ApplyForTrialRequest { language, ..good() }).await, "language");
    }
    assert_eq!((suite.count("applications").await, suite.count("requests").await), (0, 0));
    let longest = "あ".repeat(100);
    apply(ApplyForTrialRequest { contact_name: longest.clone(), company: longest, ..good() }).await.unwrap();
}

#[tokio::test]
async fn operating() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let (operator, id) = (suite.operator(), applied.application_id.as_str());
    let long = "a".repeat(LONG);
    for bad in ["", "x", long.as_str()] {
        refused(operator.show(bad).await, "application_id");
        refused(operator.approve(bad).await, "application_id");
        refused(operator.reject(bad, "why").await, "application_id");
        refused(suite.service("notification").mail(bad).await, "application_id");
        refused(customer.visitor.nulab_pass(bad).await, "organization_id");
    }
    for bad in ["", " \n ", "a\0", "a\u{202e}b", &"あ".repeat(501), long.as_str()] {
        refused(operator.reject(id, bad).await, "reason");
    }
    assert_eq!(operator.show(id).await.unwrap(), applied);
    let list = async |page_size, page_token: &str, state| {
        let request = ListApplicationsRequest { page_size, page_token: page_token.to_owned(), state };
        operator.list_applications(request).await
    };
    refused(list(-1, "", 0).await, "page_size");
    refused(list(101, "", 0).await, "page_size");
    refused(list(1, &long, 0).await, "page_token");
    refused(list(1, "", 9).await, "state");
    refused(list(1, "", -1).await, "state");
    assert_eq!(list(1, "AAAA", 0).await.unwrap_err().reason, ErrorReason::PageTokenInvalid);
    operator.reject(id, &"あ".repeat(500)).await.unwrap();
}

#[tokio::test]
async fn seats() {
    let suite = Suite::start().await;
    let customer = suite.in_trial().await;
    let (identity, id) = (suite.service("identity"), customer.id.clone());
    let account = suite.someone().account.to_string();
    let long = "a".repeat(LONG);
    let bad = [
        ("", account.as_str(), 1, "organization_id"),
        (long.as_str(), &account, 1, "organization_id"),
        (&id, "", 1, "account_id"),
        (&id, long.as_str(), 1, "account_id"),
        (&id, &account, 0, "attempt"),
        (&id, &account, -1, "attempt"),
    ];
    for (organization, account, attempt, field) in bad {
        let (organization_id, account_id) = (organization.to_owned(), account.to_owned());
        let take = TakeSeatRequest {
            organization_id: organization_id.clone(),
            account_id: account_id.clone(),
            attempt,
        };
        refused(identity.take_seat(take).await, field);
        refused(identity.free_seat(FreeSeatRequest { organization_id, account_id, attempt }).await, field);
    }
    refused(identity.entitlement("x").await, "organization_id");
    assert_eq!((suite.count("seats").await, suite.seats(&id).await), (0, (0, 0)));
}

/// Nobody, and the wrong program, get nothing.
#[tokio::test]
async fn nobody_and_the_wrong_program() {
    async fn pages(suite: &Suite, visitor: &Visitor, reason: ErrorReason) {
        let (customer, id) = (suite.customer(), suite.id());
        let refusals = [
            visitor.apply(suite.application(&customer)).await.unwrap_err(),
            visitor.nulab_pass(&customer.id).await.unwrap_err(),
            visitor.list_applications(ListApplicationsRequest::default()).await.unwrap_err(),
            visitor.show(&id).await.unwrap_err(),
            visitor.approve(&id).await.unwrap_err(),
            visitor.reject(&id, "why").await.unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.reason, reason);
        }
    }
    async fn services(suite: &Suite, visitor: &Visitor) {
        let (id, account) = (suite.id(), suite.someone().account);
        let refusals = [
            visitor.take(&id, account, 1).await.unwrap_err(),
            visitor.free(&id, account, 1).await.unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.reason, ErrorReason::PeerNotAllowed);
        }
    }
    let suite = Suite::start().await;
    pages(&suite, &suite.nobody(), ErrorReason::ActorNotAllowed).await;
    pages(&suite, &suite.service("audit"), ErrorReason::PeerNotAllowed).await;
    let customer = suite.customer();
    for visitor in [suite.nobody(), customer.visitor, suite.operator(), suite.service("audit")] {
        services(&suite, &visitor).await;
        assert_eq!(visitor.entitlement(&customer.id).await.unwrap_err().reason, ErrorReason::PeerNotAllowed);
        assert_eq!(visitor.mail(&suite.id()).await.unwrap_err().reason, ErrorReason::PeerNotAllowed);
    }
    // Who may ask is not who may take.
    services(&suite, &suite.service("organization")).await;
    assert_eq!((suite.count("requests").await, suite.count("seats").await), (0, 0));
}

/// A wrong setting: one line that names it, before anything starts.
#[tokio::test]
async fn settings() {
    let context = pass_runtime::Context::system();
    let problem = async |config: billing::Config| {
        let problem = billing::build(config, &context).await.err().unwrap().to_string();
        assert!(!problem.contains('\n'), "{problem}");
        problem
    };
    let config = billing::Config::default();
    assert!(problem(config.clone()).await.contains("link_secret"));
    let config = billing::Config { link_secret: "0123456789abcdef".to_owned().into(), ..config };
    let mail = "mailto:taro@example.com".parse().unwrap();
    assert!(problem(billing::Config { console_url: mail, ..config.clone() }).await.contains("console_url"));
    let business_time_zone = "Mars/Base".to_owned();
    let elsewhere = billing::Config { business_time_zone, ..config.clone() };
    assert!(problem(elsewhere).await.contains("business_time_zone"));
    for bad in ["", "31.12.2026", "2026-02-30"] {
        let holidays = vec!["2026-12-31".to_owned(), bad.to_owned()];
        assert!(problem(billing::Config { holidays, ..config.clone() }).await.contains("holidays"));
    }
    assert!(problem(config).await.contains("database.url"));
    for setting in ["trial_days", "trial_seats"] {
        let zero = serde_json::json!({ setting: 0 });
        assert!(serde_json::from_value::<billing::Config>(zero).is_err(), "{setting}");
    }
}
