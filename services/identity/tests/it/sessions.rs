//! Sessions (ACC-12) and how their end is told (API-5).

use crate::suite::{Suite, User};
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{envelope::Payload, session_ended::Cause},
    identity::v1::*,
};
use pass_testkit::wait_for;
use pass_types::{AccountId, Kind, Secret};
use time::Duration;

fn resolve(user: &User) -> ResolveSessionRequest {
    ResolveSessionRequest { token: user.token.clone() }
}

fn get(user: &User) -> GetSessionRequest {
    GetSessionRequest { session_id: user.session.to_string(), used: false }
}

fn end(user: &User) -> EndMySessionRequest {
    EndMySessionRequest { session_id: user.session.to_string() }
}

/// Which sessions of the account were told to have ended, and why.
async fn ended(suite: &Suite, account: AccountId) -> Vec<(String, Cause)> {
    let told = suite.events_of(account).await.into_iter();
    let ended = told.filter_map(|payload| match payload {
        Payload::SessionEnded(it) => Some((it.session_id.clone(), it.cause())),
        _ => None,
    });
    ended.collect()
}

/// What a new session is; of its token only a hash is kept.
#[tokio::test]
async fn a_session_is_known_by_its_token() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let session = suite.gateway_anonymous().resolve_session(resolve(&user)).await.unwrap().session.unwrap();
    assert_eq!(session.session_id, user.session.to_string());
    assert_eq!(session.methods, ["pwd"]);
    assert_eq!((session.address.as_str(), session.user_agent.as_str()), ("192.0.2.1", "Browser/1.0"));
    let life = session.expire_time.unwrap().seconds - session.create_time.unwrap().seconds;
    assert_eq!(life, 12 * 60 * 60);
    let stored: Vec<u8> =
        sqlx::query_scalar("SELECT token_hash FROM sessions").fetch_one(&suite.database.pool).await.unwrap();
    assert_eq!(stored, user.token.parse::<Secret>().unwrap().hash().as_bytes());
}

/// proves ACC-12, API-5: 30 minutes without use end a session, by the clock at once, and by event soon
#[tokio::test]
async fn idle_sessions_end() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let (browser, system) = (suite.gateway_anonymous(), suite.system("gateway"));
    suite.clock.advance(Duration::minutes(29));
    browser.resolve_session(resolve(&user)).await.unwrap();
    suite.clock.advance(Duration::minutes(29));
    system.get_session(get(&user)).await.unwrap();
    assert!(ended(&suite, user.account).await.is_empty());
    suite.clock.advance(Duration::minutes(1));
    let by_token = browser.resolve_session(resolve(&user)).await.unwrap_err();
    let by_id = system.get_session(get(&user)).await.unwrap_err();
    assert_eq!([by_token.reason, by_id.reason], [ErrorReason::SessionEnded; 2], "GetSession is no use");
    wait_for(async || !ended(&suite, user.account).await.is_empty()).await;
    assert_eq!(ended(&suite, user.account).await, [(user.session.to_string(), Cause::Expired)]);
    suite.clock.advance(Duration::hours(25));
    wait_for(async || suite.count("SELECT count(*) FROM sessions").await == 0).await;
    assert_eq!(ended(&suite, user.account).await.len(), 1);
}

/// proves ACC-12: who works in a product only, which refreshes its tokens, is not idle
#[tokio::test]
async fn a_refresh_is_a_use() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    for _ in 0..4 {
        suite.clock.advance(Duration::minutes(20));
        suite.system("gateway").get_session(GetSessionRequest { used: true, ..get(&user) }).await.unwrap();
    }
    assert!(ended(&suite, user.account).await.is_empty());
}

/// proves ACC-12: a session ends after 12 h, however much it is used
#[tokio::test]
async fn no_session_is_for_ever() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    for _ in 0..(12 * 3 - 1) {
        suite.clock.advance(Duration::minutes(20));
        suite.gateway_anonymous().resolve_session(resolve(&user)).await.unwrap();
    }
    suite.clock.advance(Duration::minutes(20));
    let refused = suite.gateway_anonymous().resolve_session(resolve(&user)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SessionEnded);
}

/// A use is written once a minute.
#[tokio::test]
async fn uses_are_written_sparingly() {
    let suite = Suite::start().await;
    let (user, began) = (
        suite.user("taro@example.com").await,
        suite.count("SELECT extract(epoch FROM created_at)::bigint FROM sessions").await,
    );
    for (advance, written) in [(59, 0), (1, 60), (59, 60), (30, 149)] {
        suite.clock.advance(Duration::seconds(advance));
        suite.gateway_anonymous().resolve_session(resolve(&user)).await.unwrap();
        let last = suite.count("SELECT extract(epoch FROM last_used_at)::bigint FROM sessions").await;
        assert_eq!(last - began, written);
    }
}

/// proves API-5: signing out ends the session and tells it, once
#[tokio::test]
async fn signing_out() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let gateway = suite.gateway_anonymous();
    for _ in 0..2 {
        gateway.sign_out(SignOutRequest { token: user.token.clone() }).await.unwrap();
        assert_eq!(
            gateway.resolve_session(resolve(&user)).await.unwrap_err().reason,
            ErrorReason::SessionEnded
        );
    }
    assert_eq!(ended(&suite, user.account).await, [(user.session.to_string(), Cause::SignedOut)]);
    assert_eq!(suite.count("SELECT count(*) FROM outbox WHERE lane = 0").await, 1, "in the revocation lane");
}

/// proves ACC-12: the owner sees the live sessions, latest first, page by page; nobody else's
#[tokio::test]
async fn listing() {
    let suite = Suite::start().await;
    let stranger = suite.user("jiro@example.com").await;
    let mut expected = vec![suite.user("taro@example.com").await];
    for _ in 0..4 {
        expected.insert(0, suite.sign_in("taro@example.com").await);
    }
    let owner = suite.console_as(&expected[2]);
    let expected: Vec<_> = expected.iter().map(|user| user.session.to_string()).collect();
    for page_size in [0, 1, 2, 5, 100] {
        let (mut seen, mut page_token) = (Vec::new(), String::new());
        loop {
            let page = owner.list_my_sessions(ListMySessionsRequest { page_size, page_token }).await.unwrap();
            seen.extend(page.sessions.into_iter().map(|session| session.session_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, expected);
    }
    assert!(!expected.contains(&stranger.session.to_string()));
    suite.clock.advance(Duration::minutes(31));
    let fresh = suite.sign_in("taro@example.com").await;
    let left = suite.console_as(&fresh).list_my_sessions(ListMySessionsRequest::default()).await.unwrap();
    assert_eq!(left.sessions.len(), 1, "what is over by the clock is not shown");
}

/// proves ACC-12, API-5: the owner ends one session; somebody else's is not found
#[tokio::test]
async fn ending_one() {
    let suite = Suite::start().await;
    let (first, stranger) = (suite.user("taro@example.com").await, suite.user("jiro@example.com").await);
    let second = suite.sign_in("taro@example.com").await;
    let refused = suite.console_as(&first).end_my_session(end(&stranger)).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::NotFound, ErrorReason::NotFound));
    suite.gateway_anonymous().resolve_session(resolve(&stranger)).await.unwrap();
    for _ in 0..2 {
        suite.console_as(&first).end_my_session(end(&second)).await.unwrap();
    }
    let over = suite.gateway_anonymous().resolve_session(resolve(&second)).await.unwrap_err();
    assert_eq!(over.reason, ErrorReason::SessionEnded);
    suite.gateway_anonymous().resolve_session(resolve(&first)).await.unwrap();
    assert_eq!(ended(&suite, first.account).await, [(second.session.to_string(), Cause::EndedByOwner)]);
}

/// proves ACC-12, API-5: all others end, each is told; the calling one and other people's are untouched
#[tokio::test]
async fn ending_all_others() {
    let suite = Suite::start().await;
    let (mine, stranger) = (suite.user("taro@example.com").await, suite.user("jiro@example.com").await);
    let others = [suite.sign_in("taro@example.com").await, suite.sign_in("taro@example.com").await];
    let console = suite.console_as(&mine);
    let answer = console.end_my_other_sessions(EndMyOtherSessionsRequest {}).await.unwrap();
    assert_eq!(answer.ended_count, 2);
    let again = console.end_my_other_sessions(EndMyOtherSessionsRequest {}).await.unwrap();
    assert_eq!(again.ended_count, 0);
    for spared in [&mine, &stranger] {
        suite.gateway_anonymous().resolve_session(resolve(spared)).await.unwrap();
    }
    let mut told = ended(&suite, mine.account).await;
    told.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(told, others.map(|it| (it.session.to_string(), Cause::EndedByOwner)));
}

/// A session that many end at once ends once, and is told once.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_once() {
    let suite = Suite::start().await;
    let mine = suite.user("taro@example.com").await;
    let (console, gateway) = (suite.console_as(&mine), suite.gateway_anonymous());
    for round in 1..=5 {
        let other = suite.sign_in("taro@example.com").await;
        let sign_outs = (0..8).map(|_| gateway.sign_out(SignOutRequest { token: other.token.clone() }));
        let (one, all, outs) = tokio::join!(
            console.end_my_session(end(&other)),
            console.end_my_other_sessions(EndMyOtherSessionsRequest {}),
            futures::future::join_all(sign_outs),
        );
        assert!(one.is_ok() && all.is_ok() && outs.iter().all(Result::is_ok));
        assert_eq!(ended(&suite, mine.account).await.len(), round);
    }
}
