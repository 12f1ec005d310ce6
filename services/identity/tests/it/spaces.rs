//! Legacy spaces (SPC), with real products' servers on the mesh.

use crate::{
    role::Role,
    standins::Fault,
    suite::{Suite, User},
};
use pass_mesh::{Failure, Peer};
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{SpaceLinkChanged, envelope::Payload},
    identity::v1::*,
    types::v1::Product,
};
use pass_types::{Actor, Kind, Origin};
use std::time::Duration;
use tokio::time::Instant;

/// A wish to connect with the password that the stand-in's users have.
pub fn connect(space: &str, user: &str) -> ConnectSpaceRequest {
    ConnectSpaceRequest {
        product: Product::Backlog.into(),
        space_id: space.to_owned(),
        user_id: user.to_owned(),
        password: format!("{user} password"),
        use_account_information: true,
    }
}

/// The same with a password that is nobody's.
pub fn wrong(space: &str, user: &str) -> ConnectSpaceRequest {
    ConnectSpaceRequest { password: "not the password".to_owned(), ..connect(space, user) }
}

/// Why something was refused.
pub fn why<T>(answer: Result<T, Failure>) -> ErrorReason {
    answer.err().expect("it was not refused").reason
}

async fn links(console: &Role) -> Vec<SpaceLink> {
    console.list_my_space_links(ListMySpaceLinksRequest {}).await.unwrap().space_links
}

async fn resolve(suite: &Suite, user: &User, space: &str) -> Result<ResolveSpaceUserResponse, Failure> {
    let request = ResolveSpaceUserRequest { space_id: space.to_owned() };
    suite.product_as("backlog", user, None).resolve_space_user(request).await
}

async fn suite() -> Suite {
    let suite = Suite::start().await;
    suite.backlog.found("old-works", &["taro", "jiro"]);
    suite.backlog.found("harbour", &["taro.yamada"]);
    suite
}

/// The user ids that are told with a space's name and address.
async fn shown(suite: &Suite, users: &[&str]) -> Vec<ConnectedUser> {
    let space_user_ids = users.iter().map(|user| format!("old-works:{user}")).collect();
    let request = BatchGetSpaceLinksRequest { space_id: "old-works".to_owned(), space_user_ids };
    suite.product("backlog").batch_get_space_links(request).await.unwrap().users
}

/// proves SPC-1: while the administrators' switch is off nobody can connect, and nothing is asked about passwords
#[tokio::test]
async fn a_space_that_is_closed() {
    let suite = suite().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    suite.backlog.switch("old-works", false);
    for wish in [connect("old-works", "taro"), wrong("old-works", "taro")] {
        let refused = console.connect_space(wish).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::SpaceClosed));
    }
    assert!(links(&console).await.is_empty());
    suite.backlog.switch("old-works", true);
    console.connect_space(connect("old-works", "taro")).await.unwrap();
    suite.backlog.switch("old-works", false);
    let listed = links(&console).await.remove(0).space.unwrap();
    assert!(!listed.nulab_account_allowed, "the list says so");
}

/// proves SPC-2: the product checks the space's own password; ticked, the space shows the account's information
#[tokio::test]
async fn connecting_a_space() {
    let suite = suite().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    assert_eq!(why(resolve(&suite, &user, "old-works").await), ErrorReason::SpaceNotConnected);
    let made = console.connect_space(connect("old-works", "taro")).await.unwrap().space_link.unwrap();
    assert_eq!((made.product(), made.profile()), (Product::Backlog, SpaceProfile::Account));
    assert_eq!((made.space_id.as_str(), made.user_id.as_str()), ("old-works", "taro"));

    let asked = suite.backlog.state().callers.pop().unwrap();
    assert_eq!(asked.peer, Peer::Service("identity".to_owned()));
    assert_eq!(asked.actor, Actor::System("identity".to_owned()));
    assert_eq!(asked.origin, Origin::default(), "nothing of the person goes to the product");

    let known = resolve(&suite, &user, "old-works").await.unwrap();
    assert_eq!((known.space_user_id.as_str(), known.profile()), ("old-works:taro", SpaceProfile::Account));
    let [shown] = shown(&suite, &["taro", "jiro"]).await.try_into().unwrap();
    assert_eq!(
        (shown.space_user_id.as_str(), shown.name.as_str(), shown.email.as_str()),
        ("old-works:taro", "Taro Yamada", "taro@example.com")
    );
    let told = suite.events_of(user.account).await.pop().unwrap();
    let Payload::SpaceConnected(told) = told else { panic!("{told:?}") };
    assert_eq!((told.space_id.as_str(), told.space_user_id.as_str()), ("old-works", "old-works:taro"));
    let noted =
        "SELECT count(*) FROM security_events WHERE kind = 'space_connected' AND detail = 'old-works'";
    assert_eq!(suite.count(noted).await, 1, "the owner sees it (ACC-11)");
}

/// proves SPC-2: unticked, the space keeps showing its own profile, and the Nulab Account logs in all the same
#[tokio::test]
async fn connecting_without_account_information() {
    let suite = suite().await;
    let user = suite.user("taro@example.com").await;
    let wish = ConnectSpaceRequest { use_account_information: false, ..connect("old-works", "taro") };
    suite.console_as(&user).connect_space(wish).await.unwrap();
    assert_eq!(resolve(&suite, &user, "old-works").await.unwrap().profile(), SpaceProfile::Space);
    let [shown] = shown(&suite, &["taro"]).await.try_into().unwrap();
    assert_eq!((shown.profile(), shown.name.as_str(), shown.email.as_str()), (SpaceProfile::Space, "", ""));
}

/// proves SPC-2: who connects again what is connected gets the same link, and it is told once; the box counts each time
#[tokio::test]
async fn connecting_twice() {
    let suite = suite().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    let first = console.connect_space(connect("old-works", "taro")).await.unwrap();
    let count = suite.events().await.len();
    assert_eq!(console.connect_space(connect("old-works", "taro")).await.unwrap(), first);
    assert_eq!(suite.events().await.len(), count);

    let unticked = ConnectSpaceRequest { use_account_information: false, ..connect("old-works", "taro") };
    let again = console.connect_space(unticked).await.unwrap().space_link.unwrap();
    assert_eq!(
        (again.profile(), again.space_link_id),
        (SpaceProfile::Space, first.space_link.unwrap().space_link_id)
    );
    let [shown] = shown(&suite, &["taro"]).await.try_into().unwrap();
    assert_eq!((shown.profile(), shown.name.as_str()), (SpaceProfile::Space, ""), "it is not shown any more");
    let told = suite.events_of(user.account).await.pop();
    assert!(
        matches!(told, Some(Payload::SpaceLinkChanged(it)) if !it.account_information && it.account_login)
    );
}

/// proves SPC-3: several spaces, each by its own user ID and password, of several products; products see their own
#[tokio::test]
async fn several_spaces() {
    let suite = suite().await;
    suite.cacoo.found("old-works", &["t"]);
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    for (product, space, name) in [
        (Product::Backlog, "old-works", "taro"),
        (Product::Backlog, "harbour", "taro.yamada"),
        (Product::Cacoo, "old-works", "t"),
    ] {
        suite.clock.advance(Duration::from_millis(1));
        let wish = ConnectSpaceRequest { product: product.into(), ..connect(space, name) };
        console.connect_space(wish).await.unwrap();
    }
    let all = console.list_my_space_links(ListMySpaceLinksRequest {}).await.unwrap();
    assert_eq!(all.products().collect::<Vec<_>>(), [Product::Backlog, Product::Cacoo]);
    let listed: Vec<_> = all.space_links.iter().map(|it| (it.product(), it.space_id.as_str())).collect();
    assert_eq!(
        listed,
        [(Product::Backlog, "old-works"), (Product::Backlog, "harbour"), (Product::Cacoo, "old-works")]
    );
    let view = all.space_links[1].space.clone().unwrap();
    assert_eq!(
        (view.name.as_str(), view.sign_in_url.as_str(), view.nulab_account_allowed),
        ("Space harbour", "https://harbour.backlog.test/login", true)
    );
    for (product, spaces) in [("backlog", vec!["old-works", "harbour"]), ("cacoo", vec!["old-works"])] {
        let role = suite.product_as(product, &user, None);
        let seen = role.list_my_spaces(ListMySpacesRequest {}).await.unwrap().spaces;
        assert_eq!(seen.iter().map(|it| it.space_id.as_str()).collect::<Vec<_>>(), spaces);
    }
    let ask = |space_id: &str| ResolveSpaceUserRequest { space_id: space_id.to_owned() };
    let cacoo = suite.product_as("cacoo", &user, None);
    assert_eq!(why(cacoo.resolve_space_user(ask("harbour")).await), ErrorReason::SpaceNotConnected);
    assert_eq!(cacoo.resolve_space_user(ask("old-works")).await.unwrap().space_user_id, "old-works:t");
    let request = BatchGetSpaceLinksRequest {
        space_id: "old-works".to_owned(),
        space_user_ids: vec!["old-works:taro".to_owned()],
    };
    assert!(suite.product("cacoo").batch_get_space_links(request).await.unwrap().users.is_empty());
}

/// proves SPC-4: a space user is connected to at most one account, and a second try says so
#[tokio::test(flavor = "multi_thread")]
async fn a_space_user_belongs_to_one_account() {
    let suite = suite().await;
    let (taro, other) = (suite.user("taro@example.com").await, suite.user("other@example.com").await);
    let (one, two) = (suite.console_as(&taro), suite.console_as(&other));
    one.connect_space(connect("old-works", "taro")).await.unwrap();
    let refused = two.connect_space(connect("old-works", "taro")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::AlreadyExists, ErrorReason::SpaceUserConnected));
    // Only who knows the password is told.
    assert_eq!(
        why(two.connect_space(wrong("old-works", "taro")).await),
        ErrorReason::SpaceCredentialsInvalid
    );
    // Nor has an account two users of one space.
    assert_eq!(why(one.connect_space(connect("old-works", "jiro")).await), ErrorReason::SpaceConnected);
    two.connect_space(connect("old-works", "jiro")).await.unwrap();

    let [mine] = links(&one).await.try_into().unwrap();
    one.disconnect_space(DisconnectSpaceRequest { space_link_id: mine.space_link_id }).await.unwrap();
    for round in 0..5 {
        suite.backlog.found(&format!("race-{round}"), &["taro"]);
        let wish = || connect(&format!("race-{round}"), "taro");
        let (first, second) = tokio::join!(one.connect_space(wish()), two.connect_space(wish()));
        let reasons = [first, second].map(|it| it.err().map(|refused| refused.reason));
        let connected = Some(ErrorReason::SpaceUserConnected);
        assert!(reasons == [None, connected] || reasons == [connected, None], "{reasons:?}");
    }
    let told = suite.events().await.into_iter().filter_map(|event| event.payload);
    assert_eq!(told.filter(|it| matches!(it, Payload::SpaceConnected(_))).count(), 7);
}

/// proves SPC-5: "Use Backlog user information": the space shows its own profile, and is not logged in to with the
/// Nulab Account until that is switched back, by the console or by the space's own settings
#[tokio::test]
async fn a_space_with_users_of_its_own() {
    let suite = suite().await;
    let (user, other) = (suite.user("taro@example.com").await, suite.user("other@example.com").await);
    let (console, backlog) = (suite.console_as(&user), suite.product_as("backlog", &user, None));
    let link = console.connect_space(connect("old-works", "taro")).await.unwrap().space_link.unwrap();
    console.connect_space(connect("harbour", "taro.yamada")).await.unwrap();
    let id = link.space_link_id;
    let choose = |profile: SpaceProfile| UpdateMySpaceLinkRequest {
        space_link_id: id.clone(),
        profile: profile.into(),
    };
    let stranger = suite.console_as(&other).update_my_space_link(choose(SpaceProfile::SpaceOnly)).await;
    assert_eq!(why(stranger), ErrorReason::NotFound);

    let changed = console.update_my_space_link(choose(SpaceProfile::SpaceOnly)).await.unwrap();
    assert_eq!(changed.space_link.unwrap().profile(), SpaceProfile::SpaceOnly);
    let refused = resolve(&suite, &user, "old-works").await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::SpaceUsesOwnUsers));
    let [shown_now] = shown(&suite, &["taro"]).await.try_into().unwrap();
    assert_eq!((shown_now.profile(), shown_now.name.as_str()), (SpaceProfile::SpaceOnly, ""));
    resolve(&suite, &user, "harbour").await.expect("that space only");
    let told = suite.events_of(user.account).await;
    assert!(
        told.iter().any(|it| matches!(it, Payload::SpaceSignInRefused(it) if it.space_id == "old-works"))
    );
    let set_apart: Vec<&SpaceLinkChanged> = told
        .iter()
        .filter_map(|it| if let Payload::SpaceLinkChanged(it) = it { Some(it) } else { None })
        .collect();
    assert!(matches!(set_apart[..], [it] if !it.account_information && !it.account_login));

    // Back again, from the space's own settings: the person's token is the product's.
    let set = |space: &str, profile: SpaceProfile| SetMySpaceProfileRequest {
        space_id: space.to_owned(),
        profile: profile.into(),
    };
    let back = backlog.set_my_space_profile(set("old-works", SpaceProfile::Account)).await.unwrap();
    assert_eq!(back.space.unwrap().profile(), SpaceProfile::Account);
    assert_eq!(resolve(&suite, &user, "old-works").await.unwrap().profile(), SpaceProfile::Account);
    let count = suite.events().await.len();
    backlog.set_my_space_profile(set("old-works", SpaceProfile::Account)).await.unwrap();
    assert_eq!(suite.events().await.len(), count, "nothing changed, nothing is told");
    let foreign = suite.product_as("backlog", &other, None);
    let refused = foreign.set_my_space_profile(set("old-works", SpaceProfile::SpaceOnly)).await;
    assert_eq!(why(refused), ErrorReason::SpaceNotConnected);
    let cacoo = suite.product_as("cacoo", &user, None);
    let refused = cacoo.set_my_space_profile(set("old-works", SpaceProfile::SpaceOnly)).await;
    assert_eq!(why(refused), ErrorReason::SpaceNotConnected);
}

/// proves SPC-6: disconnecting removes the link and leaves the space user, who can be connected again
#[tokio::test]
async fn disconnecting() {
    let suite = suite().await;
    let (user, other) = (suite.user("taro@example.com").await, suite.user("other@example.com").await);
    let console = suite.console_as(&user);
    let link = console.connect_space(connect("old-works", "taro")).await.unwrap().space_link.unwrap();
    let request = || DisconnectSpaceRequest { space_link_id: link.space_link_id.clone() };
    assert_eq!(why(suite.console_as(&other).disconnect_space(request()).await), ErrorReason::NotFound);
    console.disconnect_space(request()).await.unwrap();
    assert!(links(&console).await.is_empty());
    assert_eq!(why(resolve(&suite, &user, "old-works").await), ErrorReason::SpaceNotConnected);
    assert!(shown(&suite, &["taro"]).await.is_empty());
    assert_eq!(why(console.disconnect_space(request()).await), ErrorReason::NotFound);
    let told = suite.events_of(user.account).await;
    assert!(matches!(told.last(), Some(Payload::SpaceDisconnected(it)) if it.space_id == "old-works"));
    suite.console_as(&other).connect_space(connect("old-works", "taro")).await.expect("it is free again");
}

/// proves SPC-2: a Managed Account has no spaces of its own
#[tokio::test]
async fn managed_accounts_connect_nothing() {
    let suite = suite().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as_managed(&user);
    assert_eq!(
        why(console.connect_space(connect("old-works", "taro")).await),
        ErrorReason::ManagedByOrganization
    );
    let listed = console.list_my_space_links(ListMySpaceLinksRequest {}).await;
    assert_eq!(why(listed), ErrorReason::ManagedByOrganization);
    assert_eq!(suite.backlog.state().checks, 0);
}

/// The limit holds, whatever is connected at once.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_spaces_at_most() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    let names: Vec<_> = (0..53).map(|number| format!("space-{number}")).collect();
    for name in &names {
        suite.backlog.found(name, &["taro"]);
    }
    let wishes = names.iter().map(|name| console.connect_space(connect(name, "taro")));
    let refused: Vec<_> = futures::future::join_all(wishes)
        .await
        .into_iter()
        .filter_map(Result::err)
        .map(|it| it.reason)
        .collect();
    assert_eq!(refused, [ErrorReason::SpaceLinkLimit; 3]);
    assert_eq!(links(&console).await.len(), 50);
}

/// A product that is down or hangs: a clear refusal in time, no link, and no wrong try.
#[tokio::test]
async fn a_product_that_does_not_answer() {
    let suite = Suite::with(|config| {
        config.legacy.call_millis = 200;
        config.mesh.limits.circuit_pause = Duration::from_millis(1);
    })
    .await;
    suite.backlog.found("old-works", &["taro"]);
    suite.cacoo.found("drawings", &["taro"]);
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    console.connect_space(connect("old-works", "taro")).await.unwrap();
    let count = suite.events().await.len();
    suite.backlog.found("harbour", &["taro"]);
    for (fault, times) in [(Fault::Before, 6), (Fault::Hang, 4)] {
        suite.backlog.state().fault = Some(fault);
        for _ in 0..times {
            let refused = console.connect_space(wrong("harbour", "taro")).await.unwrap_err();
            assert_eq!((refused.kind, refused.reason), (Kind::Unavailable, ErrorReason::ProductUnavailable));
        }
        let [listed] = links(&console).await.try_into().unwrap();
        assert_eq!((listed.space_id.as_str(), listed.space), ("old-works", None), "listed all the same");
        let wish = ConnectSpaceRequest { product: Product::Cacoo.into(), ..wrong("drawings", "taro") };
        assert_eq!(why(console.connect_space(wish).await), ErrorReason::SpaceCredentialsInvalid);
        resolve(&suite, &user, "old-works").await.expect("logging in needs no answer of the product");
    }
    let refused = "SELECT count(*) FROM space_tries WHERE wrong > 0";
    assert_eq!(suite.count(refused).await, 1, "those at the other product");
    assert_eq!(suite.events().await.len(), count + 2, "the same");
    suite.backlog.state().fault = None;
    pass_testkit::wait_for(async || console.connect_space(connect("harbour", "taro")).await.is_ok()).await;
}

/// A product that hangs is not waited for again and again: after the circuit has opened, answers come at once.
#[tokio::test]
async fn a_product_that_hangs_takes_nobodys_time() {
    let suite = Suite::with(|config| {
        config.legacy.call_millis = 150;
        config.mesh.limits.circuit_pause = Duration::from_mins(10);
    })
    .await;
    suite.backlog.found("old-works", &["taro"]);
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    suite.backlog.state().fault = Some(Fault::Hang);
    for _ in 0..5 {
        assert_eq!(
            why(console.connect_space(connect("old-works", "taro")).await),
            ErrorReason::ProductUnavailable
        );
    }
    let checks = suite.backlog.state().checks;
    let began = Instant::now();
    for _ in 0..10 {
        assert_eq!(
            why(console.connect_space(connect("old-works", "taro")).await),
            ErrorReason::ProductUnavailable
        );
    }
    assert!(began.elapsed() < Duration::from_millis(10 * 150), "{:?}", began.elapsed());
    assert_eq!(suite.backlog.state().checks, checks, "it was not asked");
}
