//! Changes of one managed member in any order, and at once: a "for all".

use crate::suite::{Someone, Suite};
use futures::future::join_all;
use pass_proto::{convert::FromWire, errors::v1::ErrorReason, organization::v1::AddManagedMemberRequest};
use pass_types::{AccountKind, Role};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use tokio::runtime::Runtime;

/// One of identity's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Add,
    Resume,
    Suspend,
    Remove,
}

const CALLS: [Call; 4] = [Call::Add, Call::Resume, Call::Suspend, Call::Remove];

/// What the rules say, in other words than the code's: which calls counted so far, and what they left.
#[derive(Debug, Default)]
struct Model {
    counted: Vec<(i32, Call)>,
    /// The member; `true`: suspended.
    member: Option<bool>,
}

impl Model {
    fn call(&mut self, attempt: i32, call: Call) -> Result<(), ErrorReason> {
        let newest = self.counted.iter().map(|(attempt, _)| *attempt).max().unwrap_or(0);
        let now: Vec<Call> =
            self.counted.iter().filter(|(it, _)| *it == attempt).map(|(_, call)| *call).collect();
        if attempt < newest {
            return Err(ErrorReason::AttemptSuperseded);
        }
        if now.last() == Some(&call) {
            return Ok(());
        }
        // Under one number: given once, then only taken away, and removal is the end.
        let gives = matches!(call, Call::Add | Call::Resume);
        if (gives && !now.is_empty()) || now.contains(&Call::Remove) {
            return Err(ErrorReason::AttemptSuperseded);
        }
        self.member = match (call, self.member) {
            (Call::Add, Some(_)) => return Err(ErrorReason::AlreadyMember),
            (Call::Add, None) => Some(false),
            (Call::Remove, _) => None,
            (Call::Suspend | Call::Resume, None) => return Err(ErrorReason::NotFound),
            (call, Some(_)) => Some(call == Call::Suspend),
        };
        self.counted.push((attempt, call));
        Ok(())
    }
}

async fn call(
    suite: &Suite,
    founder: &Someone,
    it: &AddManagedMemberRequest,
    attempt: i32,
    call: Call,
) -> Result<(), ErrorReason> {
    let visitor = suite.through_identity(founder);
    let answer = match call {
        Call::Add => {
            visitor.add_managed_member(AddManagedMemberRequest { attempt, ..it.clone() }).await.map(|_| ())
        }
        Call::Remove => visitor.remove(it, attempt).await,
        Call::Suspend => visitor.suspend(it, attempt, true).await,
        Call::Resume => visitor.suspend(it, attempt, false).await,
    };
    answer.map_err(|failure| failure.reason)
}

/// The member as the database has it; `true`: suspended.
async fn member(suite: &Suite, it: &AddManagedMemberRequest) -> Option<bool> {
    let query = "SELECT suspended FROM members WHERE account_id = $1::text::uuid";
    sqlx::query_scalar(query).bind(&it.account_id).fetch_optional(&suite.database.pool).await.unwrap()
}

/// proves MAN-1, MAN-5: whatever calls come, in whatever order, how late and how often: each is answered,
/// and leaves the member, as the rules say
#[test]
fn calls_in_any_order_follow_the_rules() {
    let runtime = Runtime::new().unwrap();
    let suite = runtime.block_on(Suite::start());
    let (founder, _, id) = runtime.block_on(suite.founder("acme"));
    let cases = prop::collection::vec((1..5_i32, 0..CALLS.len()), 1..16);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner =
        TestRunner::new_with_rng(Config { cases: 60, failure_persistence: None, ..Config::default() }, rng);
    let outcome = runner.run(&cases, |calls| {
        let (it, mut model) = (suite.managed(&id, "mana@acme.example"), Model::default());
        for (attempt, kind) in calls {
            let kind = CALLS[kind];
            let answer = runtime.block_on(call(&suite, &founder, &it, attempt, kind));
            prop_assert_eq!(answer, model.call(attempt, kind), "{:?} {}", kind, attempt);
            prop_assert_eq!(runtime.block_on(member(&suite, &it)), model.member);
        }
        Ok(())
    });
    outcome.unwrap();
}

/// proves MAN-1: adding and undoing it at once, many times: when all is answered nobody is left, and every
/// member that was told of was told to be gone
#[tokio::test]
async fn adding_and_undoing_at_once() {
    let suite = Suite::start().await;
    let (founder, _, id) = suite.founder("acme").await;
    for _ in 0..6 {
        let it = suite.managed(&id, "mana@acme.example");
        let calls = (0..8).map(|number| {
            let kind = if number % 2 == 0 { Call::Add } else { Call::Remove };
            call(&suite, &founder, &it, 1, kind)
        });
        for (number, answer) in join_all(calls).await.into_iter().enumerate() {
            match answer {
                Ok(()) => {}
                Err(reason) => {
                    assert_eq!((reason, number % 2), (ErrorReason::AttemptSuperseded, 0));
                }
            }
        }
        assert_eq!(member(&suite, &it).await, None);
    }
    let told = async |field: &str| {
        let history = suite.history(&id).await;
        history.iter().filter(|it| format!("{it:?}").starts_with(field)).count()
    };
    // The founder was added, too.
    assert_eq!(told("MemberAdded").await, told("MemberRemoved").await + 1);
}

/// proves MAN-5: two managed administrators who suspend each other at once: one of them does, and the other
/// has no place any more to act from
#[tokio::test]
async fn suspending_each_other_at_once() {
    let suite = Suite::start().await;
    let (founder, _, id) = suite.founder("acme").await;
    for round in 0..5 {
        let mut pair = Vec::new();
        for number in 0..2 {
            let mut it = suite.managed(&id, &format!("m{round}{number}@acme.example"));
            it.role = Role::Administrator.to_wire().into();
            suite.through_identity(&founder).add_managed_member(it.clone()).await.unwrap();
            pair.push(it);
        }
        let someone = |it: &AddManagedMemberRequest| Someone {
            account: it.account_id.parse().unwrap(),
            kind: AccountKind::Managed,
            email: it.email.clone(),
        };
        let (first, second) =
            (suite.through_identity(&someone(&pair[0])), suite.through_identity(&someone(&pair[1])));
        let answers = futures::join!(first.suspend(&pair[1], 2, true), second.suspend(&pair[0], 2, true));
        assert_ne!(answers.0.is_ok(), answers.1.is_ok());
        let refused = answers.0.err().or(answers.1.err()).unwrap();
        assert_eq!(refused.reason, ErrorReason::NotFound, "whoever is suspended has no place to act from");
    }
}
