//! "This was not me" (ACC-10), and which browser signs in.

use crate::{saml::Managed, suite::Suite};
use pass_types::Secret;

const TOKEN: &str = "AAAA-BBBB";

/// proves ACC-10: opening the link of the mail changes nothing; the button does, once; in the owner's language and time
/// zone
#[tokio::test]
async fn the_button_and_not_the_link() {
    let suite = Suite::start().await;
    suite.neighbours.state().alerts.open.push(TOKEN.to_owned());
    let browser = suite.browser();
    let path = format!("/not-me/{TOKEN}");
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("lang=\"ja\"") && page.text.contains("2026年3月2日 18:00"), "{}", page.text);
    assert!(page.text.contains("Firefox · Windows") && !page.text.contains("evil.example"), "{}", page.text);
    browser.get(&path).await;
    assert!(suite.neighbours.state().alerts.disowned.is_empty());
    let page = browser.submit(&path, &[]).await;
    assert_eq!((page.status, page.location()), (303, "/not-me/done".to_owned()));
    assert_eq!(browser.get("/not-me/done").await.status, 200);
    assert_eq!(suite.neighbours.state().alerts.disowned, [TOKEN]);
    assert_eq!(browser.get(&path).await.status, 422, "used");
    for wrong in ["/not-me/x", "/not-me/%00", &format!("/not-me/{}", "x".repeat(4_000))] {
        assert_eq!(browser.get(wrong).await.status, 422, "{wrong}");
    }
}

/// The form is taken from our own page only.
#[tokio::test]
async fn nobody_else_presses_the_button() {
    let suite = Suite::start().await;
    suite.neighbours.state().alerts.open.push(TOKEN.to_owned());
    let browser = suite.browser();
    let path = format!("/not-me/{TOKEN}");
    let token = browser.get(&path).await.form_token();
    for (origin, token) in
        [(Some("https://evil.example"), token.as_str()), (None, &token), (Some(crate::suite::ISSUER), "")]
    {
        assert_eq!(browser.post_from(origin, &path, &[("form_token", token)]).await.status, 403);
    }
    assert!(suite.neighbours.state().alerts.disowned.is_empty());
}

/// proves ACC-10: a browser is known by a cookie of its own from its first sign-in on, for a year from each; nonsense is
/// replaced
#[tokio::test]
async fn a_browser_keeps_its_device_cookie() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let browser = suite.browser();
    let cookie = |page: &crate::browser::Page| {
        let cookies = page.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
        cookies.filter(|it| it.starts_with("__Host-pass-device=")).map(str::to_owned).next()
    };
    assert!(cookie(&browser.get("/sign-in").await).is_none(), "who only looks is nobody's device");
    let wrong = [("email", taro.email.as_str()), ("password", "wrong")];
    assert!(cookie(&browser.submit("/sign-in", &wrong).await).is_none());
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let set = cookie(&browser.sign_in("/sign-in", &taro).await).unwrap();
        let attributes: Vec<_> = set.split("; ").skip(1).collect();
        assert_eq!(attributes, ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=31536000"]);
        tokens.push(set["__Host-pass-device=".len()..43 + "__Host-pass-device=".len()].to_owned());
    }
    assert_eq!(tokens[0], tokens[1], "renewed, not replaced");
    let said: Vec<_> = suite.neighbours.state().visits.iter().map(|it| it.device_token.clone()).collect();
    assert_eq!(said[1..], tokens[..], "the first was the wrong password");
    assert!(said.iter().all(|it| it.parse::<Secret>().is_ok()));

    let garbled = suite.browser();
    garbled.cookies.lock().unwrap().insert("__Host-pass-device".to_owned(), "nonsense".to_owned());
    let page = garbled.sign_in("/sign-in", &taro).await;
    assert_eq!(page.status, 303);
    assert!(cookie(&page).is_some_and(|it| !it.contains("nonsense")));
}

/// proves ACC-11: what a sign-in is for is told by the client's name
#[tokio::test]
async fn a_sign_in_is_for_a_product() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let product = suite.product("backlog").await;
    let browser = suite.browser();
    browser.sign_in("/sign-in", &taro).await;
    let other = suite.browser();
    let page = other.get(&product.authorize(&[])).await.location();
    other.sign_in(&page, &taro).await;
    // A sign-up ends where its mail is read, perhaps in another browser: what it is for is known all the same.
    let new = suite.browser();
    let sign_up = new.get(&product.authorize(&[])).await.location().replace("/sign-in", "/sign-up");
    new.submit(&sign_up, &[("name", "Hanako"), ("email", "hanako@example.com")]).await;
    let link = format!("/sign-up/{}", suite.neighbours.state().wishes[0].token);
    let phone = suite.browser();
    assert_eq!(phone.submit(&link, &[("password", "correct horse battery")]).await.status, 303);
    let products: Vec<_> = suite.neighbours.state().visits.iter().map(|it| it.product.clone()).collect();
    assert_eq!(products, ["", "Product backlog", "Product backlog"]);
}

/// proves ACC-11: what a sign-in by SAML is for is told before the browser leaves for the identity provider
#[tokio::test]
async fn a_sign_in_by_saml_is_for_a_product() {
    let managed = Managed::start().await;
    let (product, browser) = (managed.suite.product("backlog").await, managed.suite.browser());
    managed.sign_in(&product, &browser).await;
    managed.leave(&managed.suite.browser(), "/managed").await;
    assert_eq!(managed.suite.neighbours.state().saml.products, ["Product backlog", ""]);
}

/// proves ACC-14: whoever is locked out is told how to recover, in both languages: to wait, or to reset the password,
/// which is a link on the page
#[tokio::test]
async fn a_lock_says_how_to_recover() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    suite.neighbours.state().locked = true;
    let mut browser = suite.browser();
    for (language, text) in [("en", "reset your password"), ("ja", "パスワードを再設定")] {
        browser.language = Some(language);
        let page = browser.sign_in("/sign-in", &taro).await;
        assert_eq!(page.status, 429);
        assert!(page.text.contains(text) && page.text.contains("/reset-password"), "{}", page.text);
        assert!(browser.session().is_none());
    }
}
