//! An identity provider that others wrote: pysaml2 (`PyPI`, with the program `xmlsec1`), in a process of its
//! own. `deploy/dev test` installs it and says in the environment where it is.

use serde::{Deserialize, Serialize};
use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use url::Url;

/// Names the Python program to run it with; else `python3`.
const PYTHON: &str = "PASS_TEST_PYTHON";
/// Names the folder with its packages.
const PYTHON_PACKAGES: &str = "PASS_TEST_PYTHONPATH";

/// How long it may take to answer, beside a build.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(20);
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/interop/pysaml2_idp.py");

/// What is signed in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signing {
    /// The assertion.
    #[default]
    Assertion,
    /// The Response.
    Response,
    /// The assertion, then the Response.
    Both,
    /// Nothing.
    Nothing,
}

/// What the `NameID` of an answer is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Naming {
    /// The address, in the format emailAddress.
    #[default]
    Address,
    /// This, in the format persistent.
    Persistent(String),
    /// This, in this format.
    Format(String, String),
}

/// Whom it signs in, and how it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// The address: the attribute "email".
    pub email: String,
    /// The attribute "name".
    pub name: String,
    /// The `NameID`.
    pub naming: Naming,
    /// What is signed.
    pub signing: Signing,
    /// The audience, instead of the service provider that asked.
    pub audience: Option<String>,
    /// For how long the assertion is valid; of the past when negative.
    pub valid: Duration,
    /// Its time, instead of the machine's.
    pub now: Option<OffsetDateTime>,
}

impl Switches {
    /// As a provider that is set up well: the assertion is signed and valid for five minutes.
    pub fn new(email: &str, name: &str) -> Self {
        Self {
            email: email.to_owned(),
            name: name.to_owned(),
            naming: Naming::default(),
            signing: Signing::default(),
            audience: None,
            valid: Duration::minutes(5),
            now: None,
        }
    }
}

/// As the program has them.
#[derive(Serialize)]
struct Wire<'a> {
    email: &'a str,
    name: &'a str,
    name_id: Option<&'a str>,
    name_id_format: &'a str,
    sign_response: bool,
    sign_assertion: bool,
    audience: Option<&'a str>,
    valid_seconds: i64,
    now: Option<i64>,
}

impl<'a> From<&'a Switches> for Wire<'a> {
    fn from(switches: &'a Switches) -> Self {
        let Switches { email, name, naming, signing, audience, valid, now } = switches;
        let (name_id, name_id_format) = match naming {
            Naming::Address => (None, "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
            Naming::Persistent(id) => {
                (Some(id.as_str()), "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
            }
            Naming::Format(id, format) => (Some(id.as_str()), format.as_str()),
        };
        Self {
            email,
            name,
            name_id,
            name_id_format,
            sign_response: matches!(signing, Signing::Response | Signing::Both),
            sign_assertion: matches!(signing, Signing::Assertion | Signing::Both),
            audience: audience.as_deref(),
            valid_seconds: valid.whole_seconds(),
            now: now.map(OffsetDateTime::unix_timestamp),
        }
    }
}

/// The form that a browser would post to the service provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Where to.
    pub acs: Url,
    /// The field `SAMLResponse`, in Base64.
    pub saml_response: String,
    /// The field `RelayState`.
    pub relay_state: Option<String>,
}

#[derive(Deserialize)]
struct Form {
    acs: Url,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "SAMLResponse")]
    saml_response: String,
    #[serde(rename = "RelayState")]
    relay_state: Option<String>,
}

/// pysaml2 as an identity provider on a free port of 127.0.0.1. It ends with the value.
#[derive(Debug)]
pub struct Pysaml2 {
    url: Url,
    client: reqwest::Client,
    /// When it ends, however this process went, so does the program.
    input: Option<ChildStdin>,
    child: Child,
    _folder: TempDir,
}

impl Pysaml2 {
    /// Starts one, with a new key.
    pub async fn start() -> Self {
        tokio::task::spawn_blocking(Self::launch).await.expect("pysaml2 starts")
    }

    fn launch() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned()));
        command.args(["-W", "ignore"]).arg(Path::new(PROGRAM)).arg(folder.path());
        if let Ok(packages) = env::var(PYTHON_PACKAGES) {
            command.env("PYTHONPATH", packages);
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python is installed");
        let input = child.stdin.take();
        let mut line = String::new();
        let output = child.stdout.take().expect("was piped");
        BufReader::new(output).read_line(&mut line).expect("its output");
        let url = line.trim().parse().expect("pysaml2 says where it is; else its errors are above");
        let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build();
        Self { url, client: client.expect("a client"), input, child, _folder: folder }
    }

    /// Where a browser finds it.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whom it signs in from now on, and how.
    pub async fn set(&self, switches: &Switches) {
        let request = self.client.post(self.at("switches")).json(&Wire::from(switches));
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        answer.expect("pysaml2 takes its switches");
    }

    /// Its metadata, in XML.
    pub async fn metadata(&self) -> String {
        let answer = self.client.get(self.at("metadata")).send().await;
        answer.expect("pysaml2 answers").text().await.expect("its metadata")
    }

    /// Its answer to the address that a service provider sent the browser to.
    pub async fn answer(&self, authn_request: &Url) -> Answer {
        self.form(authn_request.clone()).await
    }

    /// An answer that nobody asked for.
    pub async fn unsolicited(&self, entity_id: &str, acs: &Url, relay_state: Option<&str>) -> Answer {
        let mut url = self.at("unsolicited");
        url.query_pairs_mut().append_pair("sp", entity_id).append_pair("acs", acs.as_str());
        if let Some(state) = relay_state {
            url.query_pairs_mut().append_pair("RelayState", state);
        }
        self.form(url).await
    }

    async fn form(&self, url: Url) -> Answer {
        let answer = self.client.get(url).header("accept", "application/json").send().await;
        let answer = answer.expect("pysaml2 answers; else its errors are above");
        let Form { acs, fields: Fields { saml_response, relay_state } } =
            answer.json().await.expect("a form");
        Answer { acs, saml_response, relay_state }
    }

    fn at(&self, path: &str) -> Url {
        self.url.join(path).expect("a path")
    }
}

impl Drop for Pysaml2 {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
