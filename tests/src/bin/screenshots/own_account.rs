//! The pages on which people run their own account: profile, address, password, what happened, the way back in when
//! the password is lost, and the end.

use super::{Album, PASSWORD, at, mail, send, sign_up};
use pass_tests::{Browser, Chromium, Setup, Suite};
use pass_types::{Clock, LinkKey};
use time::Duration;

const NEW_PASSWORD: &str = "seven dunes mapped by an otter";
const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/me.jpg");

/// All of them.
pub async fn pictures(album: &Album, suite: &Suite, language: &'static str) {
    let browser = Chromium::start(Setup { language, ..Setup::default() }).await;
    forgotten(album, suite, &browser, language).await;
    locked(album, suite, &browser, language).await;
    not_me(album, suite, &browser, language).await;
    profile(album, suite, &browser, language).await;
}

/// Somebody who does not know the password any more.
async fn forgotten(album: &Album, suite: &Suite, browser: &Chromium, language: &'static str) {
    let email = "mei@example.com";
    sign_up(suite, &Browser::new("Mei", language), "Mei Ono", email).await;
    let shoot = async |page: &str| album.take(browser, language, page).await;
    let reset = at(&suite.gateway, "/reset-password");
    browser.open(&reset).await;
    shoot("reset").await;
    send(browser, &[("email", "mei@")]).await;
    shoot("reset-wrong").await;
    send(browser, &[("email", email)]).await;
    shoot("reset-sent").await;
    let link = mail(suite, email, "/reset-password/").await;
    browser.open(&link).await;
    shoot("reset-new-password").await;
    send(browser, &[("password", "short")]).await;
    shoot("reset-new-password-wrong").await;
    send(browser, &[("password", NEW_PASSWORD)]).await;
    shoot("reset-done").await;
    browser.open(&link).await;
    shoot("reset-used").await;
}

/// Somebody who tries too often.
async fn locked(album: &Album, suite: &Suite, browser: &Chromium, language: &'static str) {
    // A browser may send so many passwords a minute.
    suite.clock.advance(Duration::MINUTE);
    browser.open(at(&suite.gateway, "/sign-in")).await;
    for _ in 0..11 {
        send(browser, &[("email", "nobody@example.com"), ("password", "not the right one")]).await;
    }
    album.take(browser, language, "sign-in-locked").await;
}

/// Somebody who was mailed about a sign-in. Here everything comes from one network, which the account knows: the alert
/// is put into the database.
async fn not_me(album: &Album, suite: &Suite, browser: &Chromium, language: &'static str) {
    let email = "mei@example.com";
    let now = suite.clock.now();
    let id = suite.context.entropy.uuid(now);
    sqlx::query(
        "INSERT INTO login_alerts (id, account_id, at, user_agent, expires_at)
         SELECT $1, id, $2, 'Firefox/140.0 Linux', $2 + interval '7 days' FROM accounts WHERE email = $3",
    )
    .bind(id)
    .bind(now)
    .bind(email)
    .execute(&suite.databases["identity"].pool)
    .await
    .expect("an alert");
    let key = LinkKey::new(suite.config.identity.link_secret.expose().as_bytes()).expect("a secret");
    let shoot = async |page: &str| album.take(browser, language, page).await;
    browser.open(at(&suite.gateway, &format!("/not-me/{}", key.mint("login-alert", id, 1)))).await;
    shoot("not-me").await;
    send(browser, &[]).await;
    shoot("not-me-done").await;
}

/// Somebody's own pages, up to the last one.
async fn profile(album: &Album, suite: &Suite, browser: &Chromium, language: &'static str) {
    let (email, new_email) = ("rin@example.com", "rin.kato@example.com");
    sign_up(suite, &Browser::new("Rin", language), "Rin Kato", email).await;
    let shoot = async |page: &str| album.take(browser, language, page).await;
    let console = |path: &str| at(&suite.console, path);
    browser.open(console("/account")).await;
    send(browser, &[("email", email), ("password", "not the right one")]).await;
    send(browser, &[("email", email), ("password", PASSWORD)]).await;
    send(browser, &[]).await;
    shoot("account-image-wrong").await;
    browser.find("#image").await.send_keys(IMAGE).await.expect("a field for files");
    send(browser, &[]).await;
    shoot("account-image").await;

    browser.open(console("/account/email")).await;
    shoot("email-change").await;
    send(browser, &[("email", "rin@")]).await;
    shoot("email-change-wrong").await;
    send(browser, &[("email", new_email)]).await;
    shoot("email-change-sent").await;
    let link = mail(suite, new_email, "/email-change/").await;
    browser.open(&link).await;
    shoot("email-change-confirm").await;
    send(browser, &[]).await;
    shoot("email-change-done").await;
    browser.open(&link).await;
    shoot("email-change-used").await;

    let password = at(&suite.gateway, "/security/password");
    browser.open(&password).await;
    shoot("password-change").await;
    send(browser, &[("current_password", "not the right one"), ("password", NEW_PASSWORD)]).await;
    shoot("password-change-wrong").await;
    send(browser, &[("current_password", PASSWORD), ("password", NEW_PASSWORD)]).await;
    shoot("password-changed").await;

    for (path, page) in
        [("/account/history", "login-history"), ("/account/security-events", "security-events")]
    {
        browser.open(console(path)).await;
        shoot(page).await;
    }
    send(browser, &[]).await;
    shoot("security-events-alerts-off").await;
    browser.open(console("/account/delete")).await;
    shoot("account-delete").await;
    send(browser, &[("confirmation", "somebody.else@example.com")]).await;
    shoot("account-delete-wrong").await;
    send(browser, &[("confirmation", new_email)]).await;
    shoot("account-deleted").await;
}
