//! The trial's end by the clock, and how it is told.

use crate::suite::Suite;
use pass_events::{Consumer, Handler, HandlerError};
use pass_proto::{
    billing::v1::{check_entitlement_response::State, nulab_pass},
    convert::timestamp,
    errors::v1::ErrorReason,
    events::v1::{Envelope, actor, envelope::Payload},
};
use pass_testkit::wait_for;
use pass_types::Clock;
use sqlx::{Postgres, Transaction};
use std::num::NonZeroU16;
use time::{Duration, macros::datetime};

/// proves BIL-6, BIL-2: entitled until the trial's end and not at it, by the clock alone
#[tokio::test]
async fn a_trial_ends_by_the_clock() {
    let suite = Suite::start().await;
    let identity = suite.service("identity");
    let customer = suite.customer();
    let none = identity.entitlement(&customer.id).await.unwrap();
    assert_eq!((none.state(), none.end_time), (State::None, None));
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    assert_eq!(identity.entitlement(&customer.id).await.unwrap().state(), State::None);
    suite.operator().approve(&applied.application_id).await.unwrap();

    let end = datetime!(2026-04-01 09:00 UTC);
    let moments = [
        (suite.clock.now(), State::Entitled, nulab_pass::State::Trial),
        (end - Duration::MICROSECOND, State::Entitled, nulab_pass::State::Trial),
        (end, State::Ended, nulab_pass::State::Ended),
        (end + Duration::days(400), State::Ended, nulab_pass::State::Ended),
    ];
    for (now, entitlement, standing) in moments {
        suite.clock.set(now);
        for peer in ["identity", "organization", "domain-verification"] {
            let answer = suite.service(peer).entitlement(&customer.id).await.unwrap();
            assert_eq!((answer.state(), answer.end_time), (entitlement, Some(timestamp(end))), "{now}");
        }
        let pass = suite.console(&customer.founder).nulab_pass(&customer.id).await.unwrap();
        assert_eq!((pass.state(), pass.trial_end_time), (standing, Some(timestamp(end))), "{now}");
    }
}

/// proves BIL-2: days and seats are the configuration's; another organization's trial is its own
#[tokio::test]
async fn terms_are_configured() {
    let suite = Suite::start_with(|config| {
        config.trial_days = NonZeroU16::new(14).unwrap();
        config.trial_seats = NonZeroU16::new(5).unwrap();
    })
    .await;
    let (customer, other) = (suite.in_trial().await, suite.customer());
    let pass = customer.visitor.nulab_pass(&customer.id).await.unwrap();
    assert_eq!(pass.trial_end_time, Some(timestamp(datetime!(2026-03-16 09:00 UTC))));
    assert_eq!((pass.seats_used, pass.seats), (0, 5));
    let identity = suite.service("identity");
    assert_eq!(identity.entitlement(&other.id).await.unwrap().state(), State::None);
    assert_eq!(other.visitor.nulab_pass(&other.id).await.unwrap().state(), nulab_pass::State::None);
}

/// How often the end of a trial was told.
async fn endings(suite: &Suite, organization: &str) -> usize {
    let history = suite.history(organization).await;
    history.iter().filter(|event| matches!(event, Payload::TrialEnded(_))).count()
}

/// proves BIL-6: the end is told once, after it, by nobody; it changes nothing else
#[tokio::test]
async fn the_end_is_told_once() {
    let suite = Suite::start().await;
    let first = suite.in_trial().await;
    let identity = suite.service("identity");
    let account = suite.someone().account;
    identity.take(&first.id, account, 1).await.unwrap();
    suite.clock.advance(Duration::days(1));
    let second = suite.in_trial().await;

    suite.clock.advance(Duration::days(29));
    wait_for(async || endings(&suite, &first.id).await == 1).await;
    assert_eq!(endings(&suite, &second.id).await, 0, "it has a day left");
    let event = suite.events(&first.id).await.pop().unwrap();
    let actor = event.actor.unwrap();
    assert_eq!((actor.kind(), actor.id.as_str()), (actor::Kind::System, "billing"));
    assert_eq!(suite.seats(&first.id).await, (1, 1), "the seat is kept");

    // By when the second is told, there were rounds that could have told the first again.
    suite.clock.advance(Duration::days(1));
    wait_for(async || endings(&suite, &second.id).await == 1).await;
    assert_eq!(endings(&suite, &first.id).await, 1);
}

/// A take that is on its way when the trial ends is judged by the time at which it would be done.
#[tokio::test]
async fn waiting_for_the_lock_until_the_end() {
    let suite = Suite::start().await;
    let customer = suite.in_trial().await;
    let identity = suite.service("identity");
    let mut tx = suite.database.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM subscriptions FOR UPDATE").execute(&mut *tx).await.unwrap();
    let (id, account) = (customer.id.clone(), suite.someone().account);
    let take = tokio::spawn(async move { identity.take(&id, account, 1).await });
    // Asked on another connection: a transaction sees one snapshot of the activity.
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM subscriptions%'";
    wait_for(async || {
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&suite.database.pool).await.unwrap() == 1
    })
    .await;
    suite.clock.advance(Duration::days(30));
    tx.commit().await.unwrap();
    assert_eq!(take.await.unwrap().unwrap_err().reason, ErrorReason::NulabPassEnded);
    assert_eq!(suite.seats(&customer.id).await, (0, 0));
}

/// Writes down what it is told.
struct Hear;

impl Handler for Hear {
    async fn handle(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        let heard = sqlx::query("INSERT INTO heard VALUES ($1, $2)").bind(&event.id).bind(event.sequence);
        heard.execute(&mut **transaction).await?;
        Ok(())
    }
}

/// Everything that happens is told over the broker, each once and in the order of its organization.
#[tokio::test]
async fn events_are_published_once() {
    let suite = Suite::with_seats(2).await;
    let pool = &suite.database.pool;
    sqlx::raw_sql("CREATE TABLE heard (id text, sequence bigint)").execute(pool).await.unwrap();
    let (broker, context) = (suite.broker.clone(), suite.context.clone());
    Consumer::new(pool.clone(), broker, "billing.heard", &["billing.*"], Hear, &context).unwrap().spawn();
    let queue = "queue.billing.heard";
    wait_for(async || context.health.report().get(queue).is_some_and(Result::is_ok)).await;

    let customer = suite.customer();
    let operator = suite.operator();
    let rejected = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    operator.reject(&rejected.application_id, "why").await.unwrap();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let identity = suite.service("identity");
    let account = suite.someone().account;
    for _ in 0..3 {
        operator.approve(&applied.application_id).await.unwrap();
    }
    for _ in 0..3 {
        identity.take(&customer.id, account, 1).await.unwrap();
    }
    for _ in 0..3 {
        identity.free(&customer.id, account, 2).await.unwrap();
    }
    suite.clock.advance(Duration::days(30));
    wait_for(async || endings(&suite, &customer.id).await == 1).await;
    assert!(matches!(
        suite.history(&customer.id).await.as_slice(),
        [
            Payload::ApplicationSubmitted(_),
            Payload::ApplicationRejected(_),
            Payload::ApplicationSubmitted(_),
            Payload::ApplicationApproved(_),
            Payload::SeatTaken(taken),
            Payload::SeatFreed(freed),
            Payload::TrialEnded(_)
        ] if taken.account_id == account.to_string() && freed.account_id == account.to_string()
    ));
    wait_for(async || suite.count("heard").await == 7).await;
    let heard: Vec<i64> =
        sqlx::query_scalar("SELECT sequence FROM heard ORDER BY ctid").fetch_all(pool).await.unwrap();
    assert_eq!(heard, [1, 2, 3, 4, 5, 6, 7]);
}
