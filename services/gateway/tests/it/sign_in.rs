//! The sign-in page: forms, cookies, limits, languages.

use crate::{
    browser::Browser,
    suite::{ISSUER, Suite},
};
use pass_types::Secret;
use reqwest::Method;

/// The session cookie: `__Host-`, Secure, `HttpOnly`, `SameSite=Lax`, no Domain; the answer is 303.
#[tokio::test]
async fn the_cookie_stays_with_this_origin() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let page = suite.browser().sign_in("/sign-in", &taro).await;
    assert_eq!(page.status, 303);
    let cookie = page
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|it| it.to_str().unwrap())
        .find(|it| it.starts_with("__Host-pass="));
    let attributes: Vec<_> = cookie.unwrap().split("; ").skip(1).collect();
    assert_eq!(attributes, ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]);
}

/// A form without its token, with another browser's, or from another site changes nothing.
#[tokio::test]
async fn forms_are_taken_from_our_own_pages_only() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let fields = [("email", taro.email.as_str()), ("password", taro.password.as_str())];
    let post = async |browser: &Browser, token: &str, origin: Option<&str>| {
        browser
            .post_from(origin, "/sign-in", &[fields.as_slice(), &[("form_token", token)]].concat())
            .await
            .status
    };
    let (browser, other) = (suite.browser(), suite.browser());
    let token = browser.get("/sign-in").await.form_token();
    let foreign = other.get("/sign-in").await.form_token();
    assert_eq!(post(&browser, "", Some(ISSUER)).await, 403);
    assert_eq!(post(&browser, &foreign, Some(ISSUER)).await, 403);
    assert_eq!(post(&suite.browser(), &token, Some(ISSUER)).await, 403, "a browser without the cookie");
    for origin in
        [Some("https://evil.example"), Some("https://pass.example.evil.example"), Some("null"), None]
    {
        assert_eq!(post(&browser, &token, origin).await, 403, "{origin:?}");
    }
    assert!(suite.neighbours.sessions_of(&taro).is_empty());
    assert_eq!(post(&browser, &token, Some(ISSUER)).await, 303);
}

/// proves ACC-8, as far as the page goes: wrong password and unknown address look the same.
#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let browser = suite.browser();
    let mut pages = Vec::new();
    for email in [taro.email.as_str(), "nobody@example.com"] {
        let page = browser.submit("/sign-in", &[("email", email), ("password", "wrong")]).await;
        assert_eq!(page.status, 401);
        assert!(page.text.contains(email) && !page.text.contains("value=\"wrong\""));
        let nonce = crate::browser::between(&page.text, "nonce=\"", "\"").to_owned();
        pages.push(page.text.replace(email, "").replace(&nonce, ""));
    }
    assert_eq!(pages[0], pages[1]);
    assert!(browser.session().is_none());
}

/// Fields that are missing, oversized or twice are refused, not answered with a fault.
#[tokio::test]
async fn malformed_forms_are_refused() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    let token = browser.get("/sign-in").await.form_token();
    let long = "a".repeat(100_000);
    for body in [
        format!("form_token={token}"),
        format!("form_token={token}&email=a%40b.example"),
        format!("form_token={token}&form_token={token}&email=a&password=b"),
        format!("form_token={token}&email=%FF&password=%00"),
        format!("form_token={token}&email=a&password={long}"),
        "%%%".to_owned(),
    ] {
        let page = browser.send(Method::POST, "/sign-in", Some(body), &[("origin", ISSUER)]).await;
        assert!((400..500).contains(&page.status), "{}", page.status);
    }
}

/// 429 with Retry-After after too many posts from one address; what anybody says in X-Forwarded-For counts for
/// nothing.
#[tokio::test]
async fn credentials_posted_too_fast_are_slowed_down() {
    let suite = Suite::with(|config| config.credentials_per_minute = 3.try_into().unwrap()).await;
    let taro = suite.neighbours.account("Taro");
    let browser = suite.browser();
    let token = browser.get("/sign-in").await.form_token();
    let body = format!("form_token={token}&email=x%40example.com&password=x");
    let post = async |from: &str| {
        let headers = [("origin", ISSUER), ("x-forwarded-for", from)];
        browser.send(Method::POST, "/sign-in", Some(body.clone()), &headers).await
    };
    for i in 0..3 {
        assert_eq!(post(&format!("192.0.2.{i}")).await.status, 401);
    }
    let page = post("192.0.2.99").await;
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").parse::<u64>().unwrap() <= 21);
    assert!(page.text.contains("too many"));
    assert_eq!(browser.sign_in("/sign-in", &taro).await.status, 429, "the right password too");
    assert!(suite.neighbours.state().origins.iter().all(|origin| origin.address == "127.0.0.1"));
    suite.clock.advance(time::Duration::minutes(1));
    assert_eq!(browser.sign_in("/sign-in", &taro).await.status, 303);
}

/// proves ACC-14: a stranger who posts as fast as they can, from the owner's own network, does not keep the owner out of a
/// browser that was signed in with before, nor their flow from beginning
#[tokio::test]
async fn a_stranger_does_not_keep_a_known_device_out() {
    let suite = Suite::with(|config| {
        config.credentials_per_minute = 3.try_into().unwrap();
        config.flows_per_minute = 3.try_into().unwrap();
    })
    .await;
    let (taro, product) = (suite.neighbours.account("Taro"), suite.product("backlog").await);
    let (own, stranger) = (suite.browser(), suite.browser());
    assert_eq!(own.sign_in("/sign-in", &taro).await.status, 303);
    own.cookies.lock().unwrap().remove("__Host-pass");
    let guess = async || {
        let fields = [("email", taro.email.as_str()), ("password", "not the password")];
        stranger.submit("/sign-in", &fields).await.status
    };
    assert_eq!([guess().await, guess().await, guess().await], [401, 401, 429]);
    let mut begun = 0..10;
    while stranger.get(&product.authorize(&[])).await.status != 429 {
        begun.next().expect("a limit");
    }
    let sign_in = own.get(&product.authorize(&[])).await.location();
    let on = own.sign_in(&sign_in, &taro).await;
    assert!(on.location().starts_with("/oauth/resume?flow="), "{}", on.text);
}

/// A device cookie is no way round: each has its limit, and whoever makes up new ones meets the network's.
#[tokio::test]
async fn made_up_device_cookies_meet_a_ceiling() {
    let suite = Suite::with(|config| config.credentials_per_minute = 3.try_into().unwrap()).await;
    let browser = suite.browser();
    let token = browser.get("/sign-in").await.form_token();
    let fields = [("email", "x@example.com"), ("password", "x"), ("form_token", token.as_str())];
    let guess = async |device: &str| {
        browser.cookies.lock().unwrap().insert("__Host-pass-device".to_owned(), device.to_owned());
        browser.post("/sign-in", &fields).await.status
    };
    let made_up = || Secret::generate(&suite.context.entropy).reveal();
    let one = made_up();
    assert_eq!(
        [guess(&one).await, guess(&one).await, guess(&one).await, guess(&one).await],
        [401, 401, 401, 429]
    );
    for _ in 4..30 {
        assert_eq!(guess(&made_up()).await, 401);
    }
    assert_eq!(guess(&made_up()).await, 429);
    for status in [401, 401, 401, 429] {
        assert_eq!(guess("nonsense").await, status, "what is no secret of ours is no device");
    }
}

/// proves ACC-3: pages are in `ui_locales`, else what the browser prefers, else English.
#[tokio::test]
async fn pages_speak_two_languages() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let mut browser = suite.browser();
    assert!(browser.get("/sign-in").await.text.contains("lang=\"en\""));
    browser.language = Some("ja,en;q=0.5");
    let page = browser.get("/sign-in").await;
    assert!(page.text.contains("lang=\"ja\"") && page.text.contains("ログイン"));
    let english = browser.get(&product.authorize(&[("ui_locales", "fr en")])).await.location();
    assert!(browser.get(&english).await.text.contains("lang=\"en\""));
    let page = browser.get(&product.authorize(&[("client_id", "unknown")])).await;
    assert!(page.text.contains("登録されていません"));
}

/// No parameter of ours leads anywhere else.
#[tokio::test]
async fn there_is_no_open_redirect() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    for path in [
        "/sign-in?next=https://evil.example",
        "/sign-in?return_to=//evil.example&redirect_uri=https://evil.example",
        "/sign-in?flow=&continue=https://evil.example",
    ] {
        let browser = suite.browser();
        let page = browser.get(path).await;
        if page.status == 200 {
            let page = browser.sign_in(path, &taro).await;
            assert_eq!(page.location(), "/");
        }
    }
    for path in ["//evil.example", "/\\evil.example", "/signed-out?next=//evil.example"] {
        let page = suite.browser().get(path).await;
        assert!(page.headers.get("location").is_none(), "{path}");
    }
}

/// A service that does not answer is a page that says so.
#[tokio::test]
async fn an_outage_is_a_page() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let browser = suite.browser();
    browser.sign_in("/sign-in", &taro).await;
    suite.neighbours.state().down = true;
    let page = browser.get("/").await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("not answering"), "{}", page.text);
}
