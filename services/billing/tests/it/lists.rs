//! The list of applications.

use crate::suite::{Suite, Visitor};
use pass_proto::{
    billing::v1::{Application, ListApplicationsRequest, application::State},
    errors::v1::ErrorReason,
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::collections::BTreeSet;
use time::Duration;
use tokio::runtime::Runtime;

fn request(state: State, page_size: i32, page_token: &str) -> ListApplicationsRequest {
    ListApplicationsRequest { state: state.into(), page_size, page_token: page_token.to_owned() }
}

/// Every page of a list, put together; each but the last is full.
async fn all_pages(operator: &Visitor, state: State, page_size: i32) -> Vec<Application> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let page = operator.list_applications(request(state, page_size, &token)).await.unwrap();
        let size = page.applications.len();
        all.extend(page.applications);
        token = page.next_page_token;
        if token.is_empty() {
            return all;
        }
        assert_eq!(size, usize::try_from(page_size).unwrap(), "only the last page may be short");
    }
}

/// Applications that came at these hours, and what was decided about each.
async fn put(suite: &Suite, rows: &[(i64, State, i64)]) {
    sqlx::query("DELETE FROM applications").execute(&suite.database.pool).await.unwrap();
    for (hours, state, decided) in rows {
        let now = suite.context.clock.now();
        let word = match state {
            State::Approved => "approved",
            State::Rejected => "rejected",
            State::Open | State::Unspecified => "open",
        };
        let open = *state == State::Open;
        sqlx::query(
            "INSERT INTO applications VALUES
                 ($1, $2, '0123456789', 'Hanako', 'hanako@example.com', 'Acme', 'ja', $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(suite.context.entropy.uuid(now))
        .bind(suite.context.entropy.uuid(now))
        .bind(now)
        .bind(now + Duration::hours(*hours))
        .bind(word)
        .bind((!open).then(|| now + Duration::hours(*decided)))
        .bind((!open).then(|| suite.context.entropy.uuid(now)))
        .bind((*state == State::Rejected).then_some("why"))
        .execute(&suite.database.pool)
        .await
        .unwrap();
    }
}

/// proves BIL-1: whatever the applications, the filter and the page size, the pages have every one that
/// fits exactly once: those that wait first by when they are due, then the decided ones, latest first
#[test]
fn pages_have_every_application_once_in_order() {
    let runtime = Runtime::new().unwrap();
    let suite = runtime.block_on(Suite::start());
    let operator = suite.operator();
    let states = || prop::sample::select(vec![State::Open, State::Approved, State::Rejected]);
    // Few hours, so that times repeat.
    let rows = prop::collection::vec((0..4_i64, states(), 0..4_i64), 0..25);
    let filters =
        prop::sample::select(vec![State::Unspecified, State::Open, State::Approved, State::Rejected]);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let outcome =
        TestRunner::new_with_rng(config, rng).run(&(rows, filters, 1..8_i32), |(rows, filter, size)| {
            let (paged, whole) = runtime.block_on(async {
                put(&suite, &rows).await;
                (all_pages(&operator, filter, size).await, all_pages(&operator, filter, 100).await)
            });
            prop_assert_eq!(&paged, &whole);
            let fits = |state: State| filter == State::Unspecified || filter == state;
            prop_assert_eq!(paged.len(), rows.iter().filter(|row| fits(row.1)).count());
            prop_assert!(paged.iter().all(|it| fits(it.state())));
            let ids: BTreeSet<_> = paged.iter().map(|it| &it.application_id).collect();
            prop_assert_eq!(ids.len(), paged.len());
            let waiting = paged.iter().take_while(|it| it.state() == State::Open).count();
            let (waiting, decided) = paged.split_at(waiting);
            prop_assert!(decided.iter().all(|it| it.state() != State::Open));
            let due = |it: &Application| (it.due_time.unwrap().seconds, it.application_id.clone());
            prop_assert!(waiting.iter().is_sorted_by_key(due));
            let at = |it: &Application| (it.decide_time.unwrap().seconds, it.application_id.clone());
            prop_assert!(decided.iter().rev().is_sorted_by_key(at));
            Ok(())
        });
    outcome.unwrap();
}

/// One that is decided between two pages makes no other one disappear.
#[tokio::test]
async fn a_decision_between_two_pages() {
    let suite = Suite::start().await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        let customer = suite.customer();
        ids.push(customer.visitor.apply(suite.application(&customer)).await.unwrap().application_id);
        suite.clock.advance(Duration::SECOND);
    }
    let operator = suite.operator();
    let page = operator.list_applications(request(State::Unspecified, 2, "")).await.unwrap();
    operator.approve(&ids[1]).await.unwrap();
    let rest =
        operator.list_applications(request(State::Unspecified, 9, &page.next_page_token)).await.unwrap();
    let rest: Vec<_> = rest.applications.into_iter().map(|it| it.application_id).collect();
    assert_eq!(rest, [ids[2].as_str(), &ids[3], &ids[1]]);
}

/// A page token belongs to one list, and can't be made.
#[tokio::test]
async fn page_tokens_are_bound() {
    let suite = Suite::start().await;
    put(&suite, &[(1, State::Open, 0), (2, State::Open, 0)]).await;
    let operator = suite.operator();
    let page = operator.list_applications(request(State::Open, 1, "")).await.unwrap();
    let token = page.next_page_token;
    assert_eq!(
        operator.list_applications(request(State::Open, 1, &token)).await.unwrap().next_page_token,
        ""
    );
    let forged = token.chars().rev().collect::<String>();
    for (state, token) in
        [(State::Unspecified, token.as_str()), (State::Open, "AAAA"), (State::Open, &forged)]
    {
        let refused = operator.list_applications(request(state, 1, token)).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::PageTokenInvalid);
    }
}
