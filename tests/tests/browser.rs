//! The pages in a real browser: what its cookies, its policies and its keyboard make of them.

use pass_testkit::wait_for;
use pass_tests::{Chromium, Company, HANDLE, Setup, Suite};
use thirtyfour::{Key, cookie::SameSite};
use url::Url;

const PASSWORD: &str = "correct horse battery 7 staple";

/// Signs somebody up on the pages, from where the browser is to the page after the password.
async fn sign_up(suite: &Suite, browser: &Chromium, words: &Words, name: &str, email: &str) {
    browser.fill(words.name, name).await;
    browser.fill(words.email, email).await;
    browser.click(words.mail_me_the_link).await;
    browser.sees(words.check_your_mail).await;
    let mail = wait_for(async || {
        let mails = suite.mails.mails_to(email);
        mails.into_iter().find(|mail| mail.link().is_some_and(|link| link.contains("/sign-up/")))
    })
    .await;
    browser.open(mail.link().expect("a link")).await;
    browser.sees(name).await;
    browser.fill(words.password, PASSWORD).await;
    browser.click(words.create_my_account).await;
}

/// Signs somebody in on the page that the browser shows.
async fn sign_in(browser: &Chromium, email: &str) {
    browser.fill("Email address", email).await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Sign in").await;
}

/// Somebody with an account, who has not opened anything yet in a real browser.
async fn somebody(suite: &Suite, name: &str, email: &str) {
    let elsewhere = pass_tests::Browser::new(name, "en");
    let page = suite.sign_up(&elsewhere, name, email, PASSWORD).await;
    assert!(page.status.is_success(), "{}", page.body);
}

/// What is written on the sign-up pages.
struct Words {
    name: &'static str,
    email: &'static str,
    password: &'static str,
    mail_me_the_link: &'static str,
    check_your_mail: &'static str,
    create_my_account: &'static str,
}

const ENGLISH: Words = Words {
    name: "Name",
    email: "Email address",
    password: "Password",
    mail_me_the_link: "Mail me the link",
    check_your_mail: "Check your mail",
    create_my_account: "Create my account",
};
const JAPANESE: Words = Words {
    name: "名前",
    email: "メールアドレス",
    password: "パスワード",
    mail_me_the_link: "リンクをメールで受け取る",
    check_your_mail: "メールをご確認ください",
    create_my_account: "アカウントを作成する",
};

/// All cookies of the site that the browser is at are bound to it.
async fn cookies_are_bound(browser: &Chromium, expected: &str) {
    let cookies = browser.cookies().await;
    assert!(cookies.iter().any(|cookie| cookie.name == expected), "{expected} is not in {cookies:?}");
    for cookie in cookies {
        assert!(cookie.name.starts_with("__Host-"), "{cookie:?}");
        assert_eq!(cookie.secure, Some(true), "{cookie:?}");
        assert_eq!(cookie.same_site, Some(SameSite::Lax), "{cookie:?}");
        assert_eq!(cookie.path.as_deref(), Some("/"), "{cookie:?}");
    }
    assert_eq!(browser.evaluate("document.cookie").await, "", "scripts don't see them");
}

fn at(site: &Url, path: &str) -> Url {
    site.join(path).expect("a path")
}

/// proves ACC-1, ACC-2, ACC-6, ACC-12, ORG-1, ORG-2, ORG-6, ORG-14, API-2, API-3, API-5: the first journey, by hand
#[tokio::test(flavor = "multi_thread")]
async fn the_first_journey() {
    let (suite, taro, hanako, second) = tokio::join!(
        Suite::start(),
        Chromium::start(Setup::default()),
        Chromium::start(Setup { language: "ja", ..Setup::default() }),
        Chromium::start(Setup::default()),
    );

    // 1. Somebody comes to the product, has no account yet, and signs up. The sign-up leads back there.
    taro.open(&suite.backlog).await;
    taro.click("Sign in with Nulab Account").await;
    taro.sees("to go on to Backlog").await;
    taro.click("Create an account").await;
    sign_up(&suite, &taro, &ENGLISH, "Taro Yamada", "taro@example.com").await;

    // 2. The product shows what it learns from the JWT and by gRPC.
    taro.reads("#name", "Taro Yamada").await;
    taro.reads("#email", "taro@example.com").await;
    taro.reads("#reason", "NOT_A_MEMBER").await;
    cookies_are_bound(&taro, "__Host-backlog").await;

    // 3. They start a trial in the console, which needs no second password.
    taro.open(&suite.console).await;
    taro.sees("You are not in an organization yet").await;
    cookies_are_bound(&taro, "__Host-console").await;
    taro.click("Start a trial").await;
    taro.click("Start a Backlog trial").await;
    taro.tick("Standard").await;
    taro.fill("Organization name", "Acme").await;
    taro.fill("Space ID", "acme").await;
    taro.click("Start a trial").await;
    taro.sees("Your trial has started.").await;
    taro.sees("Plan Admin").await;
    let organization = taro.address().await;
    taro.open(&suite.backlog).await;
    taro.click("Ask for a new token").await;
    taro.reads("#reason", "ALLOWED").await;
    taro.reads("#space", "Acme (acme)").await;

    // 4. They invite a colleague, who has another browser, in Japanese, and no account yet.
    taro.open(&organization).await;
    taro.click("Invitations").await;
    taro.click("Invite by mail").await;
    taro.fill("Email address", "hanako@example.com").await;
    taro.tick("Member").await;
    taro.fill("Message", "Welcome!").await;
    taro.pick("Language of the mail", "日本語").await;
    taro.click("Send invitation").await;
    taro.sees("The invitation is on its way.").await;
    let mail = suite.mails.wait_for("hanako@example.com").await;
    assert_eq!(mail.subject, "Taro YamadaさんからAcmeへの招待");
    hanako.open(mail.link().unwrap()).await;
    hanako.sees("Welcome!").await;
    hanako.click("ログインまたは新規登録").await;
    hanako.click("アカウントを作成").await;
    sign_up(&suite, &hanako, &JAPANESE, "佐藤 花子", "hanako@example.com").await;
    hanako.click("招待を承認").await;
    hanako.sees("メンバー").await;
    hanako.click("メンバー").await;
    hanako.sees("Taro Yamada").await;
    taro.click("Members").await;
    taro.sees("佐藤 花子").await;
    hanako.open(at(&suite.backlog, "sign-in")).await;
    hanako.reads("#reason", "ALLOWED").await;

    // 5. They end all other sessions: their second browser hears of it, nobody else does.
    second.open(&suite.backlog).await;
    second.click("Sign in with Nulab Account").await;
    sign_in(&second, "Taro@Example.com").await;
    second.reads("#name", "Taro Yamada").await;
    taro.click("Sessions").await;
    taro.click("End all other sessions").await;
    taro.sees("All other sessions are ended.").await;
    second
        .until("the end of the session", async || {
            second.open(&suite.backlog).await;
            second.text("#ended").await
        })
        .await;
    second.click("Sign in with Nulab Account").await;
    second.reads("h1", "Sign in").await;
    for browser in [&taro, &hanako] {
        browser.open(&suite.backlog).await;
        browser.reads("#allowed", "yes").await;
    }

    // 6. They sign out of the product, and with it of everything.
    taro.click("Sign out").await;
    taro.sees("Sign in with Nulab Account").await;
    taro.open(&suite.console).await;
    taro.reads("h1", "Sign in").await;
    tokio::join!(taro.close(), hanako.close(), second.close());
}

/// What has the focus: its text or label, and whether a ring is drawn around it.
async fn focus(browser: &Chromium) -> (String, bool) {
    let element = browser.focused().await;
    let width = element.css_value("outline-width").await.expect("an element");
    let style = element.css_value("outline-style").await.expect("an element");
    let id = element.id().await.expect("an element").unwrap_or_default();
    let name = if id.is_empty() { element.text().await.expect("an element") } else { id };
    (name, style == "solid" && width == "3px")
}

/// Presses Tab until that has the focus; all on the way must show that they have it.
async fn tab_to(browser: &Chromium, wanted: &str) {
    let mut passed = Vec::new();
    for _ in 0..30 {
        browser.press(Key::Tab).await;
        let (name, ring) = focus(browser).await;
        assert!(ring, "nobody sees that {name:?} has the focus");
        if name == wanted {
            return;
        }
        passed.push(name);
    }
    panic!("{wanted:?} is not reached by Tab, only {passed:?}");
}

/// Everything on the pages can be done with the keyboard alone, and one sees where one is.
#[tokio::test(flavor = "multi_thread")]
async fn keyboard_alone() {
    let (suite, taro) = tokio::join!(Suite::start(), Chromium::start(Setup::default()));
    somebody(&suite, "Taro Yamada", "taro@example.com").await;

    // The first stop is the link that skips to the content. It shows only then, and what follows is the first field.
    taro.open(&suite.console).await;
    taro.reads("h1", "Sign in").await;
    let skip = taro.find(".skip").await;
    assert!(skip.rect().await.unwrap().y < 0.0, "it is out of sight");
    taro.press(Key::Tab).await;
    assert_eq!(focus(&taro).await, ("Skip to content".to_owned(), true));
    taro.until("the link that skips", async || skip.rect().await.is_ok_and(|rect| rect.y >= 0.0)).await;
    taro.press(Key::Enter).await;
    assert_eq!(focus(&taro).await.0, "content");
    taro.press(Key::Tab).await;
    assert_eq!(focus(&taro).await, ("email".to_owned(), true));

    // A wrong password: the page comes again, says what is wrong, and Enter in a field sends the form.
    taro.press("taro@example.com").await;
    taro.press(Key::Tab).await;
    assert_eq!(focus(&taro).await, ("password".to_owned(), true));
    taro.leave(async || taro.press("not the right one" + Key::Enter).await).await;
    taro.sees("Email address or password is wrong.").await;
    tab_to(&taro, "password").await;
    taro.press(PASSWORD).await;
    tab_to(&taro, "Sign in").await;
    taro.leave(async || taro.press(Key::Enter).await).await;

    // In the console: past the navigation to the trial, choices by arrow keys.
    taro.sees("You are not in an organization yet").await;
    taro.press(Key::Tab + Key::Enter).await;
    assert_eq!(focus(&taro).await.0, "content", "the navigation is skipped");
    tab_to(&taro, "Start a trial").await;
    taro.leave(async || taro.press(Key::Enter).await).await;
    tab_to(&taro, "Start a trial").await;
    taro.leave(async || taro.press(Key::Enter).await).await;
    taro.sees("Start a Backlog trial").await;
    tab_to(&taro, "organization_name").await;
    taro.press("Acme").await;
    tab_to(&taro, "space_id").await;
    taro.press("acme").await;
    taro.press_back().await;
    taro.press_back().await;
    taro.press(Key::Down).await;
    taro.leave(async || taro.press(Key::Enter).await).await;
    taro.sees("Your trial has started.").await;
    let complaints = taro.complaints().await;
    assert!(
        matches!(&complaints[..], [wrong] if wrong.contains("/sign-in") && wrong.contains("401")),
        "{complaints:#?}"
    );
    taro.close().await;
}

/// Whether a browser runs scripts.
const PAGE: &str = "<!doctype html><link rel=icon href=data:,><p id=scripts>off</p>\
     <script>document.getElementById('scripts').textContent = 'on'</script>";

/// A page with a script, to see whether the browser runs any; `/strict` has a policy against it.
async fn probe() -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a page of our own");
    let port = listener.local_addr().expect("a page of our own").port();
    let policy = [("content-security-policy", "default-src 'none'")];
    let router = axum::Router::new()
        .route("/strict", axum::routing::get(async move || (policy, axum::response::Html(PAGE))))
        .fallback(async || axum::response::Html(PAGE));
    tokio::spawn(async { axum::serve(listener, router).await });
    format!("http://probe.localhost:{port}/").parse().expect("a page of our own")
}

/// The pages need no scripts.
#[tokio::test(flavor = "multi_thread")]
async fn without_scripts() {
    let (suite, taro, scripted, probe) = tokio::join!(
        Suite::start(),
        Chromium::start(Setup { scripts: false, ..Setup::default() }),
        Chromium::start(Setup::default()),
        probe(),
    );
    somebody(&suite, "Taro Yamada", "taro@example.com").await;
    for (browser, runs) in [(&taro, "off"), (&scripted, "on")] {
        browser.open(&probe).await;
        browser.reads("#scripts", runs).await;
    }
    // What is refused is heard here, so the silence at the end of each test means something.
    scripted.open(at(&probe, "strict")).await;
    scripted.reads("#scripts", "off").await;
    let complaints = scripted.complaints().await;
    assert!(complaints.iter().any(|said| said.contains("Content Security Policy")), "{complaints:#?}");

    taro.open(&suite.backlog).await;
    taro.click("Sign in with Nulab Account").await;
    sign_in(&taro, "taro@example.com").await;
    taro.reads("#name", "Taro Yamada").await;
    taro.open(&suite.console).await;
    taro.sees("You are not in an organization yet").await;
    taro.click("Sign out").await;
    taro.sees("You are signed out").await;
    taro.click("Sign in again").await;
    taro.reads("h1", "Sign in").await;
    tokio::join!(taro.close(), scripted.close());
}

/// The language that the page is in, and its background.
async fn looks(browser: &Chromium) -> (String, String) {
    let language = browser.find("html").await.attr("lang").await.expect("an element").unwrap_or_default();
    (language, browser.find("body").await.css_value("background-color").await.expect("an element"))
}

/// proves ACC-3: language and appearance take effect at once, everywhere
#[tokio::test(flavor = "multi_thread")]
async fn language_and_appearance() {
    const LIGHT: &str = "rgba(245, 247, 246, 1)";
    const DARK: &str = "rgba(16, 22, 26, 1)";
    let is = |language: &str, ground: &str| (language.to_owned(), ground.to_owned());
    let (suite, taro) = tokio::join!(Suite::start(), Chromium::start(Setup::default()));
    somebody(&suite, "Taro Yamada", "taro@example.com").await;
    taro.open(&suite.console).await;
    sign_in(&taro, "taro@example.com").await;
    taro.click("Account").await;
    assert_eq!(looks(&taro).await, is("en", LIGHT));

    // What the system says holds until the person says otherwise.
    taro.dress(1280, true).await;
    assert_eq!(looks(&taro).await, is("en", DARK));
    taro.tick("Light").await;
    taro.click("Save").await;
    taro.sees("Your profile is saved.").await;
    assert_eq!(looks(&taro).await, is("en", LIGHT));
    taro.dress(1280, false).await;
    taro.tick("日本語").await;
    taro.tick("Dark").await;
    taro.click("Save").await;
    taro.reads("h1", "アカウント").await;
    assert_eq!(looks(&taro).await, is("ja", DARK));

    // The gateway's pages follow.
    taro.open(at(&suite.gateway, "oauth/logout")).await;
    taro.reads("h1", "ログアウト").await;
    assert_eq!(looks(&taro).await, is("ja", DARK));
    taro.close().await;
}

/// proves SML-2, SML-8: a provider on another site, cookies that are `SameSite=Lax`, and `form-action`, in a real browser
#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_with_a_managed_account() {
    let (company, yuki) =
        tokio::join!(Box::pin(Company::start_complete(|_| ())), Chromium::start(Setup::default()));
    company.create_managed("yuki", "Yuki Tanaka").await;
    company.idp.set(&company.somebody("yuki", "Yuki Tanaka")).await;
    yuki.open(&company.suite.backlog).await;
    yuki.click("Sign in with Nulab Account").await;
    yuki.click("Log in with Managed Account").await;
    yuki.fill("Organization ID", HANDLE).await;
    yuki.click("Log in with SAML").await;
    // The page that leads on, the provider's, the ACS, a page of ours, the product: each by itself.
    yuki.reads("#name", "Yuki Tanaka").await;
    yuki.reads("#reason", "ALLOWED").await;
    assert_eq!(yuki.complaints().await, Vec::<String>::new());
    // With a Managed Account the console is the person's own, and says whose it is.
    yuki.open(at(&company.suite.console, "/account")).await;
    yuki.sees("This account is managed by Acme").await;
}
