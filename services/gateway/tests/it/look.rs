//! Language and appearance of the gateway's pages (ACC-3): the account's, and after it has signed out still those.

use crate::{
    browser::{Browser, Page},
    neighbours::Someone,
    suite::Suite,
};
use pass_proto::types::v1::{Appearance, Language};

const COOKIE: &str = "__Host-pass-look";

fn looks(page: &Page) -> (bool, bool) {
    (page.text.contains("<html lang=\"ja\""), page.text.contains("data-appearance=\"dark\""))
}

fn kept(browser: &Browser) -> Option<String> {
    browser.cookies.lock().unwrap().get(COOKIE).cloned()
}

fn hanako(suite: &Suite) -> Someone {
    let hanako = suite.neighbours.account("Hanako");
    suite.neighbours.change(&hanako, |account| {
        account.language = Language::Ja;
        account.appearance = Appearance::Dark;
    })
}

/// proves ACC-3: a signed-in browser's pages are the account's, and so is the sign-in page after it has signed out
#[tokio::test]
async fn pages_look_like_the_accounts_even_after_signing_out() {
    let suite = Suite::start().await;
    let hanako = hanako(&suite);
    let browser = suite.browser();
    assert_eq!(looks(&browser.get("/sign-in").await), (false, false));
    assert_eq!(kept(&browser), None, "nobody was signed in");
    browser.sign_in("/sign-in", &hanako).await;
    assert_eq!(looks(&browser.get("/oauth/logout").await), (true, true));
    assert_eq!(kept(&browser).as_deref(), Some("ja.dark"));
    let page = browser.get("/oauth/logout").await;
    let out = browser.post("/oauth/logout/confirm", &[("form_token", &page.form_token())]).await;
    assert!(browser.session().is_none(), "{}", out.text);
    for path in ["/signed-out", "/sign-in", "/sign-up", "/managed", "/unknown"] {
        assert_eq!(looks(&browser.get(path).await), (true, true), "{path}");
    }
    let other = suite.browser();
    assert_eq!(looks(&other.get("/sign-in").await), (false, false), "another browser is as it was");
}

/// proves ACC-3: what changes in the profile changes there, too
#[tokio::test]
async fn a_change_of_the_profile_is_kept() {
    let suite = Suite::start().await;
    let hanako = hanako(&suite);
    let browser = suite.browser();
    browser.sign_in("/sign-in", &hanako).await;
    browser.get("/oauth/logout").await;
    suite.neighbours.change(&hanako, |account| account.language = Language::En);
    let page = browser.get("/oauth/logout").await;
    assert_eq!(looks(&page), (false, true));
    assert_eq!(kept(&browser).as_deref(), Some("en.dark"));
    let set = page.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
    let set: Vec<_> = set.filter(|it| it.starts_with(COOKIE)).collect();
    assert_eq!(set, [format!("{COOKIE}=en.dark; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000")]);
    let again = browser.get("/oauth/logout").await;
    let set =
        again.headers.get_all("set-cookie").iter().any(|it| it.as_bytes().starts_with(COOKIE.as_bytes()));
    assert!(!set, "what the browser has is not set again");
}

/// A cookie that we never wrote is not believed, and breaks nothing.
#[tokio::test]
async fn a_forged_cookie_is_not_believed() {
    let suite = Suite::start().await;
    for wrong in ["ja.black", "\"><script>", "ja", "ja.dark.dark", &"x".repeat(2_000)] {
        let browser = suite.browser();
        browser.cookies.lock().unwrap().insert(COOKIE.to_owned(), wrong.to_owned());
        let page = browser.get("/sign-in").await;
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("<script>") && !looks(&page).0, "{wrong:.30}");
    }
}

/// Where the page is in a language, as its foot says.
fn link(page: &Page, language: &str) -> Option<String> {
    let (before, _) = page.text.split_once(&format!("\" lang=\"{language}\" hreflang="))?;
    Some(before.rsplit_once("href=\"")?.1.replace("&#38;", "&"))
}

/// proves ACC-3: who is not signed in chooses the language by hand, which comes before what the product asked for and is
/// kept until somebody signs in; then it is the account's
#[tokio::test]
async fn a_stranger_chooses_the_language() {
    let suite = Suite::start().await;
    let (taro, product, browser) =
        (suite.neighbours.account("Taro"), suite.product("backlog").await, suite.browser());
    let sign_in = browser.get(&product.authorize(&[("ui_locales", "en")])).await.location();
    let page = browser.get(&sign_in).await;
    assert!(!looks(&page).0 && page.text.contains("日本語"));
    let japanese = link(&page, "ja").unwrap();
    assert_eq!(format!("/sign-in{japanese}"), format!("{sign_in}&language=ja"));
    assert!(looks(&browser.get(&format!("/sign-in{japanese}")).await).0);
    assert_eq!(kept(&browser).as_deref(), Some("ja.system.chosen"));
    for path in [sign_in.as_str(), "/sign-up", "/reset-password", "/unknown"] {
        assert!(looks(&browser.get(path).await).0, "{path}");
    }
    let wrong = browser.submit(&sign_in, &[("email", "x@example.com"), ("password", "x")]).await;
    assert_eq!((wrong.status, looks(&wrong).0), (401, true));
    assert_eq!(link(&wrong, "en"), None, "the answer to a form has no address of its own");
    let wish = [("name", "Hanako"), ("email", "hanako@example.com")];
    browser.submit("/sign-up", &wish).await.location();
    assert_eq!(suite.neighbours.state().wishes[0].language, Language::Ja, "of the mail, too");

    browser.sign_in("/sign-in", &taro).await;
    let page = browser.get("/oauth/logout?language=ja").await;
    assert!(!looks(&page).0 && link(&page, "ja").is_none(), "it is the account's: {}", page.text);
    assert_eq!(kept(&browser).as_deref(), Some("en.system"));
}

/// What is no language of ours chooses nothing, and leads nowhere.
#[tokio::test]
async fn nonsense_chooses_nothing() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    for wrong in ["language=fr", "language=", "language=JA", "x=language=ja"] {
        let page = browser.get(&format!("/sign-up?{wrong}")).await;
        assert!(page.status == 200 && !looks(&page).0 && kept(&browser).is_none(), "{wrong}");
        assert!(link(&page, "en").unwrap().starts_with('?'), "{wrong}");
    }
    for foreign in ["language=%22%3E%3Cscript%3E", "x=https://evil.example"] {
        let page = browser.get(&format!("/sign-up?{foreign}")).await;
        assert!(page.status == 200 && link(&page, "en").is_none(), "{foreign} is not repeated");
    }
    let page = browser.get("//evil.example/?language=ja").await;
    assert!(page.status == 404 && link(&page, "en").unwrap() == "?language=en", "{}", page.text);
}
