//! Passwords and addresses: the pages (ACC-7, ACC-8, ACC-12).

use crate::{
    browser::{Page, between},
    product::query,
    suite::{ISSUER, Suite},
};
use pass_proto::types::v1::Language;
use time::Duration;

const TOKEN: &str = "AAAA-BBBB";
const NEW: &str = "correct horse battery";

fn without_nonce(page: &Page) -> String {
    let nonce = between(&page.text, "nonce=\"", "\"").to_owned();
    let token = if page.text.contains("form_token") { page.form_token() } else { String::new() };
    page.text.replace(&nonce, "").replace(&token, "")
}

/// proves ACC-8, as far as the pages go: from the sign-in page to the mail; the answer is the same for every address
#[tokio::test]
async fn a_reset_is_asked_for_from_the_sign_in_page() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let mut browser = suite.browser();
    browser.language = Some("ja");
    assert!(browser.get("/sign-in").await.text.contains("href=\"/reset-password\""));
    let mut answers = Vec::new();
    for email in [taro.email.as_str(), "nobody@example.com"] {
        let page = browser.submit("/reset-password", &[("email", email)]).await;
        assert_eq!(page.location(), "/reset-password/sent");
        let sent = browser.get("/reset-password/sent").await;
        assert!(sent.text.contains("30分間"), "{}", sent.text);
        answers.push(without_nonce(&sent));
    }
    assert_eq!(answers[0], answers[1]);
    let asked = suite.neighbours.state().credentials.asked.clone();
    assert_eq!(asked, [(taro.email, Language::Ja), ("nobody@example.com".to_owned(), Language::Ja)]);

    let page = browser.submit("/reset-password", &[("email", "taro\"@example.com")]).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("id=\"email-error\""), "{}", page.text);
}

/// proves ACC-8, as far as the pages go: opening the link changes nothing; the form sets the password, once; nobody is
/// signed in by it
#[tokio::test]
async fn the_link_leads_to_another_password() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    suite.neighbours.state().credentials.resets.push((TOKEN.to_owned(), taro.email.clone()));
    let browser = suite.browser();
    let path = format!("/reset-password/{TOKEN}");
    for _ in 0..2 {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "opening it changes nothing");
        assert!(page.text.contains("lang=\"ja\"") && page.text.contains(&taro.email), "{}", page.text);
    }
    let refused = browser.submit(&path, &[("password", "short")]).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.text.contains("id=\"password-error\"") && !refused.text.contains("short"),
        "{}",
        refused.text
    );

    let page = browser.submit(&path, &[("password", NEW)]).await;
    assert_eq!(page.location(), "/reset-password/done");
    assert!(browser.session().is_none(), "a second factor is not gone round");
    let done = browser.get("/reset-password/done").await;
    assert!(done.text.contains("href=\"/sign-in\""), "{}", done.text);
    assert_eq!(browser.get(&path).await.status, 422, "the link works once");
    let page = browser.submit("/sign-in", &[("email", &taro.email), ("password", NEW)]).await;
    assert_eq!(page.status, 303);
    for wrong in
        ["/reset-password/x", "/reset-password/%00", &format!("/reset-password/{}", "x".repeat(4_000))]
    {
        assert_eq!(browser.get(wrong).await.status, 422, "{wrong}");
    }
}

/// proves ACC-8, as far as the pages go: whoever forgot the password on the way to a product goes on to it, after the
/// link and a sign-in, also when the mail took its time; in another browser the link leads to the sign-in page alone
#[tokio::test]
async fn a_reset_goes_on_to_the_product() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let product = suite.product("backlog").await;
    for elsewhere in [false, true] {
        let (desk, phone) = (suite.browser(), suite.browser());
        let sign_in = desk.get(&product.authorize(&[])).await.location();
        let reset = sign_in.replace("/sign-in", "/reset-password");
        assert!(desk.get(&sign_in).await.text.contains(&format!("href=\"{reset}\"")));
        suite.clock.advance(Duration::minutes(20));
        let sent = desk.submit(&reset, &[("email", &taro.email)]).await.location();
        assert!(desk.get(&sent).await.text.contains(&format!("href=\"{sign_in}\"")), "back to the sign-in");
        suite.neighbours.state().credentials.resets.push((TOKEN.to_owned(), taro.email.clone()));
        suite.clock.advance(Duration::minutes(29));
        let reader = if elsewhere { &phone } else { &desk };
        let done = reader.submit(&format!("/reset-password/{TOKEN}"), &[("password", NEW)]).await.location();
        let on = if elsewhere { "/sign-in" } else { sign_in.as_str() };
        assert!(reader.get(&done).await.text.contains(&format!("href=\"{on}\"")), "{done}");
        suite.clock.advance(Duration::minutes(5));
        let page = desk.submit(&sign_in, &[("email", &taro.email), ("password", NEW)]).await;
        let back = desk.follow(page).await.leads_to();
        product.redeem(&query(&back)["code"]).await.good();
    }
}

/// proves ACC-12, as far as the page goes: whoever knows the current password chooses another one, and all other
/// browsers are signed out
#[tokio::test]
async fn the_password_is_changed_by_whoever_knows_it() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let (browser, elsewhere) = (suite.browser(), suite.browser());
    assert_eq!(browser.get("/security/password").await.location(), "/sign-in?then=security");
    for it in [&browser, &elsewhere] {
        it.sign_in("/sign-in", &taro).await;
    }
    assert!(browser.get("/security").await.text.contains("href=\"/security/password\""));
    let change = async |current: &str, new: &str| {
        browser.submit("/security/password", &[("current_password", current), ("password", new)]).await
    };
    let wrong = change("not the password", NEW).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("id=\"current_password-error\""), "{}", wrong.text);
    let short = change(&taro.password, "short").await;
    assert_eq!(short.status, 400);
    assert!(short.text.contains("id=\"password-error\""), "{}", short.text);
    assert!(!short.text.contains(&taro.password), "nothing that was typed comes back");
    assert_eq!(suite.neighbours.sessions_of(&taro).len(), 2);

    assert_eq!(change(&taro.password, NEW).await.location(), "/security?done=password-changed");
    assert!(browser.get("/security?done=password-changed").await.text.contains("Your password is changed."));
    assert_eq!(elsewhere.get("/security").await.location(), "/sign-in?then=security");
}

/// proves MAN-6, as far as the page goes: a Managed Account has no password to change
#[tokio::test]
async fn a_managed_account_has_no_password_page() {
    let suite = Suite::start().await;
    let hanako = suite.neighbours.managed("Hanako");
    let browser = suite.browser();
    browser.sign_in("/sign-in", &hanako).await;
    assert_eq!(browser.get("/security/password").await.location(), "/security");
}

/// proves ACC-7, as far as the page goes: opening the link changes nothing; the button does, once, for whoever has the
/// link; in the owner's language and time zone
#[tokio::test]
async fn a_new_address_is_confirmed_by_the_button() {
    let suite = Suite::start().await;
    let email = "new<b>@example.com";
    suite.neighbours.state().credentials.changes.push((TOKEN.to_owned(), email.to_owned()));
    let browser = suite.browser();
    let path = format!("/email-change/{TOKEN}");
    for _ in 0..2 {
        let page = browser.get(&path).await;
        assert!(
            page.text.contains("lang=\"ja\"") && page.text.contains("2026年3月2日 18:00"),
            "{}",
            page.text
        );
        assert!(!page.text.contains("<b>"), "{}", page.text);
    }
    assert!(suite.neighbours.state().credentials.confirmed.is_empty());
    assert_eq!(browser.submit(&path, &[]).await.location(), "/email-change/done");
    assert_eq!(browser.get("/email-change/done").await.status, 200);
    assert_eq!(suite.neighbours.state().credentials.confirmed, [email]);
    assert_eq!(browser.get(&path).await.status, 422, "used");
    assert_eq!(browser.get("/email-change/x").await.status, 422);
}

/// The forms are taken from our own pages only.
#[tokio::test]
async fn nobody_else_posts_the_forms() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    {
        let mut state = suite.neighbours.state();
        state.credentials.resets.push((TOKEN.to_owned(), taro.email.clone()));
        state.credentials.changes.push((TOKEN.to_owned(), "new@example.com".to_owned()));
    }
    let browser = suite.browser();
    browser.sign_in("/sign-in", &taro).await;
    let token = browser.get("/security/password").await.form_token();
    for path in
        ["/reset-password", "/security/password", "/reset-password/AAAA-BBBB", "/email-change/AAAA-BBBB"]
    {
        for (origin, token) in
            [(Some("https://evil.example"), token.as_str()), (None, &token), (Some(ISSUER), "")]
        {
            let fields = [("email", "x@example.com"), ("current_password", taro.password.as_str())];
            let fields = [fields.as_slice(), &[("password", NEW), ("form_token", token)]].concat();
            assert_eq!(browser.post_from(origin, path, &fields).await.status, 403, "{path}");
        }
    }
    let state = suite.neighbours.state();
    assert!(state.credentials.asked.is_empty() && state.credentials.confirmed.is_empty());
    assert_eq!(state.credentials.resets.len(), 1);
}

/// proves ACC-8: links and passwords are posted as slowly as all credentials are
#[tokio::test]
async fn what_is_posted_too_fast_is_slowed_down() {
    let suite = Suite::with(|config| config.credentials_per_minute = 2.try_into().unwrap()).await;
    let browser = suite.browser();
    for _ in 0..2 {
        let page = browser.submit("/reset-password", &[("email", "taro@example.com")]).await;
        assert_eq!(page.status, 303);
    }
    let page = browser.submit("/reset-password", &[("email", "taro@example.com")]).await;
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").parse::<u64>().unwrap() <= 31);
    assert_eq!(suite.neighbours.state().credentials.asked.len(), 2);
    suite.neighbours.state().credentials.changes.push((TOKEN.to_owned(), "new@example.com".to_owned()));
    let page = browser.submit(&format!("/email-change/{TOKEN}"), &[]).await;
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").parse::<u64>().unwrap() <= 31);
    assert!(suite.neighbours.state().credentials.confirmed.is_empty());
}

/// proves ACC-6: while too many passwords wait to be hashed, every form with one says 429 and when to come back, and is
/// there again
#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    suite.neighbours.state().credentials.resets.push((TOKEN.to_owned(), taro.email.clone()));
    let browser = suite.browser();
    browser.sign_in("/sign-in", &taro).await;
    suite.neighbours.state().credentials.busy = true;
    for path in ["/sign-in", "/reset-password/AAAA-BBBB", "/security/password"] {
        let fields =
            [("email", taro.email.as_str()), ("current_password", taro.password.as_str()), ("password", NEW)];
        let page = browser.submit(path, &fields).await;
        assert_eq!((page.status, page.header("retry-after")), (429, "1"), "{path}");
        assert!(page.text.contains("name=\"password\"") && !page.text.contains(NEW), "{path}: {}", page.text);
    }
}

/// proves ACC-6, bad input: a form with a password of a mebibyte is refused, and nothing changes
#[tokio::test]
async fn a_huge_password_is_refused() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    suite.neighbours.state().credentials.resets.push((TOKEN.to_owned(), taro.email.clone()));
    let browser = suite.browser();
    browser.sign_in("/sign-in", &taro).await;
    let huge = "x".repeat(1 << 20);
    for path in ["/sign-in", "/reset-password/AAAA-BBBB", "/security/password"] {
        let fields = [("email", taro.email.as_str()), ("current_password", &huge), ("password", &huge)];
        let page = browser.submit(path, &fields).await;
        assert_eq!(page.status, 413, "{path}");
        assert!(page.text.contains("<h1>") && !page.text.contains("xxxxxxxx"), "{path}: a page of ours");
    }
    assert_eq!(suite.neighbours.state().credentials.resets.len(), 1);
    browser.sign_in("/sign-in", &taro).await;
}
