//! What must hold when callers go away, and how events leave the service.

use crate::suite::{PASSWORD, Suite, credentials, must_be_gapless, wish};
use pass_events::{Consumer, Handler, HandlerError};
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{Envelope, envelope::Payload},
    identity::v1::*,
};
use pass_testkit::wait_for;
use pass_types::Kind;
use sqlx::{Postgres, Transaction};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Callers that go away leave nothing half-done: no transaction open, no change without its event
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_go_away() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let (gateway, console) = (suite.gateway_anonymous(), suite.console_as(&user));
    let calls = (0..1000_u32).map(|i| {
        let (gateway, console, token) = (gateway.clone(), console.clone(), user.token.clone());
        let patience = Duration::from_micros(u64::from(i % 250) * 40);
        async move {
            let call = async {
                match i % 4 {
                    0 => drop(gateway.request_sign_up(wish(&format!("user{i}@example.com"))).await),
                    1 => drop(gateway.sign_in(credentials("taro@example.com", PASSWORD)).await),
                    2 => drop(console.end_my_other_sessions(EndMyOtherSessionsRequest {}).await),
                    _ => drop(gateway.resolve_session(ResolveSessionRequest { token }).await),
                }
            };
            tokio::time::timeout(patience, call).await.is_err()
        }
    });
    let calls = futures::StreamExt::buffer_unordered(futures::stream::iter(calls), 16);
    let gone = futures::StreamExt::collect::<Vec<_>>(calls).await.into_iter().filter(|gone| *gone).count();
    assert!(gone > 100, "only {gone} went away");

    let at_work = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = 'identity' AND state <> 'idle'";
    wait_for(async || suite.count(at_work).await == 0).await;
    console.end_my_other_sessions(EndMyOtherSessionsRequest {}).await.unwrap();
    let sign_ups = suite.count("SELECT count(*) FROM sign_ups").await;
    assert_eq!(usize::try_from(sign_ups).unwrap(), suite.sign_ups().await.len() - 1, "one was completed");
    // Who was just having a password hashed is at work, too, and comes after the look.
    wait_for(async || {
        console.end_my_other_sessions(EndMyOtherSessionsRequest {}).await.unwrap();
        let sessions = suite.count("SELECT count(*) FROM sessions").await;
        let ended = suite.count("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL").await;
        let told = suite.events_of(user.account).await;
        let count = |wanted: fn(&Payload) -> bool| {
            i64::try_from(told.iter().filter(|it| wanted(it)).count()).unwrap()
        };
        let of_sessions = count(|it| matches!(it, Payload::SignedIn(_))) == sessions
            && count(|it| matches!(it, Payload::SessionEnded(_))) == ended;
        // None, where so many began at once that the oldest had to end: the one that ends the others.
        of_sessions && sessions - ended <= 1
    })
    .await;
}

struct Heard(Arc<Mutex<Vec<Envelope>>>);

impl Handler for Heard {
    async fn handle(&self, _: &mut Transaction<'_, Postgres>, event: &Envelope) -> Result<(), HandlerError> {
        self.0.lock().unwrap().push(event.clone());
        Ok(())
    }
}

/// proves API-5: the others hear what happened, each key in order, without gaps
#[tokio::test]
async fn events_arrive_in_order() {
    let suite = Suite::start().await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (pool, broker) = (suite.database.pool.clone(), suite.config.broker.clone());
    let listener =
        Consumer::new(pool, broker, "listener", &["identity.#"], Heard(heard.clone()), &suite.context);
    listener.unwrap().spawn();
    wait_for(async || suite.context.health.is_complete()).await;

    let user = suite.user("taro@example.com").await;
    for _ in 0..10 {
        let other = suite.sign_in("taro@example.com").await;
        suite.gateway_anonymous().sign_out(SignOutRequest { token: other.token }).await.unwrap();
    }
    let count = suite.events().await.len();
    wait_for(async || heard.lock().unwrap().len() == count).await;
    let heard = heard.lock().unwrap();
    must_be_gapless(&heard);
    let of_the_account = heard.iter().filter(|it| it.key == format!("account/{}", user.account));
    assert_eq!(of_the_account.count(), 12, "made, signed in eleven times");
    let ends = heard.iter().filter(|it| matches!(it.payload, Some(Payload::SessionEnded(_))));
    assert_eq!(ends.count(), 10);
}

/// While the database is away a call says so, and the next ones work when it is back.
#[tokio::test]
async fn a_database_that_goes_away() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let resolve = || ResolveSessionRequest { token: user.token.clone() };
    suite.database.allow_connections(false).await;
    suite.database.cut().await;
    let refused = suite.gateway_anonymous().resolve_session(resolve()).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Unavailable, ErrorReason::Unavailable));
    wait_for(async || !suite.context.health.is_complete()).await;
    suite.database.allow_connections(true).await;
    wait_for(async || suite.gateway_anonymous().resolve_session(resolve()).await.is_ok()).await;
    wait_for(async || suite.context.health.is_complete()).await;
}
