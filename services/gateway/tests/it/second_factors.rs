//! The second step of a sign-in, and the page of what protects an account (ACC-9).

use crate::{
    browser::{Browser, Page, between},
    neighbours::{ANSWER, CODE, Someone},
    suite::{CONSOLE, ISSUER, Suite},
};
use pass_proto::identity::v1::finish_second_step_request::Factor;

/// Somebody with an app, and a browser that has typed their password.
async fn half_way(suite: &Suite) -> (Someone, Browser) {
    let taro = suite.neighbours.account("Taro");
    suite.neighbours.state().factors.apps.insert(taro.id);
    let browser = suite.browser();
    let page = browser.sign_in("/sign-in", &taro).await;
    assert_eq!(page.location(), "/sign-in/second");
    (taro, browser)
}

fn step(browser: &Browser) -> Option<String> {
    browser.cookies.lock().unwrap().get("__Host-pass-step").cloned()
}

/// Somebody signed in, without second factors.
async fn signed_in(suite: &Suite) -> (Someone, Browser) {
    let taro = suite.neighbours.account("Taro");
    let browser = suite.browser();
    browser.sign_in("/sign-in", &taro).await;
    (taro, browser)
}

/// proves ACC-9: the password gives no session but a second step, kept in a cookie of this origin; the right code
/// gives the session, and the cookie goes
#[tokio::test]
async fn a_password_leads_to_the_second_step() {
    let suite = Suite::start().await;
    let (taro, browser) = half_way(&suite).await;
    assert!(browser.session().is_none() && step(&browser).is_some());
    let page = browser.get("/sign-in/second").await;
    assert!(page.text.contains("autocomplete=\"one-time-code\"") && page.text.contains("recovery_code"));
    assert!(!page.text.contains("data-webauthn"), "there are no keys");
    assert_eq!(page.header("cache-control"), "no-store");

    let wrong = browser.submit("/sign-in/second", &[("code", "000000")]).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text.contains("That was not right") && wrong.text.contains("href=\"#code\""));
    assert!(browser.session().is_none() && step(&browser).is_some());
    let right = browser.submit("/sign-in/second", &[("code", CODE)]).await;
    assert_eq!(right.location(), "/");
    assert!(browser.session().is_some() && step(&browser).is_none());
    assert_eq!(suite.neighbours.sessions_of(&taro).len(), 1);
    assert_eq!(browser.get("/").await.location(), CONSOLE);
}

/// proves ACC-9: the step's cookie is `__Host-`, Secure, `HttpOnly`, `SameSite=Lax`
#[tokio::test]
async fn the_step_stays_with_this_origin() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    suite.neighbours.state().factors.apps.insert(taro.id);
    let page = suite.browser().sign_in("/sign-in", &taro).await;
    let cookies = page.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap().to_owned());
    let cookie = cookies.into_iter().find(|it| it.starts_with("__Host-pass-step=")).unwrap();
    let attributes: Vec<_> = cookie.split("; ").skip(1).collect();
    assert_eq!(attributes, ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]);
}

/// A recovery code and a key do as well; what the key says is passed on as it is, with the browser's session.
#[tokio::test]
async fn a_recovery_code_or_a_key_does_as_well() {
    let suite = Suite::start().await;
    let (_, browser) = half_way(&suite).await;
    let page = browser.submit("/sign-in/second", &[("recovery_code", "nonsense")]).await;
    assert!(page.text.contains("href=\"#recovery_code\"") && page.text.contains("<details open>"));
    browser.submit("/sign-in/second", &[("recovery_code", "0000-0000-0000-0000-0000-0003")]).await;
    let before = browser.session().unwrap().reveal();

    let jiro = suite.neighbours.account("Jiro");
    suite.neighbours.state().factors.keys.insert(jiro.id, vec!["Key ring".to_owned()]);
    browser.sign_in("/sign-in", &jiro).await;
    let page = browser.get("/sign-in/second").await;
    assert!(!page.text.contains("name=\"code\""), "there is no app");
    let options = between(&page.text, "data-options=\"", "\"");
    assert!(!options.contains(['<', '>', '\'']), "{options}");
    let answer = browser.submit("/sign-in/second", &[("credential", ANSWER)]).await;
    assert_eq!(answer.location(), "/");
    let shown = suite.neighbours.state().factors.shown.pop().unwrap();
    assert_eq!(shown.factor, Some(Factor::CredentialJson(ANSWER.to_owned())));
    assert_eq!(shown.session_token, before, "which ends by it");
    assert!(!shown.visit.unwrap().device_token.is_empty());
    assert_ne!(browser.session().unwrap().reveal(), before);
}

/// A sign-in for a product goes on to it after the second step.
#[tokio::test]
async fn a_flow_goes_on_after_the_second_step() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let taro = suite.neighbours.account("Taro");
    suite.neighbours.state().factors.apps.insert(taro.id);
    let browser = suite.browser();
    let sign_in = browser.get(&product.authorize(&[])).await.location();
    let second = browser.sign_in(&sign_in, &taro).await.location();
    assert!(second.starts_with("/sign-in/second?flow="), "{second}");
    let on = browser.submit(&second, &[("code", CODE)]).await;
    assert!(on.location().starts_with("/oauth/resume?flow="));
    let back = browser.follow(on).await.leads_to();
    assert!(back.query_pairs().any(|(name, _)| name == "code"), "{back}");
    assert_eq!(suite.neighbours.state().factors.shown[0].visit.as_ref().unwrap().product, "Product backlog");
}

/// Without the step's cookie there is nothing to finish; a step that is over says so, and is forgotten.
#[tokio::test]
async fn a_step_is_of_one_browser() {
    let suite = Suite::start().await;
    let (_, browser) = half_way(&suite).await;
    let other = suite.browser();
    assert_eq!(other.get("/sign-in/second").await.location(), "/sign-in");
    let token = other.get("/sign-in").await.form_token();
    let post = other.post("/sign-in/second", &[("code", CODE), ("form_token", &token)]).await;
    assert_eq!(post.location(), "/sign-in");
    assert!(other.session().is_none());
    let foreign = browser.post("/sign-in/second", &[("code", CODE), ("form_token", &token)]).await;
    assert_eq!(foreign.status, 403, "another browser's form");
    let evil = browser.get("/sign-in/second").await.form_token();
    let fields = [("code", CODE), ("form_token", evil.as_str())];
    let evil = browser.post_from(Some("https://evil.example"), "/sign-in/second", &fields).await;
    assert_eq!(evil.status, 403);
    for fields in [[].as_slice(), &[("code", CODE), ("recovery_code", "x")]] {
        assert_eq!(browser.submit("/sign-in/second", fields).await.status, 400);
    }

    let token = browser.get("/sign-in/second").await.form_token();
    suite.neighbours.state().factors.steps.clear();
    let over = browser.post("/sign-in/second", &[("code", CODE), ("form_token", &token)]).await;
    assert_eq!(over.status, 422);
    assert!(over.text.contains("Begin again") && step(&browser).is_none());
    assert!(browser.session().is_none());
}

/// Codes posted too fast are slowed down here, too.
#[tokio::test]
async fn codes_posted_too_fast_are_slowed_down() {
    let suite = Suite::with(|config| config.credentials_per_minute = 3.try_into().unwrap()).await;
    let (_, browser) = half_way(&suite).await;
    for _ in 0..2 {
        assert_eq!(browser.submit("/sign-in/second", &[("code", "000000")]).await.status, 401);
    }
    let page = browser.submit("/sign-in/second", &[("code", CODE)]).await;
    assert_eq!(page.status, 429);
    assert!(!page.header("retry-after").is_empty() && browser.session().is_none());
}

/// proves ACC-9: the page is for who is signed in, who comes back to it; no other address is taken from outside
#[tokio::test]
async fn the_page_is_for_who_is_signed_in() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let browser = suite.browser();
    for path in ["/security", "/security/authenticator", "/security/keys/new"] {
        assert_eq!(browser.get(path).await.location(), "/sign-in?then=security", "{path}");
    }
    let back = browser.sign_in("/sign-in?then=security", &taro).await;
    assert_eq!(back.location(), "/security");
    let page = browser.get("/security").await;
    for text in ["Authenticator app", "Add a security key", "Add a passkey"] {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(!page.text.contains("Recovery codes"), "there is nothing to recover");
    assert!(page.text.contains(">Two-factor authentication is off<"), "{}", page.text);
    for nonsense in ["then=//evil.example", "then=https://evil.example", "then=SECURITY", "then="] {
        let page = suite.browser().sign_in(&format!("/sign-in?{nonsense}"), &taro).await;
        assert_eq!(page.location(), "/", "{nonsense}");
    }
}

/// proves MAN-6: a Managed Account's page says who manages it, and has nothing to change
#[tokio::test]
async fn a_managed_account_sees_who_manages_it() {
    let suite = Suite::start().await;
    let (taro, browser) = signed_in(&suite).await;
    suite.neighbours.state().factors.managed.insert(taro.id, "Acme & Sons".to_owned());
    let page = browser.get("/security").await;
    assert!(page.text.contains("This account is managed by Acme &#38; Sons"), "{}", page.text);
    assert!(!page.text.contains("<form") && !page.text.contains("<h2"), "{}", page.text);
    assert!(!page.text.contains(">Two-factor authentication is"), "its identity provider's to know");
    assert_eq!(browser.get("/security/authenticator").await.status, 403);
}

const CODES: &str = "__Host-pass-codes";

fn keep(browser: &Browser, codes: &str) {
    browser.cookies.lock().unwrap().insert(CODES.to_owned(), codes.to_owned());
}

/// The codes that a page shows.
fn codes(page: &Page) -> usize {
    page.text.matches("<code>0000-").count()
}

/// proves ACC-9: an app is added by its QR code or its secret, and a code; recovery codes are shown this once
#[tokio::test]
async fn an_app_is_added() {
    let suite = Suite::start().await;
    let (taro, browser) = signed_in(&suite).await;
    let page = browser.get("/security/authenticator").await;
    assert!(page.text.contains("<svg ") && page.text.contains("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"));
    let wrong = browser.submit("/security/authenticator", &[("code", "000000")]).await;
    assert_eq!((wrong.status, wrong.text.contains("<svg ")), (401, true));
    assert!(suite.neighbours.state().factors.apps.is_empty());
    let before = browser.session().unwrap().reveal();
    let page = browser.submit("/security/authenticator", &[("code", CODE)]).await;
    assert_eq!((page.status, page.location().as_str()), (303, "/security/recovery-codes?done=app-added"));
    assert_ne!(browser.session().unwrap().reveal(), before, "a new token at each change of level");
    assert!(suite.neighbours.state().factors.apps.contains(&taro.id));
    let page = browser.get(&page.location()).await;
    assert!(page.text.contains("role=\"status\"") && codes(&page) == 10, "{}", page.text);
    let page = browser.get("/security").await;
    assert!(page.text.contains("7 recovery codes are left") && codes(&page) == 0, "{}", page.text);
    assert!(page.text.contains(">Two-factor authentication is on<"), "{}", page.text);

    let submit = async |path: &str| {
        let token = browser.get("/security").await.form_token();
        browser.post(path, &[("form_token", &token)]).await
    };
    assert_eq!(submit("/security/recovery-codes").await.location(), "/security/recovery-codes");
    assert_eq!(submit("/security/authenticator/remove").await.location(), "/security?done=app-removed");
    let page = browser.get("/security?done=app-removed").await;
    assert!(page.text.contains("two-factor authentication is off: your password alone lets you in now"));
    assert!(
        page.text.contains(">Two-factor authentication is off<") && !page.text.contains("Recovery codes")
    );
    suite.neighbours.state().factors.keys.insert(taro.id, vec!["Key ring".to_owned()]);
    let page = browser.get("/security?done=app-removed").await;
    assert!(page.text.contains("The app is removed") && !page.text.contains("authentication is off"));
    assert!(!browser.get("/security?done=evil").await.text.contains("role=\"status\""));
}

/// proves ACC-9: new recovery codes are shown once, to the session that made them, and soon; what made them answers 303,
/// so that reloading the page makes no other ones
#[tokio::test]
async fn recovery_codes_are_shown_once() {
    let suite = Suite::start().await;
    let (taro, browser) = signed_in(&suite).await;
    let elsewhere = suite.browser();
    elsewhere.sign_in("/sign-in", &taro).await;
    suite.neighbours.state().factors.apps.insert(taro.id);
    let (path, gone) = ("/security/recovery-codes", "/security?done=codes-gone");
    let make = async || {
        let token = browser.get("/security").await.form_token();
        let answer = browser.post(path, &[("form_token", &token)]).await;
        assert_eq!((answer.status, answer.location().as_str(), codes(&answer)), (303, path, 0));
        let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|it| it.to_str().ok());
        let flags: Vec<_> =
            cookies.filter_map(|it| it.strip_prefix(CODES)?.split_once("; ")).map(|it| it.1).collect();
        assert_eq!(flags, ["Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60"]);
        browser.cookies.lock().unwrap().get(CODES).cloned().expect("they are kept")
    };
    let kept = make().await;
    assert!(!kept.contains("0000-"), "sealed: {kept}");
    let page = browser.get(path).await;
    assert_eq!((page.status, codes(&page), page.header("cache-control")), (200, 10, "no-store"));
    assert_eq!(browser.get(path).await.location(), gone, "once");

    keep(&elsewhere, &kept);
    assert_eq!(elsewhere.get(path).await.location(), gone, "in no other session");
    let (until, sealed) = kept.split_once('.').unwrap();
    let later = until.parse::<i64>().unwrap() + 60;
    for forged in [format!("{later}.{sealed}"), "1.2".to_owned(), format!("{kept}A"), String::new()] {
        keep(&browser, &forged);
        assert_eq!(browser.get(path).await.location(), gone, "{forged}");
    }
    let late = make().await;
    suite.clock.advance(time::Duration::MINUTE);
    keep(&browser, &late);
    assert_eq!(browser.get(path).await.location(), gone, "too late");
}

/// proves ACC-9: keys are added with a name and what the browser's script says, and removed; all can be switched off
#[tokio::test]
async fn keys_are_added_and_removed() {
    let suite = Suite::start().await;
    let (taro, browser) = signed_in(&suite).await;
    let path = "/security/keys/new?passkey";
    let page = browser.get(path).await;
    let script = between(&page.text, "<script src=\"", "\"").to_owned();
    let policy = page.header("content-security-policy").to_owned();
    let nonce = between(&page.text, "<script src=\"", "</script>");
    let nonce = between(nonce, "nonce=\"", "\"");
    assert!(policy.contains(&format!("script-src 'nonce-{nonce}'")), "{policy}");
    let script = browser.get(&script).await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert!(script.header("cache-control").contains("immutable"));

    let token = page.form_token();
    let add = async |answer: &str| {
        let fields =
            [("name", "My <key>"), ("credential", answer), ("passkey", "true"), ("form_token", &token)];
        browser.post("/security/keys", &fields).await
    };
    let wrong = add("{}").await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text.contains("value=\"My &#60;key&#62;\"") && wrong.text.contains("Add a passkey"));
    assert_eq!(add(ANSWER).await.location(), "/security/recovery-codes?done=key-added");
    assert_eq!(codes(&browser.get("/security/recovery-codes?done=key-added").await), 10);
    assert_eq!(add(ANSWER).await.location(), "/security?done=key-added");
    let page = browser.get("/security").await;
    assert!(page.text.contains("My &#60;key&#62;") && page.text.contains("Never"), "{}", page.text);
    let post = async |path: &str| browser.post(path, &[("form_token", &token)]).await;
    assert_eq!(post("/security/keys/0191/remove").await.status, 404);
    assert_eq!(post("/security/keys/0190/remove").await.location(), "/security?done=key-removed");
    suite.neighbours.state().factors.apps.insert(taro.id);
    assert_eq!(post("/security/off").await.location(), "/security?done=off");
    assert!(suite.neighbours.state().factors.apps.is_empty());
}

/// proves ACC-9: where a fresh proof is missing it is asked for, and the person comes back: a sign-in, or, with a
/// second factor, that one again in the same session
#[tokio::test]
async fn a_missing_proof_is_asked_for() {
    let suite = Suite::start().await;
    let (taro, browser) = signed_in(&suite).await;
    suite.neighbours.state().factors.stale.insert(taro.id);
    let path = "/sign-in?then=security-change";
    assert_eq!(browser.get("/security/authenticator").await.location(), path);
    assert!(browser.get(path).await.text.contains("Sign in to change how your account is protected"));
    assert_eq!(browser.sign_in(path, &taro).await.location(), "/security?done=confirmed");
    assert!(browser.get("/security?done=confirmed").await.text.contains("now repeat what you wanted"));

    suite.neighbours.state().factors.apps.insert(taro.id);
    let session = browser.session().unwrap().reveal();
    let token = browser.get("/security").await.form_token();
    let page = browser.post("/security/off", &[("form_token", &token)]).await;
    let path = "/sign-in/second?then=security-change";
    assert_eq!(page.location(), path);
    assert!(suite.neighbours.state().factors.apps.contains(&taro.id), "nothing has happened");
    let page = browser.get(path).await;
    assert!(page.text.contains("show your second factor once more"), "{}", page.text);
    let page = browser.submit(path, &[("code", CODE)]).await;
    assert_eq!(page.location(), "/security?done=confirmed", "nothing has happened yet, and it says so");
    assert_ne!(browser.session().unwrap().reveal(), session, "a new token at each change of level");
    assert_eq!(suite.neighbours.state().factors.shown[0].session_token, session);
    let page = browser.post("/security/off", &[("form_token", &token)]).await;
    assert_eq!(page.location(), "/security?done=off");
}

/// Changes are taken from our own pages only.
#[tokio::test]
async fn changes_are_taken_from_our_own_pages_only() {
    let suite = Suite::start().await;
    let (taro, browser) = signed_in(&suite).await;
    suite.neighbours.state().factors.apps.insert(taro.id);
    let token = browser.get("/security").await.form_token();
    for path in [
        "/security/off",
        "/security/authenticator/remove",
        "/security/keys/0190/remove",
        "/security/recovery-codes",
    ] {
        let fields = [("form_token", token.as_str())];
        assert_eq!(browser.post_from(Some("https://evil.example"), path, &fields).await.status, 403);
        assert_eq!(browser.post_from(Some(ISSUER), path, &[]).await.status, 403);
    }
    assert!(suite.neighbours.state().factors.apps.contains(&taro.id));
}

/// proves ACC-9: what takes protection away can't be posted as fast as somebody with a copied cookie likes
#[tokio::test]
async fn changes_posted_too_fast_are_slowed_down() {
    let suite = Suite::with(|config| config.credentials_per_minute = 2.try_into().unwrap()).await;
    let (taro, browser) = signed_in(&suite).await;
    suite.neighbours.state().factors.apps.insert(taro.id);
    let token = browser.get("/security").await.form_token();
    let fields = [("form_token", token.as_str())];
    let mut posted = 0..10;
    while browser.post("/security/recovery-codes", &fields).await.status != 429 {
        posted.next().expect("a limit");
    }
    for path in [
        "/security/off",
        "/security/authenticator/remove",
        "/security/keys/0190/remove",
        "/security/recovery-codes",
    ] {
        let page = browser.post(path, &fields).await;
        assert_eq!(page.status, 429, "{path}");
        assert!(page.header("retry-after").parse::<u64>().unwrap() <= 31, "{path}");
    }
    assert!(suite.neighbours.state().factors.apps.contains(&taro.id));
}
