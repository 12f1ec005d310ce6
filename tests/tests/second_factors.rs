//! Second factors in a real browser (ACC-9): an authenticator app, a security key, a passkey, recovery codes, and how
//! each of them signs in.

use pass_testkit::wait_for;
use pass_tests::{Browser, Chromium, Setup, Suite};
use pass_types::Clock;
use std::time::Duration;
use totp_rs::{Algorithm, Secret, TOTP};

const PASSWORD: &str = "correct horse battery 7 staple";
const EMAIL: &str = "taro@example.com";
const STEP: Duration = Duration::from_secs(30);

/// The app on somebody's phone.
struct App(TOTP);

impl App {
    /// With the secret that the page shows, in groups.
    fn of(shown: &str) -> Self {
        let secret = Secret::Encoded(shown.replace(' ', "")).to_bytes().expect("base 32");
        Self(TOTP::new(Algorithm::SHA1, 6, 1, 30, secret).expect("a secret that is long enough"))
    }

    /// What it shows; a step later each time, as no code works twice.
    fn next_code(&self, suite: &Suite) -> String {
        suite.clock.advance(STEP);
        self.0.generate(suite.clock.now().unix_timestamp().unsigned_abs())
    }
}

/// What protects an account.
fn security(suite: &Suite) -> String {
    suite.gateway.join("security").expect("a path").to_string()
}

/// Types address and password where the page asks for them.
async fn type_password(browser: &Chromium) {
    browser.fill("Email address", EMAIL).await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Sign in").await;
}

/// Signs out, and in again up to the second step.
async fn begin_again(suite: &Suite, browser: &Chromium) {
    browser.open(suite.gateway.join("oauth/logout").expect("a path")).await;
    browser.click("Sign out").await;
    browser.sees("You are signed out").await;
    browser.open(security(suite)).await;
    type_password(browser).await;
    browser.reads("h1", "Confirm that it is you").await;
}

/// The recovery codes that the page shows this once.
async fn recovery_codes(browser: &Chromium) -> Vec<String> {
    browser.reads("h1", "Your recovery codes").await;
    let shown = browser.text(".codes").await.expect("a list");
    let codes: Vec<String> = shown.split_whitespace().map(str::to_owned).collect();
    assert_eq!(codes.len(), 10, "{shown}");
    browser.find("[data-copy]").await.click().await.expect("a button");
    browser.sees("They are copied.").await;
    let file = browser.find("[download]").await.prop("href").await.expect("a link").expect("an address");
    assert_eq!(file, format!("data:text/plain;charset=utf-8,{}%0A", codes.join("%0A")));
    browser.click("I have kept them").await;
    codes
}

/// Subjects of the mails to the account so far.
fn subjects(suite: &Suite) -> Vec<String> {
    suite.mails.mails_to(EMAIL).into_iter().map(|mail| mail.subject.clone()).collect()
}

/// proves ACC-9, ACC-12: somebody adds an authenticator app, a security key and a passkey, signs in with each and with a
/// recovery code, proves themselves again after a while, and switches everything off
#[tokio::test(flavor = "multi_thread")]
async fn second_factors_by_hand() {
    let (suite, taro) = tokio::join!(Suite::start(), Chromium::start(Setup::default()));
    suite.sign_up(&Browser::new("Taro", "en"), "Taro Yamada", EMAIL, PASSWORD).await;

    // The page sends who is not signed in to sign in, and back.
    taro.open(security(&suite)).await;
    taro.sees("Sign in to change how your account is protected").await;
    type_password(&taro).await;
    taro.reads("h1", "Password and two-factor authentication").await;

    // An app, by the key that the page shows beside its QR code.
    taro.click("Add an authenticator app").await;
    let svg = taro.find(".qr svg").await.rect().await.expect("a QR code");
    assert!(svg.width > 150.0, "{svg:?}");
    let app = App::of(&taro.text("#secret").await.expect("the secret"));
    taro.fill("Code", &app.next_code(&suite)).await;
    taro.click("Add the app").await;
    let codes = recovery_codes(&taro).await;
    taro.sees("10 recovery codes are left").await;

    // From now on the password is not enough.
    begin_again(&suite, &taro).await;
    taro.fill("Code", &app.next_code(&suite)).await;
    taro.click("Continue").await;
    taro.reads("h1", "Password and two-factor authentication").await;

    // A security key, and signing in with it.
    taro.plug_in("usb").await;
    taro.click("Add a security key").await;
    taro.fill("Name", "Key ring").await;
    taro.click("Continue").await;
    taro.sees("It is added.").await;
    taro.sees("Key ring").await;
    begin_again(&suite, &taro).await;
    taro.click("Use a security key or passkey").await;
    taro.reads("h1", "Password and two-factor authentication").await;

    // A recovery code, once.
    begin_again(&suite, &taro).await;
    taro.unfold("Use a recovery code").await;
    taro.fill("Recovery code", &codes[0].to_lowercase()).await;
    taro.press(thirtyfour::Key::Enter).await;
    taro.sees("9 recovery codes are left").await;

    // Much later, a change needs the second factor again; then it is gone on with.
    suite.clock.advance(Duration::from_mins(11));
    taro.unfold("Switch it off").await;
    taro.click("Yes, switch it off").await;
    taro.sees("show your second factor once more").await;
    taro.fill("Code", &app.next_code(&suite)).await;
    taro.click("Continue").await;
    taro.sees("now repeat what you wanted to change").await;
    taro.unfold("Make new recovery codes").await;
    taro.sees("The codes that you have now stop working, and all your other sessions end.").await;
    taro.click("Yes, make new ones").await;
    assert_ne!(recovery_codes(&taro).await, codes);
    taro.unfold("Switch it off").await;
    taro.click("Yes, switch it off").await;
    taro.sees("Two-factor authentication is off.").await;

    // Each was mailed to the owner.
    let expected = [
        "A second factor was added to your Nulab Account",
        "A recovery code was used for your Nulab Account",
        "New recovery codes for your Nulab Account",
        "Two-factor authentication was switched off",
    ];
    wait_for(async || {
        let subjects = subjects(&suite);
        expected.iter().all(|subject| subjects.iter().any(|it| it == subject))
    })
    .await;
    taro.close().await;
}

/// proves ACC-9: a passkey of the device itself is a second factor, and signs in alone; a browser without any says so
#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_a_second_factor_by_hand() {
    let (suite, taro) = tokio::join!(Suite::start(), Chromium::start(Setup::default()));
    suite.sign_up(&Browser::new("Taro", "en"), "Taro Yamada", EMAIL, PASSWORD).await;
    taro.plug_in("internal").await;
    taro.open(security(&suite)).await;
    type_password(&taro).await;
    taro.click("Add a passkey").await;
    taro.fill("Name", "Laptop").await;
    taro.click("Continue").await;
    recovery_codes(&taro).await;
    taro.sees("Laptop").await;
    taro.sees("Passkey").await;
    begin_again(&suite, &taro).await;
    taro.click("Use a security key or passkey").await;
    taro.reads("h1", "Password and two-factor authentication").await;

    // It signs in alone, too: neither address nor password is typed.
    taro.open(suite.gateway.join("oauth/logout").expect("a path")).await;
    taro.click("Sign out").await;
    taro.sees("You are signed out").await;
    taro.open(security(&suite)).await;
    taro.click("Sign in with a passkey").await;
    taro.click("Use a passkey").await;
    taro.reads("h1", "Password and two-factor authentication").await;

    // The same one again is refused by the browser itself, and the page says that it did not work.
    taro.click("Add a passkey").await;
    taro.fill("Name", "Again").await;
    taro.press(thirtyfour::Key::Enter).await;
    taro.sees("That did not work").await;
    taro.close().await;
}
