//! Pictures of every page of gateway, console and sample product, in two languages, light and dark, wide and
//! narrow: `cargo run -p pass-tests --bin screenshots -- <folder> [name]`. Whoever changes a page looks at them.

#[path = "screenshots/own_account.rs"]
mod own_account;
#[path = "screenshots/spaces.rs"]
mod spaces;

use pass_testkit::wait_for;
use pass_tests::{Browser, Chromium, Setup, Suite};
use pass_types::Clock;
use std::{
    env,
    path::{Path, PathBuf},
};
use totp_rs::{Algorithm, Secret, TOTP};
use url::Url;

const PASSWORD: &str = "correct horse battery 7 staple";
const TARO: &str = "taro@example.com";
const WIDTHS: [u32; 2] = [1280, 390];

/// Where the pictures go, and which are wanted.
struct Album {
    folder: PathBuf,
    only: Option<String>,
}

impl Album {
    /// Pictures of what the browser shows.
    async fn take(&self, browser: &Chromium, language: &str, page: &str) {
        if self.only.as_ref().is_some_and(|only| !page.contains(only)) {
            return;
        }
        for width in WIDTHS {
            for dark in [false, true] {
                browser.dress(width, dark).await;
                let scheme = if dark { "dark" } else { "light" };
                let file = self.folder.join(format!("{page}-{language}-{scheme}-{width}.png"));
                browser.picture(&file).await;
            }
            let overflow = browser.overflow().await;
            if overflow > 0 {
                eprintln!("{page} ({language}) is {overflow} px wider than {width} px");
            }
        }
        browser.dress(1280, false).await;
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = env::args().skip(1);
    let folder: PathBuf = arguments.next().expect("the folder for the pictures").into();
    let album = Album { folder, only: arguments.next() };
    tokio::fs::create_dir_all(&album.folder).await.expect("a folder for the pictures");
    for language in ["en", "ja"] {
        let suite = Suite::start().await;
        let organization = populate(&suite).await;
        strangers(&album, &suite, language).await;
        members(&album, &suite, language, &organization).await;
        protection(&album, &suite, language).await;
        own_account::pictures(&album, &suite, language).await;
        spaces::pictures(&album, &suite, language).await;
        println!("{language}: see {}", album.folder.display());
    }
    if album.only.is_none() {
        Box::pin(readme(&album.folder)).await;
    }
}

/// An organization with members, Spaces and invitations; its address. Taro's account is the administrator's.
async fn populate(suite: &Suite) -> Url {
    let taro = Browser::new("Taro", "en");
    suite.sign_up(&taro, "Taro Yamada", TARO, PASSWORD).await;
    let page = taro.open(at(&suite.console, "/trial/backlog")).await;
    let form = page.form("/trial/backlog").with("plan", "standard");
    let page = taro.submit(form.with("organization_name", "Acme").with("space_id", "acme")).await;
    let mut organization = page.url.clone();
    organization.set_query(None);
    for (name, email) in [("佐藤 花子", "hanako@example.com"), ("Maria Silva", "maria@example.com")] {
        invite(suite, &taro, &organization, email).await;
        let link = invitation(suite, email).await;
        let colleague = Browser::new(name, "en");
        sign_up(suite, &colleague, name, email).await;
        let page = colleague.open(&link).await;
        // Already signed in to the console, or asked to sign in first.
        let known = page.forms().iter().any(|form| form.action().path().starts_with("/invitations/"));
        let page = if known { page } else { colleague.click(&page, "/sign-in?to=").await };
        colleague.submit(page.form("/invitations/")).await;
    }
    invite(suite, &taro, &organization, "a.person.with.quite.a.long.address@department.example.com").await;
    invite(suite, &taro, &organization, "guest@example.com").await;
    let second = Browser::new("Windows NT 10.0) Firefox/142.0", "en");
    let page = second.open(&suite.console).await;
    suite.sign_in(&second, &page, TARO, PASSWORD).await;
    sign_up(suite, &Browser::new("Ken", "en"), "Ken Sato", "ken@example.com").await;
    organization
}

async fn sign_up(suite: &Suite, browser: &Browser, name: &str, email: &str) {
    let page = browser.open(at(&suite.gateway, "/sign-up")).await;
    browser.submit(page.form("/sign-up").with("name", name).with("email", email)).await;
    let page = browser.open(mail(suite, email, "/sign-up/").await).await;
    browser.submit(page.form("/sign-up/").with("password", PASSWORD)).await;
}

async fn invite(suite: &Suite, taro: &Browser, organization: &Url, email: &str) {
    let page = taro.open(format!("{organization}/invitations/new")).await;
    let form = page.form("/invitations/new").with("email", email).with("role", "member");
    taro.submit(form.with("message", "We build it together: see you on Monday!").with("language", "en"))
        .await;
    invitation(suite, email).await;
}

async fn invitation(suite: &Suite, email: &str) -> String {
    mail(suite, email, "/invitations/").await
}

/// The link of the mail to that address that leads there.
async fn mail(suite: &Suite, email: &str, part: &str) -> String {
    wait_for(async || {
        let mails = suite.mails.mails_to(email);
        mails.iter().rev().find_map(|mail| mail.link().filter(|link| link.contains(part)).map(str::to_owned))
    })
    .await
}

/// What somebody sees who has not signed in.
async fn strangers(album: &Album, suite: &Suite, language: &'static str) {
    let browser = Chromium::start(Setup { language, ..Setup::default() }).await;
    let (gateway, product) = (&suite.gateway, &suite.backlog);
    let shoot = async |page: &str| album.take(&browser, language, page).await;
    browser.open(product).await;
    shoot("product-stranger").await;
    browser.open(at(product, "/sign-in")).await;
    shoot("sign-in").await;
    send(&browser, &[("email", TARO), ("password", "not the right one")]).await;
    shoot("sign-in-wrong").await;
    browser.open(at(gateway, "/sign-up")).await;
    shoot("sign-up").await;
    send(&browser, &[("name", " "), ("email", "aki@example")]).await;
    shoot("sign-up-wrong").await;
    send(&browser, &[("name", "Aki Tanaka"), ("email", "aki@example.com")]).await;
    shoot("sign-up-sent").await;
    let link = mail(suite, "aki@example.com", "/sign-up/").await;
    browser.open(&link).await;
    shoot("choose-password").await;
    send(&browser, &[("password", "password1234")]).await;
    shoot("choose-password-wrong").await;
    send(&browser, &[("password", PASSWORD)]).await;
    shoot("home-empty").await;
    browser.open(&link).await;
    shoot("link-used").await;
    browser.open(invitation(suite, "guest@example.com").await).await;
    shoot("invitation-other").await;
    browser.open(at(gateway, "/oauth/logout")).await;
    shoot("sign-out").await;
    send(&browser, &[]).await;
    shoot("signed-out-gateway").await;
    browser.open(invitation(suite, "guest@example.com").await).await;
    shoot("invitation-stranger").await;
    browser.open(invitation(suite, "hanako@example.com").await).await;
    shoot("invitation-accepted").await;
    browser.open(at(gateway, "/oauth/authorize?client_id=nobody")).await;
    shoot("client-unknown").await;
    browser.open(at(gateway, "/sign-in?flow=0198c0de-0000-7000-8000-000000000000")).await;
    shoot("flow-over").await;
    browser.open(at(gateway, "/nowhere")).await;
    shoot("not-found").await;
}

/// What the administrator and a member see.
async fn members(album: &Album, suite: &Suite, language: &'static str, organization: &Url) {
    let browser = Chromium::start(Setup { language, ..Setup::default() }).await;
    let console = |path: &str| at(&suite.console, path);
    let shoot = async |page: &str| album.take(&browser, language, page).await;
    browser.open(&suite.console).await;
    send(&browser, &[("email", TARO), ("password", PASSWORD)]).await;
    browser.open(console("/account")).await;
    browser.tick(if language == "ja" { "日本語" } else { "English" }).await;
    send(&browser, &[("unique_id", "taro")]).await;
    shoot("account-saved").await;
    send(&browser, &[("unique_id", "t")]).await;
    shoot("account-wrong").await;
    for (path, page) in [
        ("/", "home"),
        ("/sessions", "sessions"),
        ("/account/delete", "account-delete-needed"),
        ("/account/spaces", "spaces-none"),
        ("/trial", "trial-products"),
        ("/trial/cacoo", "trial"),
        ("/nowhere", "not-found-console"),
    ] {
        browser.open(console(path)).await;
        shoot(page).await;
    }
    browser.open(console("/trial/backlog")).await;
    browser.find("[name=plan]").await.click().await.expect("a choice");
    send(&browser, &[("organization_name", "Acme"), ("space_id", "A!")]).await;
    shoot("trial-wrong").await;
    for (path, page) in [
        ("", "organization"),
        ("/members", "members"),
        ("/members?query=zzz", "members-none"),
        ("/invitations", "invitations"),
        ("/invitations/new", "invite"),
    ] {
        browser.open(format!("{organization}{path}")).await;
        shoot(page).await;
    }
    browser.find("[name=role][value=member]").await.click().await.expect("a choice");
    send(&browser, &[("email", "hanako@example.com")]).await;
    shoot("invite-wrong").await;
    browser.open(at(&suite.backlog, "/sign-in")).await;
    shoot("product").await;
    browser.open(console("/")).await;
    let leave = browser.find(".who button").await;
    browser.leave(async || leave.click().await.expect("a button")).await;
    shoot("signed-out").await;
    browser.open(&suite.console).await;
    send(&browser, &[("email", "ken@example.com"), ("password", PASSWORD)]).await;
    let invitation = invitation(suite, "guest@example.com").await;
    browser.open(invitation).await;
    shoot("invitation-other-ken").await;
}

/// What protects an account, and the second step of a sign-in (ACC-9).
async fn protection(album: &Album, suite: &Suite, language: &'static str) {
    let (browser, email) = (Chromium::start(Setup { language, ..Setup::default() }).await, "mio@example.com");
    sign_up(suite, &Browser::new("Mio", language), "Mio Mori", email).await;
    let shoot = async |page: &str| album.take(&browser, language, page).await;
    let security = at(&suite.gateway, "/security");
    let sign_in = async || {
        browser.open(&security).await;
        send(&browser, &[("email", email), ("password", PASSWORD)]).await;
    };
    browser.open(&security).await;
    shoot("security-sign-in").await;
    sign_in().await;
    shoot("security-off").await;
    browser.open(at(&suite.gateway, "/security/authenticator")).await;
    send(&browser, &[("code", "12345")]).await;
    shoot("security-app").await;
    let shown = browser.text("#secret").await.expect("a secret").replace(' ', "");
    let secret = Secret::Encoded(shown).to_bytes().expect("base 32");
    let app = TOTP::new(Algorithm::SHA1, 6, 1, 30, secret).expect("a secret that is long enough");
    let code = app.generate(suite.clock.now().unix_timestamp().unsigned_abs());
    send(&browser, &[("code", &code)]).await;
    shoot("security-recovery-codes").await;
    browser.plug_in("usb").await;
    browser.open(at(&suite.gateway, "/security/keys/new")).await;
    shoot("security-key").await;
    send(&browser, &[("name", "Key ring")]).await;
    shoot("security-on").await;
    unfold(&browser).await;
    shoot("security-on-sure").await;
    browser.open(at(&suite.gateway, "/oauth/logout")).await;
    send(&browser, &[]).await;
    sign_in().await;
    shoot("security-second-step").await;
    send(&browser, &[("code", "000000")]).await;
    shoot("security-second-step-wrong").await;
    browser.open(at(&suite.gateway, "/sign-in/passkey")).await;
    shoot("security-passkey").await;
}

/// The three pictures of the README.
async fn readme(folder: &Path) {
    let suite = Suite::start().await;
    let organization = populate(&suite).await;
    let browser = Chromium::start(Setup::default()).await;
    browser.dress(1280, false).await;
    let shoot = async |name: &str| browser.picture(&folder.join(format!("readme-{name}.png"))).await;
    browser.open(at(&suite.backlog, "/sign-in")).await;
    shoot("sign-in").await;
    send(&browser, &[("email", TARO), ("password", PASSWORD)]).await;
    browser.reads("#allowed", "yes").await;
    shoot("product").await;
    browser.open(at(&suite.console, "/")).await;
    browser.open(&organization).await;
    shoot("organization").await;
}

/// Unfolds everything that can be.
async fn unfold(browser: &Chromium) {
    browser.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })").await;
}

/// Fills fields in by their names, whatever the language, and sends the form that has them, or the first one of
/// the page's content.
async fn send(browser: &Chromium, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        let field = browser.find(&format!("main [name={name}]")).await;
        field.clear().await.expect("a field");
        field.send_keys(*value).await.expect("a field");
    }
    // Without the browser's own checks, so that ours are seen.
    let every = "document.querySelectorAll('form').forEach((form) => form.noValidate = true)";
    browser.evaluate(every).await;
    let having = fields.last().map(|(name, _)| format!(":has([name={name}])")).unwrap_or_default();
    let button = browser.find(&format!("main form{having} button")).await;
    browser.leave(async || button.click().await.expect("a button")).await;
}

fn at(site: &Url, path: &str) -> Url {
    site.join(path).expect("a path")
}
