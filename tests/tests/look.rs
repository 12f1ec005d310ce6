//! Language, appearance and image of an account, in a real browser: they visibly take effect (ACC-3, ACC-5).
//!
//! `PASS_PICTURES=<folder>` keeps a picture of each page.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass_testkit::wait_for;
use pass_tests::{Chromium, Setup, Suite};
use std::path::Path;

const PASSWORD: &str = "correct horse battery 7 staple";
const EMAIL: &str = "taro@example.com";
const LIGHT: &str = "rgb(245, 247, 246)";
const DARK: &str = "rgb(16, 22, 26)";

/// The background that the browser paints.
async fn background(browser: &Chromium) -> String {
    let colour = browser.evaluate("getComputedStyle(document.body).backgroundColor").await;
    colour.as_str().unwrap().to_owned()
}

async fn picture(browser: &Chromium, name: &str) {
    if let Some(folder) = std::env::var_os("PASS_PICTURES") {
        browser.picture(&Path::new(&folder).join(format!("{name}.png"))).await;
    }
}

/// Somebody signs in, in a browser whose system is light, and whose language is English.
async fn signed_in(suite: &Suite) -> Chromium {
    let elsewhere = pass_tests::Browser::new("Taro", "en");
    suite.sign_up(&elsewhere, "Taro Yamada", EMAIL, PASSWORD).await;
    let browser = Chromium::start(Setup::default()).await;
    browser.dress(1280, false).await;
    browser.open(suite.console.join("/account").unwrap()).await;
    browser.fill("Email address", EMAIL).await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Sign in").await;
    browser.sees("Unique ID").await;
    browser
}

/// proves ACC-3: dark is dark and light is light whatever the system is, and "system" is what the system is; in the
/// console, on the gateway's pages, and there after signing out, too
#[tokio::test(flavor = "multi_thread")]
async fn appearances_are_seen() {
    let suite = Suite::start().await;
    let browser = signed_in(&suite).await;
    let account = suite.console.join("/account").unwrap();
    for (choice, name, on_light, on_dark) in [
        ("Dark", "dark", DARK, DARK),
        ("Light", "light", LIGHT, LIGHT),
        ("As the browser is set", "system", LIGHT, DARK),
        ("Dark", "dark", DARK, DARK),
    ] {
        browser.open(&account).await;
        browser.tick(choice).await;
        browser.click("Save").await;
        browser.sees("Your profile is saved.").await;
        let gateway = suite.gateway.join("/security").unwrap();
        for page in [&account, &suite.console, &gateway] {
            browser.open(page).await;
            for (dark, expected) in [(false, on_light), (true, on_dark)] {
                browser.dress(1280, dark).await;
                assert_eq!(background(&browser).await, expected, "{choice} on {page}, system dark: {dark}");
            }
        }
        browser.open(&account).await;
        picture(&browser, &format!("account-{name}")).await;
        browser.dress(1280, false).await;
    }

    // In Japanese and dark: so it stays when nobody is signed in any more.
    browser.open(&account).await;
    browser.tick("日本語").await;
    browser.click("Save").await;
    browser.sees("プロフィールを保存しました。").await;
    browser.open(suite.gateway.join("/security").unwrap()).await;
    assert_eq!(browser.evaluate("document.documentElement.lang").await, "ja");
    browser.open(&account).await;
    browser.click("ログアウト").await;
    browser.sees("ログアウトしました").await;
    for page in [suite.console.join("/signed-out").unwrap(), suite.gateway.join("/sign-in").unwrap()] {
        browser.open(&page).await;
        assert_eq!(browser.evaluate("document.documentElement.lang").await, "ja", "{page}");
        assert_eq!(background(&browser).await, DARK, "{page}");
    }
    picture(&browser, "sign-in-after").await;
    let cookies = browser.cookies().await;
    let look = cookies.iter().find(|cookie| cookie.name == "__Host-pass-look").unwrap();
    assert_eq!((look.value.as_str(), look.secure), ("ja.dark", Some(true)));

    // Another browser is as its system is.
    let other = Chromium::start(Setup::default()).await;
    other.dress(1280, false).await;
    other.open(suite.gateway.join("/sign-in").unwrap()).await;
    assert_eq!(background(&other).await, LIGHT);
    assert_eq!(other.evaluate("document.documentElement.lang").await, "en");
    other.close().await;
    browser.close().await;
}

/// proves ACC-3: a mail is in the account's language, time zone and appearance
#[tokio::test(flavor = "multi_thread")]
async fn mails_are_in_language_time_zone_and_appearance() {
    let suite = Suite::start().await;
    let browser = signed_in(&suite).await;
    browser.tick("日本語").await;
    browser.pick("Time zone", "America/New York").await;
    browser.tick("Dark").await;
    browser.click("Save").await;
    browser.sees("プロフィールを保存しました。").await;
    // Somebody invites the address, and chooses English for whom they don't know.
    let somebody = pass_tests::Browser::new("Somebody", "en");
    suite.sign_up(&somebody, "Hanako", "hanako@example.com", PASSWORD).await;
    let page = somebody.open(suite.console.join("/trial/backlog").unwrap()).await;
    let form = page.form("/trial/backlog").with("plan", "standard");
    let page = somebody.submit(form.with("organization_name", "Acme").with("space_id", "acme")).await;
    let mut organization = page.url.clone();
    organization.set_query(None);
    suite.mails.clear();
    let page = somebody.open(format!("{organization}/invitations/new")).await;
    let form = page.form("/invitations/new").with("email", EMAIL).with("role", "member");
    somebody.submit(form.with("message", "").with("language", "en")).await;
    let mail = suite.mails.wait_for(EMAIL).await;
    assert_eq!(mail.subject, "HanakoさんからAcmeへの招待");
    // Seven days from now, 9:00 UTC.
    for text in [&mail.text, &mail.html] {
        assert!(text.contains("2026-11-29 04:00 (America/New_York)"), "{text}");
    }
    assert!(mail.html.contains(r#"<meta name="color-scheme" content="dark">"#), "{}", mail.html);
    browser.close().await;
}

/// proves ACC-5: a chosen image is seen, in its place of the page and in the bar, and taken away again
#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_seen() {
    let suite = Suite::start().await;
    let browser = signed_in(&suite).await;
    let folder = tempfile::tempdir().unwrap();
    let (image, text) = (folder.path().join("me.jpg"), folder.path().join("me.png"));
    std::fs::write(&image, JPEG).unwrap();
    std::fs::write(&text, "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").unwrap();
    browser.fill("Choose another image", text.to_str().unwrap()).await;
    browser.click("Use this image").await;
    browser.sees("This is not a PNG, JPEG or WebP image.").await;
    picture(&browser, "image-refused").await;
    // Of the status of that page, and of nothing else.
    assert!(browser.complaints().await.iter().all(|it| it.contains("400 (Bad Request)")));
    browser.fill("Choose another image", image.to_str().unwrap()).await;
    browser.click("Use this image").await;
    browser.sees("Your image is saved.").await;
    let widths = "[...document.querySelectorAll('img.portrait')].map(it => it.naturalWidth).sort().join()";
    wait_for(async || browser.evaluate(widths).await == "192,48").await;
    picture(&browser, "image").await;
    browser.dress(390, true).await;
    assert_eq!(browser.overflow().await, 0, "it fits a narrow window");
    picture(&browser, "image-narrow-dark").await;
    browser.dress(1280, false).await;
    browser.click("Remove the image").await;
    browser.sees("Your image is removed.").await;
    assert_eq!(browser.evaluate(widths).await, "");
    browser.click("See what will happen").await;
    browser.sees("To confirm, type taro@example.com.").await;
    picture(&browser, "deletion").await;
    browser.fill("Your email address", EMAIL).await;
    browser.click("Delete account").await;
    browser.sees("Your account is deleted").await;
    picture(&browser, "deleted").await;
    browser.close().await;
}

/// A small JPEG, red at the left and blue at the right, whose metadata says that it is to be turned.
const JPEG: &[u8] = include_bytes!("me.jpg");
