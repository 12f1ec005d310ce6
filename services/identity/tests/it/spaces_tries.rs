//! How often a space's password may be tried (SPC-2), and what is no request at all.

use crate::{
    spaces::{connect, why, wrong},
    suite::Suite,
};
use pass_mesh::Failure;
use pass_proto::{errors::v1::ErrorReason, identity::v1::*, types::v1::Product};
use pass_testkit::wait_for;
use pass_types::Kind;
use std::{sync::Arc, time::Duration};
use tokio::sync::Barrier;

const MINUTE: Duration = Duration::from_mins(1);

async fn suite() -> Suite {
    let suite = Suite::start().await;
    suite.backlog.found("old-works", &["taro", "jiro"]);
    suite.backlog.found("harbour", &["taro"]);
    suite
}

fn field(answer: Result<impl Sized, Failure>) -> (ErrorReason, String) {
    let failure = answer.err().expect("bad input was taken");
    (failure.reason, failure.violations.into_iter().next().map(|(field, _)| field).unwrap_or_default())
}

/// proves SPC-2: five wrong tries lock the pair of account and space user for 15 minutes, over a restart, and
/// nothing else
#[tokio::test]
async fn five_wrong_tries_lock_the_pair() {
    let suite = suite().await;
    let (user, other) = (suite.user("taro@example.com").await, suite.user("other@example.com").await);
    let console = suite.console_as(&user);
    let refused = why(console.connect_space(wrong("old-works", "taro")).await);
    assert_eq!(refused, ErrorReason::SpaceCredentialsInvalid);
    for spelling in ["Taro", "TARO", "ｔａｒｏ", "taro"] {
        suite.clock.advance(MINUTE);
        let refused = console.connect_space(wrong("old-works", spelling)).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.reason),
            (Kind::InvalidInput, ErrorReason::SpaceCredentialsInvalid)
        );
    }
    let checks = suite.backlog.state().checks;
    let suite = suite.restarted(|_| {}).await;
    wait_for(async || suite.context.health.is_complete()).await;
    suite.clock.advance(5 * MINUTE);
    // Tokens last five minutes.
    let console = suite.console_as(&user);
    let refused = console.connect_space(connect("old-works", "taro")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
    assert_eq!(refused.retry_after, Some(10 * MINUTE));
    assert_eq!(suite.backlog.state().checks, checks, "the product is not even asked");

    console.connect_space(connect("harbour", "taro")).await.expect("another space");
    suite.console_as(&other).connect_space(connect("old-works", "taro")).await.expect("another account");
    suite.clock.advance(Duration::from_secs(599));
    let console = suite.console_as(&user);
    let other_user = why(console.connect_space(wrong("old-works", "jiro")).await);
    assert_eq!(other_user, ErrorReason::SpaceCredentialsInvalid, "another user of the space");
    assert_eq!(why(console.connect_space(wrong("old-works", "taro")).await), ErrorReason::RateLimited);
    suite.clock.advance(Duration::from_secs(1));
    for _ in 0..5 {
        let refused = why(console.connect_space(wrong("old-works", "taro")).await);
        assert_eq!(refused, ErrorReason::SpaceCredentialsInvalid);
    }
    assert_eq!(why(console.connect_space(wrong("old-works", "taro")).await), ErrorReason::RateLimited);
}

/// proves SPC-2: what was right starts the count anew
#[tokio::test]
async fn a_right_try_clears_the_wrong_ones() {
    let suite = suite().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    for _ in 0..3 {
        for _ in 0..4 {
            let refused = why(console.connect_space(wrong("old-works", "taro")).await);
            assert_eq!(refused, ErrorReason::SpaceCredentialsInvalid);
        }
        console.connect_space(connect("old-works", "taro")).await.unwrap();
    }
}

/// proves SPC-2: of many tries at once, in two replicas, no more than five reach the product
#[tokio::test(flavor = "multi_thread")]
async fn tries_at_once_do_not_get_round_the_lock() {
    let suite = suite().await;
    let user = suite.user("taro@example.com").await;
    let consoles = [suite.console_as(&user), suite.console_at_replica(&user).await];
    // Each check waits until five are under way: they can't come one after the other.
    suite.backlog.state().together = Some(Arc::new(Barrier::new(5)));
    let tries = (0..20).map(|i| consoles[i % 2].connect_space(wrong("old-works", "taro")));
    let reasons: Vec<_> = futures::future::join_all(tries).await.into_iter().map(why).collect();
    let count = |wanted| reasons.iter().filter(|reason| **reason == wanted).count();
    assert_eq!(count(ErrorReason::SpaceCredentialsInvalid), 5, "{reasons:?}");
    assert_eq!(count(ErrorReason::RateLimited), 15, "{reasons:?}");
    assert_eq!(suite.backlog.state().checks, 5);
}

/// proves SPC-2: one space user can't be guessed with many accounts, nor many space users from one network
#[tokio::test]
async fn wide_limits() {
    let suite = Suite::with(|config| {
        config.limits.space_tries_per_user = 3;
        config.limits.space_tries_per_network = 6;
    })
    .await;
    suite.backlog.found("old-works", &["taro", "jiro"]);
    let mut users = Vec::new();
    for number in 0..4 {
        users.push(suite.user(&format!("user{number}@example.com")).await);
    }
    for user in &users[..3] {
        let refused = why(suite.console_as(user).connect_space(wrong("old-works", "taro")).await);
        assert_eq!(refused, ErrorReason::SpaceCredentialsInvalid);
    }
    let last = suite.console_as(&users[3]);
    let refused = last.connect_space(connect("old-works", "taro")).await.unwrap_err();
    assert_eq!((refused.reason, refused.retry_after), (ErrorReason::RateLimited, Some(20 * MINUTE)));
    last.connect_space(connect("old-works", "jiro")).await.expect("another user of the space");
    // What was right did not count for the network: three are left.
    for space in ["a", "b", "c"] {
        assert_eq!(why(last.connect_space(wrong(space, "taro")).await), ErrorReason::SpaceUnknown);
    }
    assert_eq!(why(last.connect_space(wrong("d", "taro")).await), ErrorReason::RateLimited);
    suite.clock.advance(10 * MINUTE);
    let last = suite.console_as(&users[3]);
    assert_eq!(why(last.connect_space(wrong("d", "taro")).await), ErrorReason::SpaceUnknown);
}

/// proves SPC-1, SPC-2, AUD-1: each refusal is told, once, with its reason; and never what was typed
#[tokio::test]
async fn refusals_are_told() {
    use pass_proto::events::v1::envelope::Payload;
    let suite = suite().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    let before = suite.events().await.len();
    suite.backlog.switch("harbour", false);
    for wish in [wrong("nowhere", "taro"), connect("harbour", "taro"), wrong("old-works", "taro")] {
        console.connect_space(wish).await.unwrap_err();
    }
    let told = suite.events().await.split_off(before);
    let reasons: Vec<_> = told
        .iter()
        .map(|event| event.outcome.as_ref().map(|it| it.refused_because.as_str()).unwrap_or_default())
        .collect();
    assert_eq!(reasons, ["SPACE_UNKNOWN", "SPACE_CLOSED", "SPACE_CREDENTIALS_INVALID"]);
    assert!(told.iter().all(|event| matches!(event.payload, Some(Payload::SpaceConnectRefused(_)))));
    let text = format!("{told:?}");
    assert!(!text.contains("not the password") && !text.contains("\"taro\""), "{text}");
}

/// Each field of each request: a documented refusal, and nothing changed.
#[tokio::test]
async fn bad_input() {
    let suite = suite().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    let events = suite.events().await.len();
    let good = || connect("old-works", "taro");
    let huge = "x".repeat(1 << 20);
    for (request, wanted) in [
        (ConnectSpaceRequest::default(), "product"),
        (ConnectSpaceRequest { product: 99, ..good() }, "product"),
        (ConnectSpaceRequest { product: Product::Typetalk.into(), ..good() }, "product"),
        (ConnectSpaceRequest { space_id: String::new(), ..good() }, "space_id"),
        (ConnectSpaceRequest { space_id: "Old-Works".to_owned(), ..good() }, "space_id"),
        (ConnectSpaceRequest { space_id: "a".repeat(65), ..good() }, "space_id"),
        (ConnectSpaceRequest { space_id: "a\0".to_owned(), ..good() }, "space_id"),
        (ConnectSpaceRequest { space_id: huge.clone(), ..good() }, "space_id"),
        (ConnectSpaceRequest { user_id: String::new(), ..good() }, "user_id"),
        (ConnectSpaceRequest { user_id: "ta\0ro".to_owned(), ..good() }, "user_id"),
        (ConnectSpaceRequest { user_id: "taro\r\n".to_owned(), ..good() }, "user_id"),
        (ConnectSpaceRequest { user_id: huge.clone(), ..good() }, "user_id"),
        (ConnectSpaceRequest { password: String::new(), ..good() }, "password"),
        (ConnectSpaceRequest { password: "a\0b".to_owned(), ..good() }, "password"),
        (ConnectSpaceRequest { password: huge.clone(), ..good() }, "password"),
    ] {
        let refused = field(console.connect_space(request).await);
        assert_eq!(refused, (ErrorReason::InvalidArgument, wanted.to_owned()));
    }
    assert_eq!(suite.backlog.state().checks, 0);
    assert_eq!(suite.events().await.len(), events);

    let link = console.connect_space(good()).await.unwrap().space_link.unwrap();
    for (space_link_id, profile, wanted) in [
        (link.space_link_id.clone(), 0, "profile"),
        (link.space_link_id.clone(), 99, "profile"),
        ("nonsense".to_owned(), 1, "space_link_id"),
        (huge.clone(), 1, "space_link_id"),
    ] {
        let request = UpdateMySpaceLinkRequest { space_link_id, profile };
        let refused = field(console.update_my_space_link(request).await);
        assert_eq!(refused, (ErrorReason::InvalidArgument, wanted.to_owned()));
    }
    let refused = console.disconnect_space(DisconnectSpaceRequest { space_link_id: "x".to_owned() }).await;
    assert_eq!(field(refused), (ErrorReason::InvalidArgument, "space_link_id".to_owned()));
    let product = suite.product_as("backlog", &user, None);
    for space_id in [String::new(), "Old".to_owned(), "a".repeat(65), "a\0".to_owned(), huge.clone()] {
        let refused = product.resolve_space_user(ResolveSpaceUserRequest { space_id }).await;
        assert_eq!(field(refused), (ErrorReason::InvalidArgument, "space_id".to_owned()));
    }
    let many = vec!["old-works:taro".to_owned(); 101];
    for space_user_ids in [many, vec![huge], vec!["a\0b".to_owned()], vec![String::new()]] {
        let request = BatchGetSpaceLinksRequest { space_id: "old-works".to_owned(), space_user_ids };
        let refused = suite.product("backlog").batch_get_space_links(request).await;
        assert_eq!(field(refused), (ErrorReason::InvalidArgument, "space_user_ids".to_owned()));
    }
}
