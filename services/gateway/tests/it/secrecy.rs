//! Secrets are neither in logs nor, as they are, in the database.

use crate::{neighbours::response, product::query, saml::departure, suite::Suite};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_proto::types::v1::Language;
use std::{
    io::Write,
    sync::{Mutex, OnceLock},
};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

static LOG: OnceLock<Mutex<Vec<u8>>> = OnceLock::new();

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.get_or_init(Mutex::default).lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;
    fn make_writer(&'w self) -> Self {
        Self
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|half| char::from_digit(half.into(), 16))
        .collect()
}

/// What passes when somebody signs in through an identity provider, with refusals on the way.
async fn managed_journey(suite: &Suite) -> Vec<(&'static str, String)> {
    let company = suite.neighbours.company("kunigunde-works");
    let person = suite.neighbours.managed("Kunigunde");
    let (product, browser) = (suite.product("cacoo").await, suite.browser());
    let acs = format!("/saml/{}/acs", company.space_key);
    let mut secrets = vec![("managed person's name", person.name.clone())];
    let sign_in = browser.get(&product.authorize(&[])).await.location();
    let path = sign_in.replace("/sign-in", "/managed");
    browser.submit(&path, &[("identifier", "kunigunde@unknown.example")]).await;
    let left = departure(&browser.submit(&path, &[("identifier", &company.handle)]).await);
    let token = browser.cookies.lock().unwrap()["__Host-pass-saml"].clone();
    let (relay, assertion) = (query(&left)["RelayState"].clone(), response(&person.email));
    let wrong = "cmVmdXNlZA==".to_owned();
    suite.browser().post(&acs, &[("SAMLResponse", &wrong), ("RelayState", &relay)]).await;
    let fields = [("SAMLResponse", assertion.as_str()), ("RelayState", &relay)];
    let finish = suite.browser().post(&acs, &fields).await.location();
    suite.browser().get(&finish).await;
    browser.get(&finish).await.location();
    let asked = suite.browser().post(&acs, &fields).await.location();
    browser.get(&asked).await;
    let link = suite.neighbours.invite(&company, &company.handle, Language::En);
    browser.get(&link).await;
    for address in [&finish, &asked] {
        secrets.push(("handle", address.split_once('=').unwrap().1.to_owned()));
    }
    secrets.extend([
        ("identifier", "kunigunde@unknown.example".to_owned()),
        ("managed person's address", person.email),
        ("response", assertion),
        ("refused response", wrong),
        ("relay state", relay),
        ("browser's token", token),
        ("managed person's session", browser.session().unwrap().reveal()),
        ("invitation", link.rsplit_once('/').unwrap().1.to_owned()),
    ]);
    secrets
}

/// Everything that somebody could act with, or know somebody by, over a whole journey with refusals on the way.
#[tokio::test]
async fn secrets_are_never_in_logs_nor_in_the_database() {
    let filter = EnvFilter::new("debug,h2=info,hyper=info,hyper_util=info,rustls=info,reqwest=info");
    let subscriber = tracing_subscriber::fmt().with_writer(Log).with_env_filter(filter).json().finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let suite = Suite::start().await;
    let (product, someone) = (suite.product("backlog").await, suite.neighbours.account("Sigismund"));
    let browser = suite.browser();
    let code = product.code(&browser, &someone).await;
    let tokens = product.redeem(&code).await;
    let second = product.refresh(&tokens.text("refresh_token")).await;
    suite.clock.advance(time::Duration::seconds(11));
    let session = browser.session().unwrap().reveal();
    product.redeem(&code).await.refused("invalid_grant");
    product.refresh(&tokens.text("refresh_token")).await.refused("invalid_grant");
    browser
        .submit("/sign-in", &[("email", &someone.email), ("password", "a wrong password of Sigismund")])
        .await;
    browser.get(&format!("/oauth/logout?id_token_hint={}", tokens.text("id_token"))).await;
    browser.get(&format!("/sign-up/{}", pass_types::Secret::generate(&suite.gateway.entropy).reveal())).await;

    let secrets = [
        ("password", someone.password.clone()),
        ("wrong password", "a wrong password of Sigismund".to_owned()),
        ("code", code),
        ("verifier", product.verifier.clone()),
        ("client secret", product.secret.clone().unwrap()),
        ("access token", tokens.text("access_token")),
        ("ID token", tokens.text("id_token")),
        ("refresh token", tokens.text("refresh_token")),
        ("its successor", second.text("refresh_token")),
        ("session", session),
        ("sealing key", suite.config.keys.secret.expose().to_owned()),
    ];
    let secrets: Vec<_> = secrets.into_iter().chain(managed_journey(&suite).await).collect();
    let log = String::from_utf8(LOG.get().unwrap().lock().unwrap().clone()).unwrap();
    assert!(log.contains("refused"), "something was logged");
    for (what, secret) in
        secrets.iter().chain(&[("name", someone.name.clone()), ("address", someone.email.clone())])
    {
        let line = log.lines().find(|line| line.to_lowercase().contains(&secret.to_lowercase()));
        assert!(line.is_none(), "{what} was logged: {line:?}");
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&suite.database.pool)
    .await
    .unwrap();
    assert!(tables.len() > 8);
    for table in tables {
        let query = sqlx::AssertSqlSafe(format!("SELECT it::text FROM {table} AS it"));
        let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(&suite.database.pool).await.unwrap();
        for (what, secret) in &secrets {
            // As text, as bytes, and as the bytes that a token's text stands for.
            let decoded = URL_SAFE_NO_PAD.decode(secret).unwrap_or_default();
            let mut forms = vec![secret.clone(), hex(secret.as_bytes())];
            forms.extend((!decoded.is_empty()).then(|| hex(&decoded)));
            let found = rows.iter().find(|row| forms.iter().any(|form| row.contains(form)));
            assert!(found.is_none(), "{what} is in {table}: {found:?}");
        }
    }
}
