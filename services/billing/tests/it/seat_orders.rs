//! Takes and frees in any order, one after the other and at once: a "for all".

use crate::suite::{Customer, Suite, Visitor};
use futures::future::join_all;
use pass_proto::{errors::v1::ErrorReason, events::v1::envelope::Payload};
use pass_types::AccountId;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::collections::{BTreeMap, BTreeSet};
use tokio::runtime::Runtime;

const SEATS: usize = 2;
const ACCOUNTS: usize = 4;

/// A call: take or free, whose, and which attempt.
type Call = (bool, usize, i32);

/// What the contract says, from everything that was accepted so far.
#[derive(Default)]
struct Model(Vec<Call>);

impl Model {
    fn of(&self, account: usize) -> impl Iterator<Item = (bool, i32)> {
        self.0.iter().filter(move |it| it.1 == account).map(|it| (it.0, it.2))
    }

    fn newest(&self, account: usize) -> i32 {
        self.of(account).map(|it| it.1).max().unwrap_or(0)
    }

    /// Whether the account has a seat: its newest attempt took one and was not undone.
    fn seated(&self, account: usize) -> bool {
        let newest = self.newest(account);
        self.of(account).any(|it| it == (true, newest)) && !self.of(account).any(|it| it == (false, newest))
    }

    fn used(&self) -> usize {
        (0..ACCOUNTS).filter(|account| self.seated(*account)).count()
    }

    fn expected(&self, (take, account, attempt): Call) -> Option<ErrorReason> {
        let newest = self.newest(account);
        let undone = self.of(account).any(|it| it == (false, attempt));
        let superseded = attempt < newest || (attempt == newest && take && undone);
        match take {
            _ if superseded => Some(ErrorReason::AttemptSuperseded),
            true if !self.seated(account) && self.used() == SEATS => Some(ErrorReason::NoSeat),
            _ => None,
        }
    }
}

async fn call(
    identity: &Visitor,
    customer: &Customer,
    accounts: &[AccountId],
    call: Call,
) -> Option<ErrorReason> {
    let (take, account, attempt) = call;
    let account = accounts[account];
    if take {
        identity.take(&customer.id, account, attempt).await.err().map(|it| it.reason)
    } else {
        identity.free(&customer.id, account, attempt).await.err().map(|it| it.reason)
    }
}

/// Who has a seat by what was told: nobody is told to have taken two, or to have freed what was not taken.
async fn told(suite: &Suite, organization: &str) -> BTreeSet<String> {
    let mut seated = BTreeSet::new();
    for event in suite.history(organization).await {
        match event {
            Payload::SeatTaken(it) => assert!(seated.insert(it.account_id)),
            Payload::SeatFreed(it) => assert!(seated.remove(&it.account_id)),
            _ => {}
        }
        assert!(seated.len() <= SEATS);
    }
    seated
}

/// Attempt and state of each account that was seen.
async fn rows(suite: &Suite, organization: &str) -> BTreeMap<String, (i32, String)> {
    let rows: Vec<(String, i32, String)> = sqlx::query_as(
        "SELECT account_id::text, attempt, state FROM seats WHERE organization_id = $1::text::uuid",
    )
    .bind(organization)
    .fetch_all(&suite.database.pool)
    .await
    .unwrap();
    rows.into_iter().map(|(account, attempt, state)| (account, (attempt, state))).collect()
}

fn runner(cases: u32) -> TestRunner {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    TestRunner::new_with_rng(Config { cases, failure_persistence: None, ..Config::default() }, rng)
}

/// proves MAN-7: in whatever order and however often takes and frees of several accounts come, they are
/// answered as the contract says, and seats, counter and events are as they should be
#[test]
fn one_after_the_other() {
    let runtime = Runtime::new().unwrap();
    let suite = runtime.block_on(Suite::with_seats(2));
    let calls = prop::collection::vec((any::<bool>(), 0..ACCOUNTS, 1..5_i32), 1..25);
    let outcome = runner(20).run(&calls, |calls| {
        runtime.block_on(async {
            let (customer, identity) = (suite.in_trial().await, suite.service("identity"));
            let accounts: Vec<_> = (0..ACCOUNTS).map(|_| suite.someone().account).collect();
            let mut model = Model::default();
            for it in calls {
                let expected = model.expected(it);
                prop_assert_eq!(call(&identity, &customer, &accounts, it).await, expected, "{:?}", it);
                if expected.is_none() {
                    model.0.push(it);
                }
            }
            let used = model.used();
            prop_assert_eq!(
                suite.seats(&customer.id).await,
                (i32::try_from(used).unwrap(), i64::try_from(used).unwrap())
            );
            let seated: BTreeSet<_> =
                (0..ACCOUNTS).filter(|it| model.seated(*it)).map(|it| accounts[it].to_string()).collect();
            prop_assert_eq!(told(&suite, &customer.id).await, seated);
            for (account, (attempt, state)) in rows(&suite, &customer.id).await {
                let account = accounts.iter().position(|it| it.to_string() == account).unwrap();
                prop_assert_eq!(attempt, model.newest(account));
                prop_assert_eq!(state == "taken", model.seated(account));
            }
            Ok(())
        })
    });
    outcome.unwrap();
}

/// proves MAN-7: takes and frees at once leave counter, seats and events in accord, whatever came first;
/// and the newest attempt that was accepted is what holds
#[test]
fn all_at_once() {
    let runtime = Runtime::new().unwrap();
    let suite = runtime.block_on(Suite::with_seats(2));
    let calls = prop::collection::vec((any::<bool>(), 0..ACCOUNTS, 1..5_i32), 1..40);
    let outcome = runner(15).run(&calls, |calls| {
        runtime.block_on(async {
            let (customer, identity) = (suite.in_trial().await, suite.service("identity"));
            let accounts: Vec<_> = (0..ACCOUNTS).map(|_| suite.someone().account).collect();
            let answers = join_all(calls.iter().map(|it| call(&identity, &customer, &accounts, *it))).await;
            for refused in answers.iter().flatten() {
                prop_assert!(matches!(refused, ErrorReason::AttemptSuperseded | ErrorReason::NoSeat));
            }
            let accepted = calls.iter().zip(&answers).filter(|it| it.1.is_none()).map(|it| *it.0);
            let model = Model(accepted.collect());
            let used = model.used();
            prop_assert!(used <= SEATS);
            prop_assert_eq!(
                suite.seats(&customer.id).await,
                (i32::try_from(used).unwrap(), i64::try_from(used).unwrap())
            );
            let seated: BTreeSet<_> =
                (0..ACCOUNTS).filter(|it| model.seated(*it)).map(|it| accounts[it].to_string()).collect();
            prop_assert_eq!(told(&suite, &customer.id).await, seated);
            Ok(())
        })
    });
    outcome.unwrap();
}
