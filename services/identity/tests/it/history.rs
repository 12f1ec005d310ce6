//! The login history and security events, as their owner sees them (ACC-11).

use crate::{
    guessing::device,
    suite::{PASSWORD, Suite, User, credentials},
};
use pass_proto::{errors::v1::ErrorReason, identity::v1::*};
use pass_testkit::wait_for;
use pass_types::Clock;
use time::Duration;

const TARO: &str = "taro@example.com";

/// Signs in for a product.
fn for_product(password: &str, product: &str) -> SignInRequest {
    let visit = Some(Visit { device_token: device(1), product: product.to_owned() });
    SignInRequest { visit, ..credentials(TARO, password) }
}

async fn logins(suite: &Suite, user: &User, page_size: i32) -> Vec<LoginHistoryEntry> {
    let console = suite.console_as(user);
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListMyLoginHistoryRequest { page_size, page_token };
        let page = console.list_my_login_history(request).await.unwrap();
        assert!(page.entries.len() <= usize::try_from(page_size).unwrap());
        seen.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return seen;
        }
    }
}

async fn events(suite: &Suite, user: &User, page_size: i32) -> Vec<String> {
    let console = suite.console_as(user);
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListMySecurityEventsRequest { page_size, page_token };
        let page = console.list_my_security_events(request).await.unwrap();
        seen.extend(page.events.into_iter().map(|event| event.kind));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return seen;
        }
    }
}

/// Puts things into an account's past.
async fn ago(suite: &Suite, user: &User, days: i64, kind: &str) {
    let at = suite.clock.now() - Duration::days(days);
    for query in [
        "INSERT INTO login_history (id, account_id, at, address, user_agent, method) VALUES ($1, $2, $3, '', '', $4)",
        "INSERT INTO security_events (id, account_id, at, address, user_agent, kind) VALUES ($1, $2, $3, '', '', $4)",
    ] {
        let id = suite.context.entropy.uuid(at);
        let query = sqlx::query(query).bind(id).bind(user.account.uuid()).bind(at).bind(kind);
        query.execute(&suite.database.pool).await.unwrap();
    }
}

/// proves ACC-11: the owner sees each try with time, address, user agent, product, method and outcome, latest first;
/// nobody else's
#[tokio::test]
async fn the_login_history() {
    let suite = Suite::start().await;
    let (user, stranger) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    let gateway = suite.gateway_from("198.51.100.7", "Browser/2.0");
    suite.clock.advance(Duration::MINUTE);
    gateway.sign_in(for_product("not the password", "Backlog")).await.unwrap_err();
    suite.clock.advance(Duration::MINUTE);
    gateway.sign_in(for_product(PASSWORD, "ヌーラボ Cacoo")).await.unwrap();
    for page_size in [1, 2, 3, 100] {
        let seen = logins(&suite, &user, page_size).await;
        let short: Vec<_> = seen
            .iter()
            .map(|it| {
                let LoginHistoryEntry { time: _, address, user_agent, product, method, refused_because } = it;
                [address, user_agent, product, method, refused_because].map(String::as_str)
            })
            .collect();
        assert_eq!(
            short,
            [
                ["198.51.100.7", "Browser/2.0", "ヌーラボ Cacoo", "pwd", ""],
                ["198.51.100.7", "Browser/2.0", "Backlog", "pwd", "CREDENTIALS_INVALID"],
                ["192.0.2.1", "Browser/1.0", "", "pwd", ""],
            ]
        );
        let times: Vec<_> = seen.iter().map(|it| it.time.unwrap().seconds).collect();
        assert_eq!((times[0] - times[1], times[1] - times[2]), (60, 60));
    }
    assert_eq!(logins(&suite, &stranger, 10).await.len(), 1);
}

/// proves ACC-11: the owner sees what changed the account's safety, latest first; nobody else's
#[tokio::test]
async fn the_security_events() {
    let suite = Suite::start().await;
    let (user, stranger) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    for (days, kind) in [(3, "password_changed"), (2, "email_changed"), (1, "a_later_versions")] {
        ago(&suite, &user, days, kind).await;
    }
    suite.clock.advance(Duration::SECOND);
    suite.sign_in(TARO).await;
    suite.clock.advance(Duration::SECOND);
    suite.console_as(&user).end_my_other_sessions(EndMyOtherSessionsRequest {}).await.unwrap();
    for page_size in [1, 2, 4, 100] {
        assert_eq!(
            events(&suite, &user, page_size).await,
            [
                "other_sessions_ended",
                "new_device",
                "new_device",
                "a_later_versions",
                "email_changed",
                "password_changed"
            ]
        );
    }
    assert_eq!(events(&suite, &stranger, 10).await, ["new_device"]);
}

/// Bad input: page tokens of other lists and of other accounts, changed ones, and sizes beyond the limit.
#[tokio::test]
async fn pages_that_there_are_not() {
    let suite = Suite::start().await;
    let (user, stranger) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    for days in 1..=3 {
        for somebody in [&user, &stranger] {
            ago(&suite, somebody, days, "pwd").await;
        }
    }
    let (console, other) = (suite.console_as(&user), suite.console_as(&stranger));
    let login = |page_size, page_token: &str| ListMyLoginHistoryRequest {
        page_size,
        page_token: page_token.to_owned(),
    };
    let event = |page_size, page_token: &str| ListMySecurityEventsRequest {
        page_size,
        page_token: page_token.to_owned(),
    };
    let of_logins = console.list_my_login_history(login(1, "")).await.unwrap().next_page_token;
    let of_events = console.list_my_security_events(event(1, "")).await.unwrap().next_page_token;
    let of_others = other.list_my_login_history(login(1, "")).await.unwrap().next_page_token;
    let of_others_events = other.list_my_security_events(event(1, "")).await.unwrap().next_page_token;
    console.list_my_login_history(login(100, &of_logins)).await.unwrap();
    console.list_my_security_events(event(100, &of_events)).await.unwrap();
    let (short, long) = (of_logins[1..].to_owned(), "A".repeat(1 << 20));
    for token in [&of_events, &of_others, &short, &long, "AAAAAAAAAAAAAAAAAAAAAA", "a\0b"] {
        let refused = console.list_my_login_history(login(0, token)).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::PageTokenInvalid);
        assert_eq!(refused.violations[0].0, "page_token");
    }
    for token in [&of_logins, &of_others_events, &of_others, &short, &long] {
        let refused = console.list_my_security_events(event(0, token)).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::PageTokenInvalid);
    }
    for size in [-1, 101, i32::MIN, i32::MAX] {
        for refused in [
            console.list_my_login_history(login(size, "")).await.err(),
            console.list_my_security_events(event(size, "")).await.err(),
        ] {
            let refused = refused.unwrap();
            assert_eq!(refused.reason, ErrorReason::InvalidArgument, "{size}");
            assert_eq!(refused.violations[0].0, "page_size");
        }
    }
}

/// Bad input: a product's name is one short line.
#[tokio::test]
async fn odd_names_of_products() {
    let suite = Suite::start().await;
    suite.user(TARO).await;
    let gateway = suite.gateway_anonymous();
    for product in ["a\nb", "a\0b", &"x".repeat(101), &"x".repeat(1 << 20)] {
        let refused = gateway.sign_in(for_product(PASSWORD, product)).await.unwrap_err();
        assert_eq!(
            (refused.reason, refused.violations[0].0.as_str()),
            (ErrorReason::InvalidArgument, "visit.product")
        );
    }
}

/// proves ACC-11: 13 months, to the owner at once and in the database soon; what is younger stays, and others' too
#[tokio::test]
async fn thirteen_months() {
    let suite = Suite::start().await;
    let (user, stranger) = (suite.user(TARO).await, suite.user("jiro@example.com").await);
    let kept = 13 * 31;
    for (days, kind) in [(kept + 1, "old"), (kept - 1, "young")] {
        for somebody in [&user, &stranger] {
            ago(&suite, somebody, days, kind).await;
        }
    }
    let methods = logins(&suite, &user, 10).await.into_iter().map(|it| it.method);
    assert_eq!(methods.collect::<Vec<_>>(), ["pwd", "young"]);
    assert_eq!(events(&suite, &user, 10).await, ["new_device", "young"]);
    let left = async || {
        let logins = suite.count("SELECT count(*) FROM login_history").await;
        (logins, suite.count("SELECT count(*) FROM security_events").await)
    };
    wait_for(async || left().await == (4, 4)).await;
    suite.rounds_of_jobs().await;
    assert_eq!(left().await, (4, 4));
}
