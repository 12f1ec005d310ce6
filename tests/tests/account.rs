//! What a person runs for themselves, in real browsers from one end to the other: profile, address, password.
//! Sessions and what keeps an account safe, second factors, image, appearance, spaces and deletion have journeys of their own.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass_testkit::wait_for;
use pass_tests::{Browser, Chromium, Setup, Suite};

const PASSWORD: &str = "correct horse battery 7 staple";
const OTHER: &str = "an entirely different 4 sentence";
const OLD: &str = "taro@example.com";
const NEW: &str = "taro.yamada@example.org";

/// Opens a page of the console.
async fn open(suite: &Suite, browser: &Chromium, path: &str) {
    browser.open(suite.console.join(path).unwrap()).await;
}

/// Types address and password where the page asks for them.
async fn sign_in(browser: &Chromium, email: &str, password: &str) {
    browser.fill("Email address", email).await;
    browser.fill("Password", password).await;
    browser.click("Sign in").await;
}

/// The link in the mail to that address whose subject is that.
async fn link(suite: &Suite, email: &str, subject: &str) -> String {
    let mail = wait_for(async || {
        let mails = suite.mails.mails_to(email);
        mails.into_iter().rev().find(|mail| mail.subject == subject)
    })
    .await;
    mail.link().unwrap().to_owned()
}

/// proves ACC-3, ACC-4, ACC-7, ACC-8: by hand, in the order in which somebody might
#[tokio::test(flavor = "multi_thread")]
async fn a_person_runs_their_account() {
    let suite = Suite::start().await;
    let elsewhere = Browser::new("Taro elsewhere", "en");
    suite.sign_up(&elsewhere, "Taro", OLD, PASSWORD).await;
    elsewhere.open(suite.console.join("/account").unwrap()).await;
    let taro = Chromium::start(Setup::default()).await;
    open(&suite, &taro, "/account").await;
    sign_in(&taro, OLD, PASSWORD).await;

    // The profile.
    taro.fill("Name", "Taro Yamada").await;
    taro.fill("Unique ID", "taro_y").await;
    taro.pick("Time zone", "Asia/Tokyo").await;
    taro.click("Save").await;
    taro.sees("Your profile is saved.").await;
    taro.reads(".who-name", "Taro Yamada").await;
    let shown = "document.querySelector('#unique_id').value";
    assert_eq!(taro.evaluate(shown).await, "taro_y");

    // Tokyo's time: it is 9:00 UTC.
    taro.click("Sessions").await;
    taro.reads("h1", "Where you are signed in").await;
    taro.sees("18:00").await;
    taro.sees("TestBrowser").await;

    // Another address: nothing changes before its link is confirmed.
    open(&suite, &taro, "/account").await;
    taro.click("Change the email address").await;
    taro.fill("New address", NEW).await;
    taro.click("Mail me the link").await;
    taro.sees("Until you confirm it there, nothing changes.").await;
    taro.sees(OLD).await;
    taro.open(link(&suite, NEW, "Confirm your new address").await).await;
    taro.sees(NEW).await;
    taro.click("Use this address").await;
    taro.sees("Your address is changed").await;
    open(&suite, &taro, "/account").await;
    taro.sees(NEW).await;

    // A forgotten password: all sessions end, and only the other one is good from then on.
    taro.click("Sign out").await;
    taro.sees("You are signed out").await;
    open(&suite, &taro, "/account").await;
    taro.click("Forgot your password?").await;
    taro.fill("Email address", NEW).await;
    taro.click("Mail me the link").await;
    taro.sees("Check your mail").await;
    taro.open(link(&suite, NEW, "Reset the password of your Nulab Account").await).await;
    taro.fill("New password", OTHER).await;
    taro.click("Set the password").await;
    taro.sees("Your password is changed").await;
    let page = elsewhere.open(suite.console.join("/account").unwrap()).await;
    assert_eq!(page.url.host_str(), suite.gateway.host_str(), "that session is over, too");
    let page = suite.sign_in(&elsewhere, &page, NEW, PASSWORD).await;
    assert_eq!(page.status, 401, "{}", page.body);
    let page = suite.sign_in(&elsewhere, &page, OLD, OTHER).await;
    assert_eq!(page.status, 401, "{}", page.body);
    open(&suite, &taro, "/account").await;
    sign_in(&taro, NEW, OTHER).await;
    open(&suite, &taro, "/account/security-events").await;
    for what in ["Unique ID changed", "Password reset", "Email address changed"] {
        taro.sees(what).await;
    }
    taro.close().await;
}

/// proves ACC-1, ACC-3: signing up by hand; the account's times are those of the place where the browser is
#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_up_far_away() {
    let (suite, taro) = tokio::join!(Suite::start(), Chromium::start(Setup::default()));
    taro.travel("America/Sao_Paulo").await;
    taro.open(suite.gateway.join("/sign-up").unwrap()).await;
    taro.fill("Name", "Taro").await;
    taro.fill("Email address", OLD).await;
    taro.click("Mail me the link").await;
    taro.sees("Check your mail").await;
    let mail = wait_for(async || suite.mails.mails_to(OLD).pop()).await;
    taro.open(mail.link().unwrap()).await;
    taro.fill("Password", PASSWORD).await;
    taro.click("Create my account").await;
    open(&suite, &taro, "/account").await;
    let zone = "document.querySelector('#time_zone').value";
    assert_eq!(taro.evaluate(zone).await, "America/Sao_Paulo");
    // It is 9:00 UTC.
    taro.click("Sessions").await;
    taro.sees("06:00").await;
    taro.close().await;
}

/// proves ACC-13: by hand, after a while: the sign-in is too old, so the person signs in once more and comes back to the
/// question; no page's policy stands in the way
#[tokio::test(flavor = "multi_thread")]
async fn somebody_deletes_their_account() {
    let (suite, taro) = tokio::join!(Suite::start(), Chromium::start(Setup::default()));
    suite.sign_up(&Browser::new("Taro elsewhere", "en"), "Taro", OLD, PASSWORD).await;
    open(&suite, &taro, "/account").await;
    sign_in(&taro, OLD, PASSWORD).await;
    taro.click("See what will happen").await;
    suite.clock.advance(time::Duration::minutes(11));
    taro.fill("Your email address", OLD).await;
    taro.click("Delete account").await;
    sign_in(&taro, OLD, PASSWORD).await;
    taro.reads("h1", "Delete account").await;
    taro.fill("Your email address", OLD).await;
    taro.click("Delete account").await;
    taro.reads("h1", "Your account is deleted").await;
    open(&suite, &taro, "/account").await;
    taro.reads("h1", "Sign in").await;
    taro.close().await;
}
