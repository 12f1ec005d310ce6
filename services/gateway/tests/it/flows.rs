//! Flows: of one browser, answered once, for half an hour.

use crate::{
    browser::{Browser, Page},
    product::{Product, query},
    suite::Suite,
};
use reqwest::Method;
use time::Duration;

/// The address at which a flow that waits at `sign_in` goes on.
fn resume(sign_in: &str) -> String {
    sign_in.replace("/sign-in", "/oauth/resume")
}

fn is_over(page: &Page) -> bool {
    page.status == 400 && page.headers.get("location").is_none() && page.text.contains("too long")
}

async fn begin(product: &Product, browser: &Browser, changes: &[(&str, &str)]) -> String {
    let location = browser.get(&product.authorize(changes)).await.location();
    assert!(location.starts_with("/sign-in?flow="), "{location}");
    location
}

/// A flow is gone on with in the browser that began it, by its cookie; nobody else's sign-in counts for it.
#[tokio::test]
async fn a_flow_is_of_one_browser() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let (browser, other, fresh) = (suite.browser(), suite.browser(), suite.browser());
    let page = browser.get(&product.authorize(&[])).await;
    let cookie = page.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-pass-flow=") && cookie.ends_with("Secure; HttpOnly; SameSite=Lax"));
    let sign_in = page.location();
    product.sign_in(&other, &taro, &[]).await;
    begin(&product, &other, &[("prompt", "login")]).await;
    for stranger in [&other, &fresh] {
        assert!(is_over(&stranger.get(&sign_in).await));
        assert!(is_over(&stranger.get(&resume(&sign_in)).await));
        let token = stranger.get("/sign-in").await.form_token();
        let fields = [("email", taro.email.as_str()), ("password", &taro.password), ("form_token", &token)];
        assert!(is_over(&stranger.post(&sign_in, &fields).await));
        let fields = [("name", "Taro"), ("email", "new@example.com"), ("form_token", &token)];
        assert!(is_over(&stranger.post(&sign_in.replace("/sign-in", "/sign-up"), &fields).await));
    }
    assert_eq!(suite.neighbours.sessions_of(&taro).len(), 1, "the other browser's own");
    assert!(suite.neighbours.state().wishes.is_empty());

    let before = browser.cookies.lock().unwrap()["__Host-pass-flow"].clone();
    begin(&product, &browser, &[]).await;
    assert_eq!(browser.cookies.lock().unwrap()["__Host-pass-flow"], before, "one for all of its flows");
    let page = browser.sign_in(&sign_in, &taro).await;
    assert!(query(&browser.follow(page).await.leads_to()).contains_key("code"));
}

/// A flow gives one code, also to many that ask at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_flow_is_answered_once() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let sign_in = begin(&product, &browser, &[]).await;
    let on = browser.sign_in(&sign_in, &taro).await.location();
    let pages = futures::future::join_all((0..6).map(|_| browser.get(&on))).await;
    let (answered, rest): (Vec<_>, Vec<_>) = pages.into_iter().partition(|page| page.status == 303);
    assert_eq!(answered.len(), 1);
    assert!(rest.iter().all(is_over));
    assert!(query(&answered[0].leads_to()).contains_key("code"));
    assert!(is_over(&browser.get(&on).await) && is_over(&browser.get(&sign_in).await));
    let codes = "SELECT count(*) FROM codes";
    let codes: i64 = sqlx::query_scalar(codes).fetch_one(&suite.database.pool).await.unwrap();
    assert_eq!(codes, 1);
}

/// Who asks for a new sign-in gets one that happened for this very request, and no other of the browser's.
#[tokio::test]
async fn prompt_login_and_max_age_want_a_sign_in_of_their_own() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    for change in [("prompt", "login"), ("max_age", "0")] {
        let browser = suite.browser();
        let sign_in = begin(&product, &browser, &[change]).await;
        suite.clock.advance(Duration::SECOND);
        assert_eq!(browser.sign_in("/sign-in", &taro).await.location(), "/");
        suite.clock.advance(Duration::SECOND);
        assert_eq!(browser.get(&resume(&sign_in)).await.location(), sign_in, "{change:?}");
        let page = browser.sign_in(&sign_in, &taro).await;
        assert!(query(&browser.follow(page).await.leads_to()).contains_key("code"), "{change:?}");
    }
}

/// A flow waits for half an hour; for a day when somebody asked for an account in it, and only then.
#[tokio::test]
async fn a_flow_waits_for_half_an_hour_or_a_day_for_a_sign_up() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let browser = suite.browser();
    let (short, long) = (begin(&product, &browser, &[]).await, begin(&product, &browser, &[]).await);
    let sign_up = long.replace("/sign-in", "/sign-up");
    suite.clock.advance(Duration::minutes(30) - Duration::SECOND);
    assert_eq!(browser.get(&short).await.status, 200);
    browser.submit(&sign_up, &[("name", "Hanako"), ("email", "hanako@example.com")]).await.location();
    suite.clock.advance(Duration::SECOND);
    assert!(is_over(&browser.get(&short).await));
    suite.clock.advance(Duration::hours(24) - Duration::minutes(1));
    assert_eq!(browser.get(&long).await.status, 200);
    suite.clock.advance(Duration::hours(1) + Duration::minutes(1));
    assert!(is_over(&browser.get(&long).await));
}

/// A page elsewhere that shows our addresses as images, frames or whatever begins nothing, and uses up nothing: whoever
/// opens it, their network signs in as before.
#[tokio::test]
async fn what_is_no_page_begins_no_flow() {
    let suite = Suite::with(|config| config.flows_per_minute = 3.try_into().unwrap()).await;
    let (product, company) = (suite.product("backlog").await, suite.neighbours.company("nulab"));
    let browser = suite.browser();
    let body = || Some(serde_urlencoded::to_string(product.parameters(&[])).unwrap());
    let acs = format!("/saml/{}/acs", company.space_key);
    let authorize = product.authorize(&[]);
    for kind in ["image", "iframe", "script", "empty", "nonsense"] {
        let headers = [("sec-fetch-dest", kind)];
        for path in [&authorize, "/sign-in/passkey", "/saml/tests/x", "/managed/invitations/x"] {
            assert_eq!(browser.send(Method::GET, path, None, &headers).await.status, 400, "{kind} {path}");
        }
        for path in ["/oauth/authorize", acs.as_str()] {
            assert_eq!(browser.send(Method::POST, path, body(), &headers).await.status, 400, "{kind} {path}");
        }
    }
    let opened = [("sec-fetch-dest", "document")];
    for _ in 0..3 {
        assert_eq!(browser.send(Method::GET, &authorize, None, &opened).await.status, 303);
    }
    assert_eq!(browser.send(Method::GET, &authorize, None, &opened).await.status, 429);
}

/// proves ACC-13: the address that a product names is typed already, and after it was of use it is kept no longer
#[tokio::test]
async fn an_address_is_kept_until_it_was_of_use() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let hints = async || {
        let hints = "SELECT count(*) FROM flows WHERE login_hint IS NOT NULL";
        sqlx::query_scalar::<_, i64>(hints).fetch_one(&suite.database.pool).await.unwrap()
    };
    let named = format!("value=\"{}\"", taro.email);
    let named = |page: &Page| page.text.contains(&named);
    for (path, fields) in [
        ("/sign-in", [("email", taro.email.as_str()), ("password", &taro.password)]),
        ("/sign-up", [("email", "taro@elsewhere.example"), ("name", "Taro")]),
        ("/reset-password", [("email", &taro.email), ("x", "")]),
    ] {
        let sign_in = begin(&product, &browser, &[("login_hint", &taro.email), ("prompt", "login")]).await;
        let wrong = browser.submit(&sign_in, &[("email", &taro.email), ("password", "wrong")]).await;
        assert!(wrong.status == 401 && named(&wrong));
        for again in ["/sign-in", "/sign-up", "/reset-password"] {
            assert!(named(&browser.get(&sign_in.replace("/sign-in", again)).await), "{again}");
        }
        assert_eq!(hints().await, 1, "{path}");
        assert_eq!(browser.submit(&sign_in.replace("/sign-in", path), &fields).await.status, 303, "{path}");
        assert_eq!(hints().await, 0, "{path}");
    }
}

/// proves ACC-1: the mail's link may be opened in another browser, which the flow then belongs to, alone, and
/// once the account is made. A flow that is over by then is no obstacle.
#[tokio::test]
async fn a_completed_sign_up_takes_its_flow_along() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let (browser, phone) = (suite.browser(), suite.browser());
    let sign_in = begin(&product, &browser, &[("prompt", "login")]).await;
    let sign_up = sign_in.replace("/sign-in", "/sign-up");
    for email in ["hanako@example.com", "jiro@example.com"] {
        browser.submit(&sign_up, &[("name", "Hanako"), ("email", email)]).await.location();
    }
    let links: Vec<_> =
        suite.neighbours.state().wishes.iter().map(|wish| format!("/sign-up/{}", wish.token)).collect();
    phone.get(&links[0]).await;
    phone.submit(&links[0], &[("password", "short")]).await;
    assert!(is_over(&phone.get(&resume(&sign_in)).await), "not before it is completed");
    let on = phone.submit(&links[0], &[("password", "correct horse battery")]).await.location();
    assert_eq!(on, resume(&sign_in));
    assert!(is_over(&browser.get(&sign_in).await), "it moved");
    assert!(query(&phone.get(&on).await.leads_to()).contains_key("code"), "a sign-up is a new sign-in");
    let late = browser.submit(&links[1], &[("password", "correct horse battery")]).await;
    assert_eq!(late.location(), "/");
}

/// A sign-up begins a new session in the browser: the one before ends, as at a sign-in.
#[tokio::test]
async fn a_sign_up_replaces_the_browsers_session() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let browser = suite.browser();
    browser.sign_in("/sign-in", &taro).await.location();
    browser.submit("/sign-up", &[("name", "Hanako"), ("email", "hanako@example.com")]).await.location();
    let link = format!("/sign-up/{}", suite.neighbours.state().wishes[0].token);
    assert_eq!(suite.neighbours.sessions_of(&taro).len(), 1);
    browser.submit(&link, &[("password", "correct horse battery")]).await.location();
    assert!(suite.neighbours.sessions_of(&taro).is_empty());
}

/// A posted request belongs to the browser that follows its redirect, and then to no other.
#[tokio::test]
async fn a_posted_request_belongs_to_who_follows_it() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let (browser, other) = (suite.browser(), suite.browser());
    let body = serde_urlencoded::to_string(product.parameters(&[])).unwrap();
    let on = browser.send(Method::POST, "/oauth/authorize", Some(body), &[]).await.location();
    let sign_in = browser.get(&on).await.location();
    assert!(is_over(&other.get(&on).await) && is_over(&other.get(&sign_in).await));
    let page = browser.sign_in(&sign_in, &taro).await;
    assert!(query(&browser.follow(page).await.leads_to()).contains_key("code"));
}

/// 429 with Retry-After when too many requests from one network wait for a sign-in; who is signed in already
/// leaves nothing waiting.
#[tokio::test]
async fn flows_begun_too_fast_are_slowed_down() {
    let suite = Suite::with(|config| config.flows_per_minute = 3.try_into().unwrap()).await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let signed_in = suite.browser();
    signed_in.sign_in("/sign-in", &taro).await.location();
    let browser = suite.browser();
    for _ in 0..3 {
        begin(&product, &browser, &[]).await;
    }
    let body = serde_urlencoded::to_string(product.parameters(&[])).unwrap();
    for page in [
        browser.get(&product.authorize(&[])).await,
        browser.send(Method::POST, "/oauth/authorize", Some(body), &[]).await,
    ] {
        assert_eq!(page.status, 429);
        assert!(page.header("retry-after").parse::<u64>().unwrap() <= 21);
    }
    let flows = "SELECT count(*) FROM flows";
    let flows: i64 = sqlx::query_scalar(flows).fetch_one(&suite.database.pool).await.unwrap();
    assert_eq!(flows, 3);
    for _ in 0..5 {
        let page = signed_in.get(&product.authorize(&[])).await;
        assert!(query(&page.leads_to()).contains_key("code"));
    }
    suite.clock.advance(Duration::minutes(1));
    begin(&product, &browser, &[]).await;
}
