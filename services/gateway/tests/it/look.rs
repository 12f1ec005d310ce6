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
