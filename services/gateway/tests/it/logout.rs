//! RP-initiated logout.

use crate::{
    product::{Product, claims, query},
    suite::{ISSUER, Suite},
};

const BYE: &str = "https://product.example/bye";

fn address(fields: &[(&str, &str)]) -> String {
    format!("/oauth/logout?{}", serde_urlencoded::to_string(fields).unwrap())
}

async fn signed_in(suite: &Suite) -> (Product, crate::browser::Browser, String) {
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let hint = product.tokens(&browser, &taro).await.text("id_token");
    (product, browser, hint)
}

/// With an ID token of the browser's session: signed out at once, and back to the registered address.
#[tokio::test]
async fn a_client_that_shows_an_id_token_of_the_session_signs_it_out() {
    let suite = Suite::start().await;
    let (product, browser, hint) = signed_in(&suite).await;
    // An old ID token will do.
    suite.clock.advance(time::Duration::hours(2));
    let cookie = browser.session().unwrap().reveal();
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a&b")];
    let page = browser.get(&address(&fields)).await;
    assert_eq!(page.location(), format!("{BYE}?state=a%26b"));
    assert!(browser.session().is_none(), "the cookie is gone");
    browser.cookies.lock().unwrap().insert("__Host-pass".to_owned(), cookie);
    let page = browser.get(&product.authorize(&[("prompt", "none")])).await;
    assert_eq!(query(&page.leads_to())["error"], "login_required", "and the session is over");
}

/// Without one, or with another session's: nothing ends before the person says so.
#[tokio::test]
async fn anybody_else_only_gets_the_question_asked() {
    let suite = Suite::start().await;
    let (_, browser, _) = signed_in(&suite).await;
    let hanako = suite.neighbours.account("Hanako");
    let others = suite.product("cacoo").await;
    let foreign = others.tokens(&suite.browser(), &hanako).await.text("id_token");
    for fields in [
        vec![],
        vec![("client_id", "backlog"), ("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", foreign.as_str()), ("post_logout_redirect_uri", BYE)],
    ] {
        let page = browser.get(&address(&fields)).await;
        assert_eq!(page.status, 200, "{fields:?}");
        assert!(page.text.contains("taro@example.com") && page.text.contains("form_token"));
        assert!(browser.session().is_some());
    }
    let fields = [("client_id", "backlog"), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let token = browser.get(&address(&fields)).await.form_token();
    let forged = browser.post("/oauth/logout/confirm", &fields).await;
    assert_eq!(forged.status, 403, "without the form's token");
    let page =
        browser.post("/oauth/logout/confirm", &[fields.as_slice(), &[("form_token", &token)]].concat()).await;
    assert_eq!(page.location(), format!("{BYE}?state=s"));
    assert!(browser.session().is_none());
    let page = browser.follow(browser.get("/oauth/logout").await).await;
    assert!(page.text.contains("You are signed out"));
}

/// `post_logout_redirect_uri` is compared exactly; forged hints and unknown clients get a page, and nothing ends.
#[tokio::test]
async fn what_is_not_in_order_gets_a_page_and_ends_nothing() {
    let suite = Suite::start().await;
    let (_, browser, hint) = signed_in(&suite).await;
    let none = {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
        let head = BASE64.encode(r#"{"alg":"none","typ":"JWT"}"#);
        format!("{head}.{}.", hint.split('.').nth(1).unwrap())
    };
    for fields in [
        vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://product.example/bye/")],
        vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://evil.example/")],
        vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "//evil.example")],
        vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "javascript:alert(1)")],
        vec![("id_token_hint", hint.as_str()), ("client_id", "cacoo")],
        vec![("id_token_hint", none.as_str()), ("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", "x")],
        vec![("client_id", "unknown")],
        vec![("post_logout_redirect_uri", BYE)],
    ] {
        let page = browser.get(&address(&fields)).await;
        assert_eq!(page.status, 400, "{fields:?}");
        assert!(!page.text.contains("evil") && page.headers.get("location").is_none());
        assert!(browser.session().is_some());
    }
    assert_eq!(claims(&hint)["iss"], ISSUER);
}

/// Signing out takes the refresh tokens with it at once, whether or not an event comes.
#[tokio::test]
async fn signing_out_ends_what_came_from_the_session() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let tokens = product.tokens(&browser, &taro).await;
    let page = browser.get(&address(&[("id_token_hint", &tokens.text("id_token"))])).await;
    assert_eq!(page.location(), "/signed-out");
    product.refresh(&tokens.text("refresh_token")).await.refused("invalid_grant");
    let access = tokens.text("access_token");
    pass_testkit::wait_for(async || product.userinfo(&access).await.status == 401).await;
}
