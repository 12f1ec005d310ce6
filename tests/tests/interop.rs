//! Relying parties that others wrote: `openid-client` (npm) and Authlib (`PyPI`) sign somebody in at the
//! gateway. `deploy/dev test` installs them and says in the environment where they are.

use pass::Registration;
use pass_tests::{Browser, Suite};
use serde_json::Value;
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

const PASSWORD: &str = "correct horse battery 7 staple";

/// A foreign relying party in a process of its own, spoken with by lines of JSON.
struct Party {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Party {
    fn start(command: Command, suite: &Suite) -> Self {
        Self::start_as(command, suite, "backlog", &suite.backlog_secret)
    }

    /// As another client of the same product; an empty secret: it proves who it is by a key of its own.
    fn start_as(mut command: Command, suite: &Suite, client: &str, secret: &str) -> Self {
        let mut child = command
            .env("ISSUER", suite.gateway.as_str().trim_end_matches('/'))
            .env("CLIENT_ID", client)
            .env("CLIENT_SECRET", secret)
            .env("REDIRECT_URI", format!("{}callback", suite.backlog))
            .env("POST_LOGOUT_URI", suite.backlog.as_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let input = child.stdin.take().expect("its input");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, input, lines }
    }

    async fn hear(&mut self) -> Value {
        match self.lines.next_line().await.expect("its output") {
            Some(line) => serde_json::from_str(&line).expect("a line of JSON"),
            None => panic!("it ended: {:?}; its errors are above", self.child.wait().await),
        }
    }

    async fn say(&mut self, message: Value) {
        self.input.write_all(format!("{message}\n").as_bytes()).await.expect("its input");
    }
}

/// Signs in for the party and gives what it says at the end.
async fn sign_in(mut party: Party, suite: &Suite) -> Value {
    let browser = Browser::new("Foreign", "en");
    let open = party.hear().await;
    let page = browser.open(open["open"].as_str().expect("an address")).await;
    let form = page.form("/sign-in").with("email", "taro@example.com").with("password", PASSWORD);
    let callback = browser.submit_until(form, suite.backlog.as_str()).await;
    party.say(serde_json::json!({ "callback": callback.as_str() })).await;
    party.hear().await
}

fn here(file: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(file).display().to_string()
}

async fn with_taro() -> Suite {
    let suite = Suite::start_now().await;
    suite.sign_up(&Browser::new("Taro", "en"), "Taro Yamada", "taro@example.com", PASSWORD).await;
    suite
}

fn must_be_taro(said: &Value) {
    assert_eq!(said["userinfo"]["name"], "Taro Yamada", "{said}");
    assert_eq!(said["userinfo"]["email"], "taro@example.com");
    assert_eq!(said["userinfo"]["sub"], said["claims"]["sub"]);
    assert!(said["claims"]["sid"].is_string(), "{said}");
    assert_eq!(said["refreshed"], true);
}

/// proves API-1: a certified client signs in, refreshes, and can't use a code twice
#[tokio::test(flavor = "multi_thread")]
async fn openid_client_of_npm_signs_in() {
    let suite = Box::pin(with_taro()).await;
    let mut command = Command::new("node");
    command.arg(here("openid_client.mjs"));
    let said = sign_in(Party::start(command, &suite), &suite).await;
    must_be_taro(&said);
    assert_eq!(said["replayed"], "invalid_grant");
    // The address that it logs out by works: the browser is sent on to the registered page.
    let browser = Browser::new("Out", "en");
    let page = browser.open(said["logout"].as_str().expect("an address")).await;
    assert!(page.status.is_success(), "{}", page.body);
}

/// proves API-6: the same client proves who it is by an assertion that it signs (`private_key_jwt`)
#[tokio::test(flavor = "multi_thread")]
async fn openid_client_of_npm_signs_in_by_its_key() {
    let suite = Box::pin(with_taro()).await;
    let mut command = Command::new("node");
    command.arg(here("openid_client.mjs"));
    let mut party = Party::start_as(command, &suite, "backlog-by-key", "");
    let registration = Registration {
        client_id: "backlog-by-key".to_owned(),
        name: "Backlog".to_owned(),
        audience: "backlog".to_owned(),
        confidential: true,
        jwks: Some(party.hear().await["jwks"].to_string()),
        redirect_uris: vec![format!("{}callback", suite.backlog)],
        post_logout_uris: vec![suite.backlog.to_string()],
        back_channel_logout_uri: None,
    };
    let pool = &suite.databases["gateway"].pool;
    let secret = pass::register_client(pool, &suite.context, &registration).await.expect("a new client");
    assert!(secret.is_none(), "no second way to prove who it is");
    party.say(serde_json::json!({ "registered": true })).await;
    let said = sign_in(party, &suite).await;
    must_be_taro(&said);
    assert_eq!(said["replayed"], "invalid_grant");
}

/// proves API-1: another client, in another language, reads the same
#[tokio::test(flavor = "multi_thread")]
async fn authlib_of_pypi_signs_in() {
    let suite = Box::pin(with_taro()).await;
    let python = std::env::var("PASS_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.arg(here("authlib_client.py"));
    if let Ok(packages) = std::env::var("PASS_TEST_PYTHONPATH") {
        command.env("PYTHONPATH", packages);
    }
    must_be_taro(&sign_in(Party::start(command, &suite), &suite).await);
}
