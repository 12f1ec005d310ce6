//! People with accounts, made by the pages, and the tokens that they get.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_testkit::wait_for;
use pass_tests::{Browser, Suite};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Everybody's.
pub const PASSWORD: &str = "correct horse battery 7 staple";
const VERIFIER: &str = "walk-verifier-walk-verifier-walk-verifier-0001";

/// Somebody with an account.
pub struct Person {
    /// As the account has it.
    pub name: &'static str,
    /// As the account has it.
    pub email: &'static str,
    /// A member of Acme, in whatever role.
    pub of_acme: bool,
    /// Signed in at the gateway.
    pub browser: Browser,
    /// Of the account.
    pub account: String,
    /// The browser's session.
    pub session: String,
    /// Tokens of the client "console", audience "pass".
    pub console: Tokens,
    /// Tokens of the client "backlog", audience "backlog".
    pub product: Tokens,
}

/// What an exchange gives.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The ID token.
    pub id: String,
    /// The refresh token.
    pub refresh: String,
}

/// Signs somebody up.
pub async fn sign_up(suite: &Suite, name: &'static str, email: &'static str) -> Person {
    let browser = Browser::new(name, "en");
    suite.sign_up(&browser, name, email, PASSWORD).await;
    of_browser(suite, name, email, browser).await
}

/// Whoever is signed in in a browser.
pub async fn of_browser(suite: &Suite, name: &'static str, email: &'static str, browser: Browser) -> Person {
    let (console, product) = tokens(suite, &browser).await;
    let (account, session) = (claim(&console.access, "sub"), claim(&console.access, "sid"));
    Person { name, email, of_acme: false, browser, account, session, console, product }
}

/// Signs somebody in once more, in another browser.
pub async fn second_session(suite: &Suite, person: &Person, name: &str) -> (Browser, Tokens, Tokens) {
    let browser = Browser::new(name, "en");
    let page = browser.open(suite.gateway.join("/sign-in").expect("a path")).await;
    suite.sign_in(&browser, &page, person.email, PASSWORD).await;
    let (console, product) = tokens(suite, &browser).await;
    (browser, console, product)
}

/// Has somebody sign in once more, so that it is minutes ago at most.
pub async fn sign_in_anew(suite: &Suite, person: &mut Person) {
    (person.browser, person.console, person.product) = second_session(suite, person, person.name).await;
    person.session = claim(&person.console.access, "sid");
}

/// A sign-up that has its mail: its id, and what the link has.
pub async fn begin_sign_up(suite: &Suite) -> (String, String) {
    let (browser, email) = (Browser::new("Somebody", "en"), "somebody@new.example");
    let page = browser.open(suite.gateway.join("/sign-up").expect("a path")).await;
    browser.submit(page.form("/sign-up").with("name", "Somebody New").with("email", email)).await;
    let token = link_token(suite, email, "/sign-up/", 0).await;
    let sql = "SELECT id::text FROM sign_ups WHERE email = $1";
    let id = sqlx::query_scalar(sql).bind(email).fetch_one(&suite.databases["identity"].pool).await;
    (id.expect("the sign-up"), token)
}

/// The last part of the link of a mail to somebody who has had so many mails before.
pub async fn link_token(suite: &Suite, email: &str, kind: &str, earlier: usize) -> String {
    let link = wait_for(async || {
        let mails = suite.mails.mails_to(email);
        let mut links = mails.iter().skip(earlier).filter_map(|mail| mail.link());
        links.find(|link| link.contains(kind)).map(str::to_owned)
    })
    .await;
    link.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Tokens of the console and of the sample product, for whoever is signed in in the browser.
async fn tokens(suite: &Suite, browser: &Browser) -> (Tokens, Tokens) {
    let console_secret = suite.config.console.client_secret.expose();
    let console =
        exchange(suite, browser, "console", console_secret, &format!("{}callback", suite.console)).await;
    let redirect_uri = format!("{}callback", suite.backlog);
    (console, exchange(suite, browser, "backlog", &suite.backlog_secret, &redirect_uri).await)
}

async fn exchange(
    suite: &Suite,
    browser: &Browser,
    client: &str,
    secret: &str,
    redirect_uri: &str,
) -> Tokens {
    let mut url = suite.gateway.join("/oauth/authorize").expect("a path");
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", redirect_uri),
        ("scope", "openid offline_access profile email"),
        ("state", "s"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let location = browser.redirect_of(url.as_str()).await;
    let code = location.query_pairs().find(|(name, _)| name == "code");
    let (_, code) = code.unwrap_or_else(|| panic!("no code for {client}: {location}"));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let http = pass_runtime::http::client(Duration::from_secs(20)).expect("a client");
    let endpoint = suite.gateway.join("/oauth/token").expect("a path");
    let answer =
        http.post(endpoint).basic_auth(client, Some(secret)).form(&form).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    let answer: serde_json::Value = answer.json().await.expect("JSON");
    let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned();
    Tokens { access: text("access_token"), id: text("id_token"), refresh: text("refresh_token") }
}

/// What a token says.
pub fn claim(token: &str, name: &str) -> String {
    let payload = token.split('.').nth(1).expect("a JWT");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let payload: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
    payload[name].as_str().unwrap_or_else(|| panic!("no {name} in {payload}")).to_owned()
}

/// What somebody makes of a good token who has no key.
pub fn forged(token: &str) -> Vec<String> {
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { panic!("not a JWT") };
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("UTF-8");
    let promoted = URL_SAFE_NO_PAD
        .encode(decoded.replace("\"member\"", "\"administrator\"").replace("\"exp\":1", "\"exp\":2"));
    let appointed = URL_SAFE_NO_PAD.encode(decoded.replacen('{', "{\"operator\":true,", 1));
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    vec![
        "nonsense".to_owned(),
        "a".repeat(4096),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{none}.{payload}."),
        format!("{header}.{promoted}.{signature}"),
        format!("{header}.{appointed}.{signature}"),
        format!("{header}.{payload}.{flipped}{}", &signature[1..]),
    ]
}
