//! What operators decide.

use crate::suite::{Answer, Suite};
use futures::future::join_all;
use pass_proto::{
    billing::v1::{Application, ListApplicationsRequest, application::State, nulab_pass},
    convert::timestamp,
    errors::v1::ErrorReason,
    events::v1::{actor, envelope::Payload},
};
use pass_types::Kind;
use time::{Duration, macros::datetime};

fn reason(answer: Answer<Application>) -> ErrorReason {
    answer.unwrap_err().reason
}

/// proves BIL-1, BIL-2: an operator approves, and the trial of 30 days with its seats starts now; said
/// again, by whomever, it is as it was
#[tokio::test]
async fn an_operator_approves() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let id = &applied.application_id;
    suite.clock.advance(Duration::MINUTE);
    let operator = suite.operator();
    let approved = operator.approve(id).await.unwrap();
    let decide_time = Some(timestamp(datetime!(2026-03-02 09:01 UTC)));
    let expected = Application { state: State::Approved.into(), decide_time, ..applied.clone() };
    assert_eq!(approved, expected);
    suite.clock.advance(Duration::MINUTE);
    assert_eq!(operator.approve(id).await.unwrap(), expected);
    assert_eq!(suite.operator().approve(id).await.unwrap(), expected);
    assert_eq!(operator.show(id).await.unwrap(), expected);

    let pass = customer.visitor.nulab_pass(&customer.id).await.unwrap();
    assert_eq!((pass.state(), pass.application), (nulab_pass::State::Trial, Some(expected)));
    assert_eq!(pass.trial_end_time, Some(timestamp(datetime!(2026-04-01 09:01 UTC))));
    assert_eq!((pass.seats_used, pass.seats), (0, 100));

    let events = suite.events(&customer.id).await;
    assert!(matches!(
        suite.history(&customer.id).await.as_slice(),
        [Payload::ApplicationSubmitted(_), Payload::ApplicationApproved(approved)]
            if approved.application_id == *id
    ));
    let actor = events[1].actor.as_ref().unwrap();
    assert_eq!(actor.kind(), actor::Kind::Operator);
}

/// proves BIL-2: approving 20 times at once starts one trial
#[tokio::test]
async fn approving_at_once_starts_one_trial() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let operators: Vec<_> = (0..20).map(|_| suite.operator()).collect();
    let answers = join_all(operators.iter().map(|it| it.approve(&applied.application_id))).await;
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    assert_eq!((suite.count("subscriptions").await, suite.count("told").await), (1, 2));
}

/// proves BIL-1: of approving and rejecting at once exactly one comes to pass
#[tokio::test]
async fn one_decision_holds() {
    let suite = Suite::start().await;
    for _ in 0..5 {
        let customer = suite.customer();
        let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
        let (one, other) = (suite.operator(), suite.operator());
        let id = &applied.application_id;
        let (approved, rejected) = tokio::join!(one.approve(id), other.reject(id, "why"));
        assert_ne!(approved.is_ok(), rejected.is_ok());
        let trial =
            customer.visitor.nulab_pass(&customer.id).await.unwrap().state() == nulab_pass::State::Trial;
        assert_eq!(approved.is_ok(), trial);
        let refused = approved.err().or(rejected.err()).unwrap();
        assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::ApplicationDecided));
        assert_eq!(suite.history(&customer.id).await.len(), 2);
    }
}

/// proves BIL-1: an operator rejects with a reason, once; the organization may apply again, and then have
/// its trial
#[tokio::test]
async fn an_operator_rejects() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let (operator, id) = (suite.operator(), &applied.application_id);
    let rejected = operator.reject(id, " 会社が\r\n見つかりません ").await.unwrap();
    assert_eq!(
        (rejected.state(), rejected.rejection_reason.as_str()),
        (State::Rejected, "会社が\n見つかりません")
    );
    assert!(rejected.decide_time.is_some());
    suite.clock.advance(Duration::MINUTE);
    assert_eq!(suite.operator().reject(id, "会社が\n見つかりません").await.unwrap(), rejected);
    assert_eq!(reason(operator.reject(id, "another reason").await), ErrorReason::ApplicationDecided);
    assert_eq!(reason(operator.approve(id).await), ErrorReason::ApplicationDecided);
    let pass = customer.visitor.nulab_pass(&customer.id).await.unwrap();
    assert_eq!((pass.state(), pass.application.as_ref()), (nulab_pass::State::None, Some(&rejected)));

    let again = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let pass = customer.visitor.nulab_pass(&customer.id).await.unwrap();
    assert_eq!((pass.state(), pass.application.as_ref()), (nulab_pass::State::Applied, Some(&again)));
    operator.approve(&again.application_id).await.unwrap();
    assert_eq!(
        reason(operator.reject(&again.application_id, "too late").await),
        ErrorReason::ApplicationDecided
    );
    assert!(matches!(
        suite.history(&customer.id).await.as_slice(),
        [
            Payload::ApplicationSubmitted(_),
            Payload::ApplicationRejected(rejected),
            Payload::ApplicationSubmitted(_),
            Payload::ApplicationApproved(_)
        ] if rejected.application_id == *id
    ));
}

/// proves BIL-1: one trial an organization, during and after it; another organization's is its own
#[tokio::test]
async fn one_trial_an_organization() {
    let suite = Suite::start().await;
    let customer = suite.in_trial().await;
    for days in [0, 30, 400] {
        suite.clock.advance(Duration::days(days));
        let visitor = suite.console(&customer.founder);
        let refused = visitor.apply(suite.application(&customer)).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::NulabPassTrialUsed));
    }
    assert_eq!(suite.count("applications").await, 1);
    suite.in_trial().await;
}

/// proves BIL-1: applying again while the first application is being approved comes to one trial and no
/// application that waits
#[tokio::test]
async fn applying_while_it_is_approved() {
    let suite = Suite::start().await;
    for _ in 0..5 {
        let customer = suite.customer();
        let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
        let operator = suite.operator();
        let again = suite.application(&customer);
        let (approved, applied) =
            tokio::join!(operator.approve(&applied.application_id), customer.visitor.apply(again));
        approved.unwrap();
        let refused = applied.unwrap_err().reason;
        assert!(
            matches!(refused, ErrorReason::ApplicationOpen | ErrorReason::NulabPassTrialUsed),
            "{refused:?}"
        );
    }
    assert_eq!((suite.count("applications").await, suite.count("subscriptions").await), (5, 5));
}

/// proves BIL-2: approving is one step: whatever fails in it, nothing of it is there, and the operator who
/// tries again has one trial
#[tokio::test]
async fn approving_half_way_leaves_nothing() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let (operator, id) = (suite.operator(), &applied.application_id);
    // The event is the last thing that is written.
    let fail = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'full'; END $$;
        CREATE TRIGGER fail BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION fail()";
    sqlx::raw_sql(fail).execute(&suite.database.pool).await.unwrap();
    for answer in [operator.approve(id).await, operator.reject(id, "why").await] {
        let refused = answer.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Internal, ErrorReason::Internal));
    }
    assert_eq!(operator.show(id).await.unwrap().state(), State::Open);
    assert_eq!((suite.count("subscriptions").await, suite.count("told").await), (0, 1));

    sqlx::raw_sql("DROP TRIGGER fail ON outbox").execute(&suite.database.pool).await.unwrap();
    let approved = operator.approve(id).await.unwrap();
    assert_eq!(operator.approve(id).await.unwrap(), approved, "and the answer was lost on the way");
    assert_eq!((suite.count("subscriptions").await, suite.count("told").await), (1, 2));
}

/// Operators decide, and nobody else: not even the organization's own administrator.
#[tokio::test]
async fn only_operators_decide() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let id = &applied.application_id;
    let visitor = &customer.visitor;
    let refusals = [
        visitor.approve(id).await.unwrap_err(),
        visitor.reject(id, "why").await.unwrap_err(),
        visitor.show(id).await.unwrap_err(),
        visitor.list_applications(ListApplicationsRequest::default()).await.unwrap_err(),
    ];
    for refused in refusals {
        assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::ActorNotAllowed));
    }
    assert_eq!(suite.operator().show(id).await.unwrap().state(), State::Open);
}

/// What there is not can't be decided.
#[tokio::test]
async fn unknown_applications() {
    let suite = Suite::start().await;
    let (operator, id) = (suite.operator(), suite.id());
    for answer in [operator.approve(&id).await, operator.reject(&id, "why").await, operator.show(&id).await] {
        assert_eq!(reason(answer), ErrorReason::NotFound);
    }
}
