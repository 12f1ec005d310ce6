//! Legacy spaces: the sample product's pages, and the console's.

use super::{Album, PASSWORD, at, send, sign_up, unfold};
use pass_tests::{Browser, Chromium, SPACE_PASSWORD, Setup, Suite};

/// All of them.
pub async fn pictures(album: &Album, suite: &Suite, language: &'static str) {
    let (browser, email) = (Chromium::start(Setup { language, ..Setup::default() }).await, "aoi@example.com");
    sign_up(suite, &Browser::new("Aoi", language), "Aoi Mori", email).await;
    let shoot = async |page: &str| album.take(&browser, language, page).await;
    let space = |path: &str| at(&suite.backlog, &format!("/spaces/old-works{path}"));
    let console = |path: &str| at(&suite.console, path);
    let by_account = async || browser.open(space("/nulab")).await;
    let taro = [("user_id", "taro"), ("password", SPACE_PASSWORD)];

    browser.open(space("/login")).await;
    shoot("space-login").await;
    send(&browser, &[("user_id", "taro"), ("password", "not it")]).await;
    shoot("space-login-wrong").await;
    by_account().await;
    send(&browser, &[("email", email), ("password", PASSWORD)]).await;
    shoot("space-not-connected").await;
    browser.open(console("/account/spaces/new/backlog/old-works")).await;
    shoot("space-connect").await;
    for _ in 0..5 {
        send(&browser, &[("space_user", "nobody"), ("space_password", "not it")]).await;
    }
    shoot("space-connect-wrong").await;
    send(&browser, &[("space_user", "nobody"), ("space_password", "not it")]).await;
    shoot("space-connect-locked").await;
    send(&browser, &[("space_user", "taro"), ("space_password", SPACE_PASSWORD)]).await;
    shoot("space-connected").await;
    browser.open(console("/account/spaces/new/backlog/harbour")).await;
    send(&browser, &[("space_user", "t.yamada"), ("space_password", SPACE_PASSWORD)]).await;

    shoot("spaces").await;
    unfold(&browser).await;
    shoot("spaces-sure").await;
    by_account().await;
    shoot("space").await;
    browser.open(space("/settings")).await;
    shoot("space-settings").await;
    browser.find("[value=space-only]").await.click().await.expect("a choice");
    send(&browser, &[]).await;
    shoot("space-own-users").await;

    browser.open(space("/login")).await;
    send(&browser, &taro).await;
    shoot("space-own-login").await;
    browser.open(space("/administration")).await;
    shoot("space-administration").await;
    browser.find("[name=nulab_account]").await.click().await.expect("a switch");
    send(&browser, &[]).await;
    by_account().await;
    shoot("space-closed").await;
    browser.open(console("/account/spaces")).await;
    shoot("spaces-closed").await;

    // Others find it as it was.
    browser.open(space("/login")).await;
    send(&browser, &taro).await;
    browser.open(space("/administration")).await;
    browser.find("[name=nulab_account]").await.click().await.expect("a switch");
    send(&browser, &[]).await;
}
