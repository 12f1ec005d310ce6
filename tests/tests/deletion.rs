//! Somebody deletes their account (ACC-13): nothing of them is left in any table of any service, and they may come back.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass_testkit::wait_for;
use pass_tests::{Browser, Form, Page, Party, Suite};
use sqlx::AssertSqlSafe;
use std::fmt::Write;

const PASSWORD: &str = "correct horse battery 7 staple";
const NAME: &str = "Gwendolyn Goner";
const EMAIL: &str = "Gwendolyn.Goner@elsewhere.example";
const UNIQUE_ID: &str = "gwendolyn-77";
const SIGNATURE: &str = "Your Wendy";

/// What must not be found, as text and as the bytes that PostgreSQL shows in hexadecimal.
fn traces() -> Vec<String> {
    let said = [NAME, "gwendolyn", "elsewhere.example", UNIQUE_ID, SIGNATURE];
    let hex = |text: &str| {
        text.bytes().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        })
    };
    said.iter().flat_map(|text| [text.to_lowercase(), hex(text), hex(&text.to_lowercase())]).collect()
}

/// Tables in which one of the traces is.
async fn found(suite: &Suite) -> Vec<String> {
    let mut found = Vec::new();
    for (service, database) in &suite.databases {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
             WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
        )
        .fetch_all(&database.pool)
        .await
        .unwrap();
        assert!(!tables.is_empty(), "{service} has tables");
        for table in tables {
            // A row as text: bytes in hexadecimal, JSON and arrays spelled out.
            let dump = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
            let rows: String =
                sqlx::query_scalar(AssertSqlSafe(dump)).fetch_one(&database.pool).await.unwrap();
            let rows = rows.to_lowercase();
            let traces = traces().into_iter().filter(|it| rows.contains(it));
            found.extend(traces.map(|it| format!("{service}.{table}: {it}")));
        }
    }
    found
}

/// Invites the address, and gives the link of the mail.
async fn invite(suite: &Suite, administrator: &Browser, organization: &str) -> String {
    invite_with(suite, administrator, organization, EMAIL, "Welcome!").await
}

/// Invites an address with a message, and gives the link of the mail.
async fn invite_with(
    suite: &Suite,
    administrator: &Browser,
    organization: &str,
    email: &str,
    message: &str,
) -> String {
    let page = administrator.open(format!("{organization}/invitations/new")).await;
    let form = page.form("/invitations/new").with("email", email).with("role", "member");
    administrator.submit(form.with("message", message).with("language", "en")).await;
    let mail = wait_for(async || {
        let mails = suite.mails.mails_to(email);
        mails.into_iter().rev().find(|mail| mail.link().is_some_and(|link| link.contains("/invitations/")))
    })
    .await;
    mail.link().unwrap().to_owned()
}

/// The form of the profile, among those of the image and the address.
fn profile(page: &Page) -> Form {
    page.forms().into_iter().find(|form| form.action().path() == "/account").unwrap()
}

async fn trial(suite: &Suite, browser: &Browser, name: &str, space: &str) -> Page {
    let page = browser.open(suite.console.join("/trial/backlog").unwrap()).await;
    let form = page.form("/trial/backlog").with("plan", "standard");
    browser.submit(form.with("organization_name", name).with("space_id", space)).await
}

/// Makes somebody Plan Admin and administrator, which no page does yet, and has them apply for Nulab Pass.
async fn apply(suite: &Suite, browser: &Browser, organization: &str) {
    let promoted =
        "UPDATE members SET role = 'administrator', privileges = '{plan_admin}' WHERE email_key = $1";
    let members = &suite.databases["organization"].pool;
    let promoted = sqlx::query(promoted).bind(EMAIL.to_lowercase()).execute(members).await.unwrap();
    assert_eq!(promoted.rows_affected(), 1);
    let page = browser.open(format!("{organization}/nulab-pass")).await;
    let form = page.form("/nulab-pass").with("company", "Acme K.K.");
    assert_eq!((form.value("contact_name"), form.value("plan_admin_email")), (Some(NAME), Some(EMAIL)));
    browser.submit(form).await.must_say(EMAIL);
}

/// Asks for another address, or for somebody else's.
async fn ask_for_address(suite: &Suite, browser: &Browser, email: &str) {
    let page = browser.open(suite.console.join("/account/email").unwrap()).await;
    let page = browser.submit(page.form("/account/email").with("email", email)).await;
    assert!(page.status.is_success() && page.url.path() != "/sign-in", "{} {}", page.url, page.body);
}

/// proves ACC-13: personal data is erased everywhere, whoever keeps it; sessions end; the address is free
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_who_deletes_their_account() {
    let suite = Suite::start().await;
    let (taro, goner) = (Browser::new("Taro", "en"), Browser::new("One", "en"));
    suite.sign_up(&taro, "Taro Yamada", "taro@example.com", PASSWORD).await;
    let page = trial(&suite, &taro, "Acme", "acme").await;
    let mut acme = page.url.clone();
    acme.set_query(None);

    // They have an account, a profile, a product, an organization, an open invitation, a failed sign-in, a history.
    suite.sign_up(&goner, NAME, EMAIL, PASSWORD).await;
    let page = goner.open(suite.console.join("/account").unwrap()).await;
    goner.submit(profile(&page).with("unique_id", UNIQUE_ID)).await.must_say("Your profile is saved.");
    let link = invite(&suite, &taro, acme.as_str()).await;
    let page = goner.open(&link).await;
    goner.submit(page.form("/invitations/")).await.must_say("Acme");
    goner.open(suite.backlog.join("/sign-in").unwrap()).await.must_say(NAME);
    taro.open(format!("{acme}/members")).await.must_say(NAME);
    apply(&suite, &goner, acme.as_str()).await;
    // They invite somebody themselves, and sign what they write, with a name that is nowhere else.
    let signed = format!("Welcome! {SIGNATURE}");
    let sent = invite_with(&suite, &goner, acme.as_str(), "friend@example.com", &signed).await;
    ask_for_address(&suite, &goner, "Gwendolyn@new.elsewhere.example").await;
    ask_for_address(&suite, &taro, EMAIL).await;
    let second = Browser::new("Two", "en");
    let page = second.open(suite.gateway.join("/sign-in").unwrap()).await;
    suite.sign_in(&second, &page, EMAIL, "not the password at all").await;
    let page = second.open(suite.gateway.join("/sign-in").unwrap()).await;
    suite.sign_in(&second, &page, EMAIL, PASSWORD).await;
    // Somebody whom a product knows by their address asks for an account with it once more; nobody follows that link.
    let page = Browser::new("Somebody", "en");
    let mut product = Party::backlog(&suite).sign_in();
    product.query_pairs_mut().append_pair("login_hint", EMAIL);
    let form = page.open(product).await;
    let sign_up =
        form.links().into_iter().map(|(href, _)| href).find(|it| it.starts_with("/sign-up")).unwrap();
    let form = page.open(suite.gateway.join(&sign_up).unwrap()).await;
    let form = form.form("/sign-up");
    assert_eq!(form.value("email"), Some(EMAIL), "the product's hint");
    page.submit(form.with("name", NAME)).await;
    let form = page.open(suite.gateway.join("/reset-password").unwrap()).await;
    page.submit(form.form("/reset-password").with("email", EMAIL)).await;
    // An organization that they are no member of invites them.
    let other = Browser::new("Harbour", "en");
    suite.sign_up(&other, "Harbour", "harbour@example.com", PASSWORD).await;
    let page = trial(&suite, &other, "Harbour", "harbour").await;
    let mut harbour = page.url.clone();
    harbour.set_query(None);
    invite(&suite, &other, harbour.as_str()).await;
    let before = found(&suite).await;
    assert!(before.contains(&"organization.public.invitations: your wendy".to_owned()), "{before:?}");
    for table in [
        "identity.public.accounts",
        "identity.public.sign_ups",
        "identity.public.password_resets",
        "identity.public.email_changes",
        "organization.public.members",
        "organization.public.invitations",
        "billing.public.applications",
    ] {
        assert!(before.iter().any(|it| it.starts_with(table)), "{table} has what is looked for: {before:?}");
    }

    // The sign-in is too old: they sign in once more and come back to the question.
    suite.clock.advance(time::Duration::minutes(11));
    let question = suite.console.join("/account/delete").unwrap();
    let page = goner.open(&question).await;
    page.must_say("Acme");
    let page = goner.submit(page.form("/account/delete").with("confirmation", EMAIL)).await;
    let page = suite.sign_in(&goner, &page, EMAIL, PASSWORD).await;
    assert!(page.url.as_str().starts_with(question.as_str()), "{}", page.url);
    let page = goner.submit(page.form("/account/delete").with("confirmation", "taro@example.com")).await;
    page.must_say("This is not what is to be typed.");
    let page = goner.submit(page.form("/account/delete").with("confirmation", EMAIL)).await;
    page.must_say("Your account is deleted");

    // Everything that follows has followed: what is told is told, what is to be done is done. They are told as well, and
    // what that takes, an address and no name, is all that is left, for an hour.
    let mail = wait_for(async || {
        let mails = suite.mails.mails_to(EMAIL);
        mails.into_iter().find(|mail| mail.subject == "Your Nulab Account was deleted")
    })
    .await;
    assert!(mail.text.contains("Contact us: "), "{}", mail.text);
    let farewell = |it: &String| it.starts_with("identity.public.farewells: ");
    wait_for(async || found(&suite).await.iter().all(farewell)).await;
    assert!(found(&suite).await.iter().all(|it| farewell(it) && !it.contains(&NAME.to_lowercase())));
    taro.open(format!("{acme}/members")).await.must_say("Taro Yamada");
    assert!(!taro.open(format!("{acme}/members")).await.says(NAME));
    let page = taro.open(format!("{acme}/nulab-pass")).await;
    page.must_say("Acme K.K.").must_say("Erased when the person deleted their account");
    for browser in [&goner, &second] {
        let page = browser.open(suite.console.join("/account").unwrap()).await;
        assert!(page.url.as_str().starts_with(suite.gateway.as_str()), "nobody is signed in: {}", page.url);
    }
    let page = goner.open(suite.gateway.join("/sign-in").unwrap()).await;
    let page = suite.sign_in(&goner, &page, EMAIL, PASSWORD).await;
    assert_eq!(page.status, 401, "{}", page.body);
    let page = goner.open(&link).await;
    assert!(!page.says(EMAIL), "{}", page.body);
    // Whom they invited may come all the same.
    let page = Browser::new("Friend", "en").open(&sent).await;
    page.must_say("Acme");
    assert!(!page.says(SIGNATURE) && !page.says(NAME), "{}", page.body);

    suite.clock.advance(time::Duration::hours(1));
    wait_for(async || found(&suite).await.is_empty()).await;

    // The address, the name and the unique ID are free.
    suite.mails.clear();
    let anew = Browser::new("Three", "en");
    suite.sign_up(&anew, NAME, EMAIL, PASSWORD).await;
    let page = anew.open(suite.console.join("/account").unwrap()).await;
    anew.submit(profile(&page).with("unique_id", UNIQUE_ID)).await.must_say("Your profile is saved.");
    anew.open(&suite.console).await.must_say("You are not in an organization yet");
}

/// proves ACC-13, ORG-7: whom an organization needs does not go, and is told which one
#[tokio::test(flavor = "multi_thread")]
async fn whom_an_organization_needs_stays() {
    let suite = Suite::start().await;
    let taro = Browser::new("Taro", "en");
    suite.sign_up(&taro, "Taro Yamada", "taro@example.com", PASSWORD).await;
    let question = suite.console.join("/account/delete").unwrap();
    // Opened while nobody needs them, posted when somebody does.
    let page = taro.open(&question).await;
    trial(&suite, &taro, "Acme", "acme").await;
    let refused = taro.submit(page.form("/account/delete").with("confirmation", "taro@example.com")).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    refused.must_say("Acme").must_say("You are its only member.");
    taro.open(suite.console.join("/account").unwrap()).await.must_say("taro@example.com");
}
