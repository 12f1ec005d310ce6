//! What keeps an account safe and its owner informed, in a real browser: sessions (ACC-12), login history and security
//! events (ACC-11), login alerts (ACC-10), and what a lock says (ACC-14).

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass_testkit::wait_for;
use pass_tests::{Browser, Chromium, Setup, Suite};
use time::Duration;

const PASSWORD: &str = "correct horse battery 7 staple";
const NEW_PASSWORD: &str = "seven dunes mapped by an otter";
const EMAIL: &str = "taro@example.com";
/// Networks that the owner has never been in.
const AWAY: [&str; 2] = ["203.0.113.7", "198.51.100.7"];

/// A suite behind a proxy, and its owner's browser.
async fn start() -> (Suite, Chromium) {
    let suite = Suite::start_with(|config| {
        let proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.gateway.web.trusted_proxies.clone_from(&proxies);
        config.console.web.trusted_proxies = proxies;
    });
    let (suite, taro) = tokio::join!(suite, Chromium::start(Setup::default()));
    suite
        .sign_up(&Browser::new("Windows NT 10.0) Firefox/142.0", "en"), "Taro Yamada", EMAIL, PASSWORD)
        .await;
    (suite, taro)
}

fn console(suite: &Suite, path: &str) -> String {
    suite.console.join(path).unwrap().to_string()
}

/// Goes to a page of the console, and signs in where that is asked for.
async fn arrive(suite: &Suite, taro: &Chromium, path: &str, password: &str) {
    taro.open(console(suite, path)).await;
    taro.fill("Email address", EMAIL).await;
    taro.fill("Password", password).await;
    taro.click("Sign in").await;
}

/// Somebody signs in to the console; whether they are in.
async fn is_let_in(suite: &Suite, browser: &Browser, password: &str) -> bool {
    let page = browser.open(&suite.console).await;
    let page = suite.sign_in(browser, &page, EMAIL, password).await;
    page.url.host_str() == suite.console.host_str() && page.status.is_success()
}

/// Whether somebody is still in.
async fn is_in(suite: &Suite, browser: &Browser) -> bool {
    browser.open(console(suite, "/account")).await.url.host_str() == suite.console.host_str()
}

/// The link of the owner's mail that leads there.
async fn link(suite: &Suite, part: &str) -> String {
    wait_for(async || {
        let mails = suite.mails.mails_to(EMAIL);
        mails.iter().rev().find_map(|mail| mail.link().filter(|it| it.contains(part)).map(str::to_owned))
    })
    .await
}

/// proves ACC-11, ACC-12, ACC-10: the owner sees their sessions and ends them, reads who tried to sign in with what and
/// what for, and switches login alerts off and on
#[tokio::test(flavor = "multi_thread")]
async fn sessions_history_and_alerts_by_hand() {
    let (suite, taro) = start().await;
    let phone = Browser::new("iPhone) Version/18.0 Mobile Safari/604.1", "en");
    let tablet = Browser::new("X11; Linux x86_64) Firefox/140.0", "en");
    assert!(is_let_in(&suite, &phone, PASSWORD).await && is_let_in(&suite, &tablet, PASSWORD).await);
    assert!(!is_let_in(&suite, &Browser::new("curl", "en").at(AWAY[0]), "not the password").await);
    arrive(&suite, &taro, "/sessions", PASSWORD).await;

    taro.reads("h1", "Where you are signed in").await;
    taro.click("End session: Safari · iPhone").await;
    taro.sees("The session is ended").await;
    assert!(!is_in(&suite, &phone).await && is_in(&suite, &tablet).await);
    taro.click("End all other sessions").await;
    taro.sees("All other sessions are ended").await;
    assert!(!is_in(&suite, &tablet).await);
    assert_eq!(taro.evaluate("document.querySelectorAll('.row').length").await, 1);

    taro.click("Login history").await;
    taro.reads("h1", "Login history").await;
    for text in ["Signed in", "Wrong password", "Console", "Safari · iPhone", "Firefox · Linux", AWAY[0]] {
        taro.sees(text).await;
    }
    taro.click("Security events").await;
    taro.reads("h1", "Security events").await;
    taro.sees("All other sessions ended").await;

    taro.click("Switch off").await;
    taro.sees("Login alerts are off").await;
    assert!(is_let_in(&suite, &Browser::new("curl", "en").at(AWAY[0]), PASSWORD).await);
    taro.click("Switch on").await;
    taro.sees("Login alerts are on").await;
    assert!(is_let_in(&suite, &Browser::new("curl", "en").at(AWAY[1]), PASSWORD).await);
    link(&suite, "/not-me/").await;
    let alerts = suite.mails.mails_to(EMAIL).iter().filter(|it| it.subject.contains("New sign-in")).count();
    assert_eq!(alerts, 1, "only what came after they were on again");
    taro.open(console(&suite, "/account/security-events")).await;
    taro.sees("Login alerts switched off").await;
    taro.sees("Sign-in with a new browser").await;
    assert_eq!(taro.complaints().await, Vec::<String>::new());
}

/// proves ACC-10, ACC-8: whoever is mailed about a sign-in that was not theirs throws the intruder out, chooses another
/// password by the mail that follows, and signs in; the intruder does not
#[tokio::test(flavor = "multi_thread")]
async fn an_intruder_is_thrown_out() {
    let (suite, taro) = start().await;
    let intruder = Browser::new("X11; Linux x86_64) Firefox/140.0", "en").at(AWAY[0]);
    assert!(is_let_in(&suite, &intruder, PASSWORD).await && is_in(&suite, &intruder).await);

    taro.open(link(&suite, "/not-me/").await).await;
    taro.reads("h1", "Was this not you?").await;
    taro.sees("Firefox · Linux").await;
    assert!(is_in(&suite, &intruder).await, "opening the link changes nothing");
    taro.click("This was not me: end all sessions").await;
    taro.reads("h1", "Your account is safe again").await;
    wait_for(async || !is_in(&suite, &intruder).await).await;
    assert!(!is_let_in(&suite, &intruder, PASSWORD).await);

    taro.open(link(&suite, "/reset-password/").await).await;
    taro.fill("New password", NEW_PASSWORD).await;
    taro.click("Set the password").await;
    taro.reads("h1", "Your password is changed").await;
    arrive(&suite, &taro, "/account/security-events", NEW_PASSWORD).await;
    for text in ["A sign-in was reported as not yours", "Password reset", "Sign-in with a new browser"] {
        taro.sees(text).await;
    }
    assert!(!is_let_in(&suite, &intruder, PASSWORD).await);
}

/// proves ACC-14: strangers who guess lock out strangers, who are told how to recover; the owner is mailed, and signs in
/// with a browser that the account knows
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_for_strangers() {
    let (suite, taro) = start().await;
    arrive(&suite, &taro, "/sessions", PASSWORD).await;
    taro.open(suite.gateway.join("oauth/logout").unwrap()).await;
    taro.click("Sign out").await;
    let stranger = Browser::new("curl", "en").at(AWAY[0]);
    for _ in 0..10 {
        let page = stranger.open(suite.gateway.join("sign-in").unwrap()).await;
        let page = suite.sign_in(&stranger, &page, EMAIL, "not the password").await;
        assert_eq!(page.status, 401, "{}", page.body);
    }
    let page = stranger.open(suite.gateway.join("sign-in").unwrap()).await;
    let page = suite.sign_in(&stranger, &page, EMAIL, PASSWORD).await;
    assert_eq!((page.status.as_u16(), page.headers["retry-after"].to_str().unwrap()), (429, "900"));
    page.must_say("There were too many wrong passwords").must_say("reset your password");
    assert!(page.links().iter().any(|(href, _)| href.starts_with("/reset-password")));
    let told = wait_for(async || {
        let mails = suite.mails.mails_to(EMAIL).into_iter();
        mails.filter(|mail| mail.subject == "Somebody may be guessing your password").last()
    })
    .await;
    assert!(told.text.contains("reset it on the sign-in page"), "{}", told.text);

    arrive(&suite, &taro, "/account/security-events", PASSWORD).await;
    taro.sees("Sign-in locked after too many wrong passwords").await;
    suite.clock.advance(Duration::minutes(15));
    assert!(
        is_let_in(&suite, &stranger, PASSWORD).await,
        "whoever knows the password waits no longer than that"
    );
}
