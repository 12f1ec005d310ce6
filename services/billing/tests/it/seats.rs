//! Taking and freeing seats.

use crate::suite::{Answer, Suite};
use futures::future::join_all;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{actor, envelope::Payload},
};
use pass_types::Kind;
use std::fmt::Debug;
use time::Duration;

fn reason<T: Debug>(answer: Answer<T>) -> ErrorReason {
    answer.unwrap_err().reason
}

/// proves MAN-7: a seat is taken and freed, each counted and told once however often it is said
#[tokio::test]
async fn a_seat_is_taken_and_freed() {
    let suite = Suite::with_seats(2).await;
    let customer = suite.in_trial().await;
    let (identity, account) = (suite.service("identity"), suite.someone().account);
    for _ in 0..3 {
        identity.take(&customer.id, account, 1).await.unwrap();
        let pass = customer.visitor.nulab_pass(&customer.id).await.unwrap();
        assert_eq!((pass.seats_used, pass.seats), (1, 2));
    }
    for _ in 0..3 {
        identity.free(&customer.id, account, 2).await.unwrap();
        assert_eq!(suite.seats(&customer.id).await, (0, 0));
    }
    identity.take(&customer.id, account, 3).await.unwrap();
    assert_eq!(suite.seats(&customer.id).await, (1, 1));
    let events = suite.events(&customer.id).await;
    for event in &events[2..] {
        let actor = event.actor.as_ref().unwrap();
        assert_eq!((actor.kind(), actor.id.as_str()), (actor::Kind::System, "identity"));
    }
    let who = account.to_string();
    assert!(matches!(
        &suite.history(&customer.id).await[2..],
        [Payload::SeatTaken(one), Payload::SeatFreed(two), Payload::SeatTaken(three)]
            if [&one.account_id, &two.account_id, &three.account_id] == [&who; 3]
    ));
}

/// proves MAN-7: a call that was on its way for too long takes and frees nothing
#[tokio::test]
async fn late_calls_are_refused() {
    let suite = Suite::start().await;
    let customer = suite.in_trial().await;
    let (identity, id) = (suite.service("identity"), customer.id.as_str());
    let undone = suite.someone().account;
    identity.take(id, undone, 1).await.unwrap();
    identity.free(id, undone, 1).await.unwrap();
    let refused = identity.take(id, undone, 1).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Conflict, ErrorReason::AttemptSuperseded));

    let never_taken = suite.someone().account;
    identity.free(id, never_taken, 2).await.unwrap();
    for attempt in [1, 2] {
        assert_eq!(reason(identity.take(id, never_taken, attempt).await), ErrorReason::AttemptSuperseded);
    }
    assert_eq!(reason(identity.free(id, never_taken, 1).await), ErrorReason::AttemptSuperseded);
    assert_eq!(suite.seats(id).await, (0, 0));
    identity.take(id, never_taken, 3).await.unwrap();
    assert_eq!(reason(identity.free(id, never_taken, 2).await), ErrorReason::AttemptSuperseded);
    assert_eq!(reason(identity.take(id, never_taken, 2).await), ErrorReason::AttemptSuperseded);
    // A newer take of who has a seat takes no second one.
    identity.take(id, never_taken, 5).await.unwrap();
    assert_eq!(reason(identity.free(id, never_taken, 4).await), ErrorReason::AttemptSuperseded);
    assert_eq!(suite.seats(id).await, (1, 1));
    assert_eq!(suite.history(id).await.len(), 2 + 3);
}

/// proves MAN-7: the last seats can't be taken twice: of 50 takes at once for 3 seats exactly 3 succeed
#[tokio::test]
async fn the_last_seat_is_taken_once() {
    let suite = Suite::with_seats(3).await;
    let customer = suite.in_trial().await;
    let identity = suite.service("identity");
    let accounts: Vec<_> = (0..50).map(|_| suite.someone().account).collect();
    let answers = join_all(accounts.iter().map(|account| identity.take(&customer.id, *account, 1))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.is_ok());
    assert_eq!((taken.len(), refused.len()), (3, 47));
    for refused in refused {
        let refused = refused.as_ref().unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::NoSeat));
    }
    assert_eq!(suite.seats(&customer.id).await, (3, 3));
    assert_eq!(suite.count("seats").await, 3, "who was refused is not remembered");
    assert_eq!(suite.history(&customer.id).await.len(), 2 + 3);

    // A freed seat is another's, and who was refused may try the same attempt again.
    let holder = answers.iter().position(Result::is_ok).unwrap();
    let waiting = answers.iter().position(Result::is_err).unwrap();
    identity.free(&customer.id, accounts[holder], 2).await.unwrap();
    identity.take(&customer.id, accounts[waiting], 1).await.unwrap();
    assert_eq!(reason(identity.take(&customer.id, accounts[holder], 3).await), ErrorReason::NoSeat);
    assert_eq!(suite.seats(&customer.id).await, (3, 3));
}

/// proves MAN-7: the same take 50 times at once takes one seat
#[tokio::test]
async fn the_same_take_at_once() {
    let suite = Suite::with_seats(3).await;
    let customer = suite.in_trial().await;
    let (identity, account) = (suite.service("identity"), suite.someone().account);
    for answer in join_all((0..50).map(|_| identity.take(&customer.id, account, 1))).await {
        answer.unwrap();
    }
    assert_eq!(suite.seats(&customer.id).await, (1, 1));
    assert_eq!(suite.history(&customer.id).await.len(), 2 + 1);
}

/// proves MAN-1, BIL-6: a seat needs Nulab Pass at that moment; what was done before stays done, and
/// freeing always works
#[tokio::test]
async fn a_seat_needs_nulab_pass() {
    let suite = Suite::start().await;
    let identity = suite.service("identity");
    let never = suite.customer();
    let account = suite.someone().account;
    let refused = identity.take(&never.id, account, 1).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::NulabPassNeeded));
    never.visitor.apply(suite.application(&never)).await.unwrap();
    assert_eq!(reason(identity.take(&never.id, account, 1).await), ErrorReason::NulabPassNeeded);
    assert_eq!(suite.count("seats").await, 0);

    let customer = suite.in_trial().await;
    let id = customer.id.as_str();
    suite.clock.advance(Duration::days(30) - Duration::MICROSECOND);
    identity.take(id, account, 1).await.unwrap();
    suite.clock.advance(Duration::MICROSECOND);
    let refused = identity.take(id, suite.someone().account, 1).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::NulabPassEnded));
    assert_eq!(reason(identity.take(id, account, 2).await), ErrorReason::NulabPassEnded);
    identity.take(id, account, 1).await.unwrap();
    assert_eq!(suite.seats(id).await, (1, 1));
    identity.free(id, account, 2).await.unwrap();
    assert_eq!(suite.seats(id).await, (0, 0));
    assert_eq!(reason(identity.take(id, account, 3).await), ErrorReason::NulabPassEnded);
}

/// proves MAN-7: an attempt that was undone before there was Nulab Pass stays undone
#[tokio::test]
async fn a_tombstone_without_nulab_pass() {
    let suite = Suite::start().await;
    let (identity, customer) = (suite.service("identity"), suite.customer());
    let account = suite.someone().account;
    identity.free(&customer.id, account, 1).await.unwrap();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    suite.operator().approve(&applied.application_id).await.unwrap();
    assert_eq!(reason(identity.take(&customer.id, account, 1).await), ErrorReason::AttemptSuperseded);
    identity.take(&customer.id, account, 2).await.unwrap();
    assert_eq!(suite.seats(&customer.id).await, (1, 1));
}

/// What is said of an account in one organization touches nothing of another.
#[tokio::test]
async fn organizations_are_apart() {
    let suite = Suite::with_seats(1).await;
    let (one, other) = (suite.in_trial().await, suite.in_trial().await);
    let (identity, account) = (suite.service("identity"), suite.someone().account);
    identity.take(&one.id, account, 1).await.unwrap();
    identity.free(&other.id, account, 9).await.unwrap();
    assert_eq!((suite.seats(&one.id).await, suite.seats(&other.id).await), ((1, 1), (0, 0)));
    identity.take(&one.id, account, 1).await.unwrap();
    identity.take(&other.id, suite.someone().account, 1).await.unwrap();
    identity.free(&one.id, account, 2).await.unwrap();
    assert_eq!((suite.seats(&one.id).await, suite.seats(&other.id).await), ((0, 0), (1, 1)));
    assert_eq!(suite.history(&other.id).await.len(), 2 + 1);
}

/// proves MAN-7: the database itself has no more seats than there are
#[tokio::test]
async fn the_database_counts_too() {
    let suite = Suite::with_seats(1).await;
    suite.in_trial().await;
    for used in [-1, 2] {
        let change = sqlx::query("UPDATE subscriptions SET seats_used = $1").bind(used);
        let refused = change.execute(&suite.database.pool).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().constraint(), Some("subscriptions_seats"));
    }
}
