//! Legacy spaces by the pages: the sample product's own, the gateway's and the console's.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass_testkit::wait_for;
use pass_tests::{Browser, Chromium, PASSWORD, Page, SPACE_PASSWORD, Setup, Suite};

/// A page of a legacy space.
async fn at(suite: &Suite, browser: &Browser, path: &str) -> Page {
    browser.open(suite.backlog.join(&format!("/spaces/{path}")).unwrap()).await
}

/// Logs in with the space's own password.
async fn log_in(suite: &Suite, browser: &Browser, space: &str, user: &str, password: &str) -> Page {
    let page = at(suite, browser, &format!("{space}/login")).await;
    browser.submit(page.form("/login").with("user_id", user).with("password", password)).await
}

/// "Log in with Nulab Account" on a space's login page.
async fn by_account(suite: &Suite, browser: &Browser, space: &str) -> Page {
    let page = at(suite, browser, &format!("{space}/login")).await;
    browser.click(&page, "/nulab").await
}

/// The same, where the space is not connected yet: on to the page "Connect to Nulab Account".
async fn to_connect(suite: &Suite, browser: &Browser, space: &str) -> Page {
    let page = by_account(suite, browser, space).await;
    page.must_say("not connected to your Nulab Account yet");
    browser.click(&page, "/account/spaces/new/").await
}

/// Types a space's own user ID and password on the page "Connect to Nulab Account".
async fn connect(browser: &Browser, page: &Page, user: &str, password: &str) -> Page {
    let form = page.form("/account/spaces/connect");
    browser.submit(form.with("space_user", user).with("space_password", password)).await
}

fn text(page: &Page, selector: &str) -> String {
    page.text(selector).unwrap_or_else(|| panic!("no {selector} at {}:\n{}", page.url, page.body))
}

/// proves SPC-1, SPC-2, SPC-3, SPC-4, SPC-5, SPC-6: the journey
#[tokio::test(flavor = "multi_thread")]
async fn a_person_connects_two_spaces() {
    let suite = Suite::start().await;
    let taro = Browser::new("Taro", "en");
    suite.sign_up(&taro, "Taro Yamada", "taro@example.com", PASSWORD).await;

    // 1. While the administrator's switch is off, the login page has no other way in, and nobody connects.
    let administrator = Browser::new("The space's administrator", "en");
    let page = log_in(&suite, &administrator, "old-works", "taro", "not it").await;
    page.must_say("User ID or password is wrong");
    let page = log_in(&suite, &administrator, "old-works", "taro", SPACE_PASSWORD).await;
    assert_eq!(text(&page, "#name"), "T. of old");
    assert_eq!(text(&page, "#logged-in-with"), "Backlog user ID and password");
    let page = at(&suite, &administrator, "old-works/administration").await;
    let page = administrator.submit(page.form("/administration").tampered("nulab_account", None)).await;
    assert_eq!(text(&page, "#switch"), "Now: off");
    let page = at(&suite, &taro, "old-works/login").await;
    assert!(page.text("#nulab-login").is_none(), "{}", page.body);
    let form = taro.open(suite.console.join("/account/spaces/new/backlog/old-works").unwrap()).await;
    let page = connect(&taro, &form, "taro", SPACE_PASSWORD).await;
    page.must_say("does not let people log in with a Nulab Account");
    let page = at(&suite, &administrator, "old-works/administration").await;
    let page = administrator.submit(page.form("/administration").with("nulab_account", "on")).await;
    assert_eq!(text(&page, "#switch"), "Now: on");
    let member = Browser::new("A member of the space", "en");
    log_in(&suite, &member, "old-works", "hana", SPACE_PASSWORD).await;
    assert_eq!(at(&suite, &member, "old-works/administration").await.status, 404);

    // 2. From the login page to "Connect to Nulab Account": a wrong password, then the right one; the box is ticked.
    let page = to_connect(&suite, &taro, "old-works").await;
    assert_eq!(page.url.host(), suite.console.host(), "{}", page.body);
    page.must_say("Connect to Nulab Account");
    assert_eq!(page.form("/connect").value("space"), Some("old-works"));
    assert_eq!(page.form("/connect").value("account_information"), Some("on"));
    let page = connect(&taro, &page, "taro", "not it").await;
    page.must_say("User ID or password of the space is wrong");
    let page = connect(&taro, &page, "taro", SPACE_PASSWORD).await;
    page.must_say("The space is connected").must_say("Old Works");
    let page = taro.click(&page, "/spaces/old-works/nulab").await;
    assert_eq!(
        (text(&page, "#name"), text(&page, "#email")),
        ("Taro Yamada".into(), "taro@example.com".into())
    );
    assert_eq!(text(&page, "#logged-in-with"), "Nulab Account");
    let seen = at(&suite, &member, "old-works").await;
    seen.must_say("Taro Yamada · taro@example.com");

    // 3. A second space, unticked: it keeps its own profile. The switcher has both.
    suite.clock.advance(time::Duration::SECOND);
    let page = taro.open(suite.console.join("/account/spaces/connect").unwrap()).await;
    let form = page.form("/connect").with("space", "harbour").with("space_user", "t.yamada");
    let form = form.with("space_password", SPACE_PASSWORD).tampered("account_information", None);
    taro.submit(form).await.must_say("Harbour & Sons");
    let page = by_account(&suite, &taro, "harbour").await;
    assert_eq!(
        (text(&page, "#name"), text(&page, "#shown-from")),
        ("Harbour's T.".into(), "this space".into())
    );
    assert_eq!(text(&page, "#switcher"), "Old Works Harbour & Sons");
    let page = taro.click(&page, "/spaces/old-works/nulab").await;
    assert_eq!(text(&page, "#space-id"), "old-works");

    // 4. Nobody else connects the same space user.
    let other = Browser::new("Somebody else", "en");
    suite.sign_up(&other, "Olga Other", "olga@example.com", PASSWORD).await;
    let page = to_connect(&suite, &other, "old-works").await;
    let page = connect(&other, &page, "taro", SPACE_PASSWORD).await;
    page.must_say("connected to another Nulab Account already");

    // 5. "Use Backlog user information": that space shows its own profile and refuses the Nulab Account, with a page
    // that says why; the other one does not. Its own password works; there the choice is taken back.
    let page = at(&suite, &taro, "old-works/settings").await;
    let page = taro.submit(page.form("/settings").with("profile", "space-only")).await;
    assert_eq!(page.status, 403);
    page.must_say("You chose “Use Backlog user information” for this space");
    let page = by_account(&suite, &taro, "old-works").await;
    assert_eq!(page.status, 403);
    page.must_say("not logged in to with your Nulab Account");
    at(&suite, &member, "old-works").await.must_say("T. of old · taro@old.example");
    let page = by_account(&suite, &taro, "harbour").await;
    assert_eq!(text(&page, "#space-id"), "harbour");
    let page = taro.open(suite.console.join("/account/spaces").unwrap()).await;
    assert!(page.links().iter().all(|(href, _)| !href.contains("/spaces/old-works")), "{}", page.body);
    let page = log_in(&suite, &taro, "old-works", "taro", SPACE_PASSWORD).await;
    assert_eq!((text(&page, "#name"), text(&page, "#shown-from")), ("T. of old".into(), "this space".into()));
    // The switcher leads back to that login, and trying the Nulab Account does not end it.
    let page = at(&suite, &taro, "harbour").await;
    let page = taro.click(&page, "/spaces/old-works").await;
    assert_eq!(text(&page, "#logged-in-with"), "Backlog user ID and password");
    by_account(&suite, &taro, "old-works").await.must_say("not logged in to with your Nulab Account");
    let page = at(&suite, &taro, "old-works").await;
    assert_eq!(text(&page, "#logged-in-with"), "Backlog user ID and password");
    let page = at(&suite, &taro, "old-works/settings").await;
    let page = taro.submit(page.form("/settings").with("profile", "account")).await;
    assert_eq!(text(&page, "#name"), "Taro Yamada");
    let page = by_account(&suite, &taro, "old-works").await;
    assert_eq!(text(&page, "#logged-in-with"), "Nulab Account");

    // 6. Disconnected: the link is gone, the space user is not.
    let page = taro.open(suite.console.join("/account/spaces").unwrap()).await;
    let page = taro.submit(page.form("/disconnect")).await;
    page.must_say("The space is disconnected");
    to_connect(&suite, &taro, "old-works").await;
    let page = log_in(&suite, &taro, "old-works", "taro", SPACE_PASSWORD).await;
    assert_eq!(text(&page, "#name"), "T. of old");
    let page = to_connect(&suite, &other, "old-works").await;
    connect(&other, &page, "taro", SPACE_PASSWORD).await.must_say("The space is connected");
}

/// proves SPC-2: five wrong tries lock the pair for 15 minutes, and the page says until when; in Japanese too
#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_tries_on_the_page() {
    let suite = Suite::start().await;
    let hanako = Browser::new("Hanako", "ja");
    suite.sign_up(&hanako, "佐藤 花子", "hanako@example.com", PASSWORD).await;
    let mut page = hanako.open(suite.console.join("/account/spaces/new/backlog/old-works").unwrap()).await;
    for _ in 0..5 {
        page = connect(&hanako, &page, "hana", "not it").await;
        page.must_say("スペースのユーザーIDまたはパスワードが正しくありません");
    }
    page = connect(&hanako, &page, "hana", SPACE_PASSWORD).await;
    assert_eq!(page.status, 429);
    page.must_say("15 分後にもう一度お試しください");
    suite.clock.advance(time::Duration::minutes(15));
    let page = hanako.open(suite.console.join("/account/spaces/new/backlog/old-works").unwrap()).await;
    connect(&hanako, &page, "hana", SPACE_PASSWORD).await.must_say("スペースを連携しました");
}

/// proves SPC-5: the choice is the owner's: whoever is logged in to the space as another of its users, in the same browser,
/// neither sees the owner's nor changes it
#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_choice() {
    let suite = Suite::start().await;
    let (taro, hanako) = (Browser::new("Taro", "en"), Browser::new("Hanako", "en"));
    for (browser, name, email, user) in [
        (&taro, "Taro Yamada", "taro@example.com", "taro"),
        (&hanako, "Hanako", "hanako@example.com", "hana"),
    ] {
        suite.sign_up(browser, name, email, PASSWORD).await;
        let page = to_connect(&suite, browser, "old-works").await;
        connect(browser, &page, user, SPACE_PASSWORD).await.must_say("The space is connected");
        assert_eq!(text(&by_account(&suite, browser, "old-works").await, "#name"), name);
    }
    let own = at(&suite, &taro, "old-works/settings").await.form("/settings").with("profile", "space-only");

    // Taro's browser, in which Hana logs in to the space.
    log_in(&suite, &taro, "old-works", "hana", SPACE_PASSWORD).await;
    let page = at(&suite, &taro, "old-works/settings").await;
    assert!(page.forms().iter().all(|form| !form.action().path().ends_with("/settings")), "{}", page.body);
    taro.submit(own).await;
    for (browser, name) in [(&taro, "Taro Yamada"), (&hanako, "Hanako")] {
        let page = by_account(&suite, browser, "old-works").await;
        assert_eq!(text(&page, "#name"), name, "nothing has changed");
    }
}

/// proves SPC-2, ACC-12: the way in by the Nulab Account ends with the session; and ACC-13: with the account the link goes,
/// and the space user stays (SPC-6), whom somebody else can connect
#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_accounts_that_end() {
    let suite = Suite::start().await;
    let taro = Browser::new("Taro", "en");
    suite.sign_up(&taro, "Taro Yamada", "taro@example.com", PASSWORD).await;
    let page = to_connect(&suite, &taro, "old-works").await;
    connect(&taro, &page, "taro", SPACE_PASSWORD).await.must_say("The space is connected");
    assert_eq!(text(&by_account(&suite, &taro, "old-works").await, "#logged-in-with"), "Nulab Account");

    // Every page of the space asks again: no login of its own outlives the session.
    let page = taro.open(suite.gateway.join("/oauth/logout").unwrap()).await;
    taro.submit(page.form("/oauth/logout/confirm")).await;
    wait_for(async || at(&suite, &taro, "old-works").await.text("#nulab-login").is_some()).await;

    // Back again; then the account is deleted.
    let page = by_account(&suite, &taro, "old-works").await;
    let page = suite.sign_in(&taro, &page, "taro@example.com", PASSWORD).await;
    assert_eq!(text(&page, "#logged-in-with"), "Nulab Account");
    let page = taro.open(suite.console.join("/account/delete").unwrap()).await;
    page.must_say("One connected space is disconnected");
    let page = taro.submit(page.form("/account/delete").with("confirmation", "taro@example.com")).await;
    page.must_say("Your account is deleted");
    wait_for(async || at(&suite, &taro, "old-works").await.text("#nulab-login").is_some()).await;
    let page = log_in(&suite, &taro, "old-works", "taro", SPACE_PASSWORD).await;
    assert_eq!((text(&page, "#name"), text(&page, "#shown-from")), ("T. of old".into(), "this space".into()));
    let other = Browser::new("Somebody else", "en");
    suite.sign_up(&other, "Olga Other", "olga@example.com", PASSWORD).await;
    let page = to_connect(&suite, &other, "old-works").await;
    connect(&other, &page, "taro", SPACE_PASSWORD).await.must_say("The space is connected");
}

/// A product that is down, or that takes a connection and says nothing: a page that says so in both languages, what was
/// typed is still there, and there is no half-made link.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_down() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let product = format!("https://localhost:{}", silent.local_addr().unwrap().port()).parse().unwrap();
    let suite = Suite::start_with(|config| {
        config.identity.mesh.products.insert("backlog".to_owned(), product);
        config.identity.legacy.call_millis = 300;
    })
    .await;
    for (language, text) in
        [("en", "The product does not answer right now"), ("ja", "プロダクトが応答していません")]
    {
        let browser = Browser::new("Taro", language);
        suite.sign_up(&browser, "Taro Yamada", &format!("taro@{language}.example"), PASSWORD).await;
        let page = browser.open(suite.console.join("/account/spaces/new/backlog/old-works").unwrap()).await;
        for _ in 0..6 {
            let page = connect(&browser, &page, "taro", SPACE_PASSWORD).await;
            assert_eq!(page.status, 503, "{}", page.body);
            page.must_say(text);
            assert_eq!(page.form("/connect").value("space_user"), Some("taro"));
        }
        let page = browser.open(suite.console.join("/account/spaces").unwrap()).await;
        assert_eq!(
            (page.status.as_u16(), page.forms().len()),
            (200, 1),
            "nothing but signing out: {}",
            page.body
        );
    }
    let links = "SELECT count(*) FROM space_links";
    let links: i64 = sqlx::query_scalar(links).fetch_one(&suite.databases["identity"].pool).await.unwrap();
    assert_eq!(links, 0);
    drop(silent);
}

/// The example of the space's own login: it speaks the browser's language, and five wrong passwords lock the user there for
/// 15 minutes, so that it is no way round SPC-2's.
#[tokio::test(flavor = "multi_thread")]
async fn the_own_login_of_a_space() {
    let suite = Suite::start().await;
    let ken = Browser::new("Ken", "ja");
    let page = at(&suite, &ken, "old-works/login").await;
    page.must_say("Backlogでログイン").must_say("ユーザーID");
    assert!(page.body.contains("<html lang=\"ja\">"), "{}", page.body);
    for _ in 0..5 {
        log_in(&suite, &ken, "old-works", "taro", "a wrong one")
            .await
            .must_say("ユーザーIDまたはパスワードが正しくありません");
    }
    let page = log_in(&suite, &ken, "old-works", "taro", SPACE_PASSWORD).await;
    assert_eq!(page.status, 429);
    page.must_say("15分後にもう一度お試しください");
    let other = Browser::new("Other", "en");
    let page = log_in(&suite, &other, "old-works", "hana", SPACE_PASSWORD).await;
    assert_eq!(page.text("#user-id").as_deref(), Some("hana"), "others are not locked: {}", page.body);
    suite.clock.advance(time::Duration::minutes(15));
    log_in(&suite, &ken, "old-works", "taro", SPACE_PASSWORD).await.must_say("あなたの情報");
}

/// proves SPC-2, SPC-3, SPC-5, SPC-6: by hand, from the space's login page on; what browsers make of the way between three sites
#[tokio::test(flavor = "multi_thread")]
async fn in_a_real_browser() {
    let suite = Suite::start().await;
    suite.sign_up(&Browser::new("Elsewhere", "en"), "Taro Yamada", "taro@example.com", PASSWORD).await;
    let browser = Chromium::start(Setup::default()).await;
    browser.open(suite.backlog.join("/spaces/old-works/login").unwrap()).await;
    browser.click("Login").await;
    browser.fill("Email address", "taro@example.com").await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Sign in").await;
    browser.click("Connect to Nulab Account").await;
    connect_by_hand(&browser, "taro").await;
    browser.open(suite.console.join("/account/spaces/connect").unwrap()).await;
    browser.fill("Space ID", "harbour").await;
    connect_by_hand(&browser, "t.yamada").await;

    // The switchers: the console's list, and the space's own.
    browser.click("Open Old Works").await;
    browser.reads("#name", "Taro Yamada").await;
    browser.click("Harbour & Sons").await;
    browser.reads("#space-id", "harbour").await;
    browser.reads("#logged-in-with", "Nulab Account").await;

    browser.click("Personal Settings").await;
    browser.find("[value=space-only]").await.click().await.unwrap();
    browser.click("Save").await;
    browser.sees("it is not logged in to with your Nulab Account").await;
    browser.click("Open Nulab Account").await;
    browser.unfold("Disconnect harbour").await;
    browser.sees("Its user stays, with its own user ID and password.").await;
    browser.click("Yes, disconnect it").await;
    browser.sees("The space is disconnected").await;
    browser.click("Open Old Works").await;
    browser.reads("#switcher", "Old Works").await;
    let complaints = browser.complaints().await.into_iter();
    let wrong: Vec<_> =
        complaints.filter(|it| !it.contains("the server responded with a status of 403")).collect();
    assert!(wrong.is_empty(), "but for the two pages that say why: {wrong:#?}");
}

async fn connect_by_hand(browser: &Chromium, user: &str) {
    browser.fill("User ID of the space", user).await;
    browser.fill("Password of the space", SPACE_PASSWORD).await;
    browser.click("Connect").await;
    browser.sees("The space is connected").await;
}
