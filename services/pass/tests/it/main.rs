//! The program as an operator meets it: its commands, its one-line errors, its start and its end.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass::{Config, Service};
use pass_mesh::development::Pki;
use pass_runtime::admin::SERIES;
use pass_testkit::{TestDatabase, wait_for};
use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

const SECRET: &str = "a secret of the tests that is long enough for all";

/// A folder with settings that work, and the databases that they name.
struct Installation {
    folder: TempDir,
    ports: [u16; 8],
    _databases: Vec<TestDatabase>,
}

impl Installation {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let held = [(); 8].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = held.each_ref().map(|listener| listener.local_addr().unwrap().port());
        drop(held);
        let broker = pass_testkit::broker().await;
        let mut databases = Vec::new();
        let mut toml = vec![format!("[admin]\nlisten = '127.0.0.1:{}'", ports[0])];
        Pki::open(folder.path(), "pass.internal").unwrap();
        for service in Service::ALL {
            // Not migrated: `pass migrate` is to do it.
            let database = pass_testkit::postgres().await.database(&[]).await;
            let (name, table) = (service.name(), service.name().replace('-', "_"));
            toml.push(format!("[{table}.database]\nurl = '{}'\nmax_connections = 4", database.url));
            databases.push(database);
            if *service != Service::Console {
                let url = broker.url.expose();
                toml.push(format!("[{table}.broker]\nurl = '{url}'\nnamespace = '{}'", broker.namespace));
            }
            let at = |file: &str| folder.path().join(file).display().to_string();
            toml.push(format!(
                "[{table}.mesh]\nca_file = '{}'\ncertificate_file = '{}'\nkey_file = '{}'\n[{table}.mesh.peers]",
                at("ca.pem"),
                at(&format!("{name}.pem")),
                at(&format!("{name}.key")),
            ));
            for (peer, port) in [
                ("identity", ports[1]),
                ("organization", ports[2]),
                ("gateway", ports[3]),
                ("billing", ports[6]),
                ("domain-verification", ports[7]),
            ] {
                toml.push(format!("{peer} = 'https://localhost:{port}'"));
            }
        }
        fs::write(folder.path().join("pass.toml"), toml.join("\n")).unwrap();
        fs::write(folder.path().join("secret"), SECRET).unwrap();
        Self { folder, ports, _databases: databases }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// The program with the settings of the file, and the rest in the environment.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pass"));
        let [_, identity, organization, gateway, pages, console, billing, domains] = self.ports;
        let issuer = format!("http://pass.localhost:{pages}");
        command.args(arguments).env_clear().env("PASS_CONFIG", self.path("pass.toml")).envs([
            ("PASS_IDENTITY__LISTEN", format!("127.0.0.1:{identity}")),
            ("PASS_IDENTITY__ISSUER", issuer.clone()),
            ("PASS_ORGANIZATION__LISTEN", format!("127.0.0.1:{organization}")),
            ("PASS_ORGANIZATION__ISSUER", issuer.clone()),
            ("PASS_BILLING__LISTEN", format!("127.0.0.1:{billing}")),
            ("PASS_BILLING__ISSUER", issuer.clone()),
            ("PASS_DOMAIN_VERIFICATION__LISTEN", format!("127.0.0.1:{domains}")),
            ("PASS_DOMAIN_VERIFICATION__ISSUER", issuer.clone()),
            ("PASS_GATEWAY__GRPC_LISTEN", format!("127.0.0.1:{gateway}")),
            ("PASS_GATEWAY__HTTP_LISTEN", format!("127.0.0.1:{pages}")),
            ("PASS_GATEWAY__WEB__PUBLIC_URL", issuer.clone()),
            ("PASS_CONSOLE__LISTEN", format!("127.0.0.1:{console}")),
            ("PASS_CONSOLE__ISSUER", issuer),
            ("PASS_CONSOLE__CLIENT_SECRET", SECRET.to_owned()),
            ("PASS_NOTIFICATION__SMTP__TLS", "none".to_owned()),
        ]);
        for secret in [
            "IDENTITY__LINK_SECRET",
            "IDENTITY__SAML__SECRET",
            "ORGANIZATION__LINK_SECRET",
            "BILLING__LINK_SECRET",
            "GATEWAY__KEYS__SECRET",
            "GATEWAY__REFRESH__SECRET",
            "GATEWAY__WEB__FORM_SECRET",
            "CONSOLE__WEB__FORM_SECRET",
            "CONSOLE__ENCRYPTION_SECRET",
        ] {
            command.env(format!("PASS_{secret}_FILE"), self.path("secret"));
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

#[track_caller]
fn must_work(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn must_fail_with(output: &Output, words: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it worked");
    assert_eq!(errors.lines().count(), 1, "one line: {errors}");
    assert!(errors.contains(words), "{errors:?} should say {words:?}");
    assert!(!errors.contains(SECRET), "a secret in {errors:?}");
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn it_is_installed_started_and_ended() {
    let installation = Installation::new().await;
    let folder = installation.folder.path().display().to_string();
    must_work(&installation.run(&["certificates", &folder]));
    must_fail_with(&installation.run(&["all"]), "run `pass migrate` first");
    for _ in 0..2 {
        assert_eq!(must_work(&installation.run(&["migrate"])).lines().count(), Service::ALL.len());
    }

    let mut running = Running(installation.command(&["all"]).stdout(Stdio::null()).spawn().unwrap());
    let ready = format!("http://127.0.0.1:{}/ready", installation.ports[0]);
    let client = pass_runtime::http::client(std::time::Duration::from_secs(5)).unwrap();
    wait_for(async || client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success())).await;
    let discovery = format!("http://127.0.0.1:{}/.well-known/openid-configuration", installation.ports[4]);
    assert!(client.get(&discovery).send().await.unwrap().status().is_success());
    what_is_documented_is_measured(installation.ports[0]).await;

    let pid = running.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = wait_for(async || running.0.try_wait().unwrap()).await;
    assert!(ended.success(), "an orderly end: {ended}");
}

/// What needs more than a start and a page: mails, and events between services.
const LATER: [&str; 6] = [
    "mails_total",
    "password_ranges_total",
    "pass_events_consumed_total",
    "pass_events_duplicate_total",
    "pass_events_retried_total",
    "pass_events_dead_lettered_total",
];

/// proves: `/metrics` serves the series that are documented, and no other
async fn what_is_documented_is_measured(admin: u16) {
    let client = pass_runtime::http::client(std::time::Duration::from_secs(5)).unwrap();
    let documented: BTreeSet<_> = SERIES.iter().map(|(name, _)| *name).collect();
    let at_once = documented.iter().filter(|name| !LATER.contains(name)).count();
    let served = wait_for(async || {
        let answer = client.get(format!("http://127.0.0.1:{admin}/metrics")).send().await.ok()?;
        let text = answer.text().await.ok()?;
        let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let names: BTreeSet<_> =
            names.map(str::to_owned).filter(|it| !LATER.contains(&it.as_str())).collect();
        (names.len() >= at_once).then_some(names)
    })
    .await;
    let strange: Vec<_> = served.iter().filter(|name| !documented.contains(name.as_str())).collect();
    assert!(strange.is_empty(), "not documented: {strange:?}");
}

/// proves API-6: an operator registers a relying party with keys, which gets no secret, and replaces its keys
#[tokio::test]
async fn an_operator_registers_a_client_with_keys() {
    // The public key of RFC 7515, A.3.
    const PUBLIC: &str = r#"{"keys":[{"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    let installation = Installation::new().await;
    must_work(&installation.run(&["migrate", "gateway"]));
    let (file, uri) = (installation.path("keys.json"), "https://backlog.example/callback");
    let keys = ["--jwks-file", file.to_str().unwrap()];
    let add =
        ["client", "add", "backlog", "--name", "Backlog", "--audience", "backlog", "--redirect-uri", uri];
    let add = [&add[..], &keys].concat();
    must_fail_with(&installation.run(&add), "can't read");
    fs::write(&file, PUBLIC.replace("\"kty\"", "\"d\":\"AAAA\",\"kty\"")).unwrap();
    must_fail_with(&installation.run(&add), "public keys only");
    fs::write(&file, PUBLIC).unwrap();
    let both = installation.run(&[&add[..], &["--public"]].concat());
    assert!(
        !both.status.success() && String::from_utf8_lossy(&both.stderr).contains("'--public'"),
        "{both:?}"
    );
    assert_eq!(must_work(&installation.run(&add)).trim(), "", "no secret");
    must_work(&installation.run(&[&["client", "keys", "backlog"][..], &keys].concat()));
    must_fail_with(&installation.run(&["client", "secret", "backlog"]), "no client backlog with a secret");
    must_fail_with(&installation.run(&[&["client", "keys", "cacoo"][..], &keys].concat()), "no client cacoo");
}

/// proves API-6: an operator registers a relying party, whose secret is shown once
#[tokio::test]
async fn an_operator_registers_a_client() {
    let installation = Installation::new().await;
    must_work(&installation.run(&["migrate", "gateway"]));
    let uri = "https://backlog.example/callback";
    let add =
        ["client", "add", "backlog", "--name", "Backlog", "--audience", "backlog", "--redirect-uri", uri];
    let secret = must_work(&installation.run(&add));
    assert_eq!(secret.trim().len(), 43);
    must_fail_with(&installation.run(&add), "there is a client backlog already");
    assert_ne!(must_work(&installation.run(&["client", "secret", "backlog"])), secret);

    let file = installation.path("cacoo-secret");
    let mut add = add;
    (add[2], add[6]) = ("cacoo", "cacoo");
    let add = [&add[..], &["--secret-file", file.to_str().unwrap()]].concat();
    must_work(&installation.run(&add));
    assert_eq!(fs::read_to_string(&file).unwrap().trim().len(), 43);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let mut again = add.clone();
    again[2] = "typetalk";
    must_fail_with(&installation.run(&again), "can't make");
    fs::remove_file(&file).unwrap();
    must_work(&installation.run(&again));
}

#[tokio::test]
async fn a_wrong_setting_is_one_line_that_names_it() {
    let installation = Installation::new().await;
    let folder = installation.folder.path().display().to_string();
    must_work(&installation.run(&["certificates", &folder]));
    must_work(&installation.run(&["migrate"]));
    for (name, text, words) in [
        ("PASS_IDENTITY__LISTNE", "x", "PASS_IDENTITY__LISTNE is not a setting"),
        ("PASS_ADMIN__LISTEN", "nowhere", "the setting admin.listen is wrong"),
        ("PASS_IDENTITY__DATABASE__URL", "mysql://x", "database.url"),
        ("PASS_GATEWAY__DATABASE__URL", "postgres://127.0.0.1:1/x", "the setting database.url names"),
        (
            "PASS_GATEWAY__DATABASE__MAX_CONNECTIONS",
            "0",
            "the setting database.max_connections must be more than 0",
        ),
        ("PASS_NOTIFICATION__WORKERS", "0", "the setting notification.workers is wrong"),
        ("PASS_NOTIFICATION__SMTP__TIMEOUT_SECONDS", "0", "the setting notification.smtp.timeout_seconds"),
        (
            "PASS_IDENTITY__MESH__LIMITS__CONCURRENT_CALLS",
            "0",
            "the setting identity.mesh.limits.concurrent_calls is wrong",
        ),
        ("PASS_GATEWAY__MESH__LIMITS__GRACE", "0", "the setting gateway.mesh.limits.grace is wrong"),
        (
            "PASS_IDENTITY__LINK_SECRET",
            "short",
            "the setting link_secret is wrong: must be at least 16 bytes long",
        ),
        ("PASS_GATEWAY__KEYS__SECRET", "short", "the setting keys.secret is wrong"),
        ("PASS_CONSOLE__ISSUER", "http://elsewhere.example", "the setting console.issuer must be"),
        ("PASS_NOTIFICATION__SMTP__FROM", "nobody", "the setting smtp.from is not an email address"),
        ("PASS_CONSOLE__MESH__CA_FILE", "/does/not/exist", "/does/not/exist"),
        ("PASS_TELEMETRY__LOG", "=nonsense=", "the setting telemetry.log"),
    ] {
        let plain = name.to_owned();
        let output = installation
            .command(&["all"])
            .env_remove(format!("{plain}_FILE"))
            .env(plain, text)
            .stdout(Stdio::null())
            .output()
            .unwrap();
        must_fail_with(&output, words);
    }
    let broken = installation.path("broken.toml");
    fs::write(&broken, "[identity]\nlink_secret = 12345678901234567890\n").unwrap();
    let output = installation.command(&["config"]).env("PASS_CONFIG", &broken).output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("1234567890"));
}

#[tokio::test]
async fn the_settings_in_force_are_shown_without_secrets() {
    let installation = Installation::new().await;
    let shown = must_work(&installation.run(&["config"]));
    assert!(!shown.contains(SECRET) && shown.contains("(secret)"), "{shown}");
    assert!(!Config::default().identity.issuer.is_empty() && shown.contains("[identity"));
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong() {
    let installation = Installation::new().await;
    let folder = installation.folder.path().display().to_string();
    must_work(&installation.run(&["certificates", &folder]));
    let output = installation.run(&["doctor"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    assert!(said.contains("FAIL  identity: database: the database lacks"), "{said}");
    for service in ["identity", "organization", "notification", "gateway"] {
        assert!(said.contains(&format!("ok    {service}: broker\n")), "{said}");
    }
    assert!(said.contains("ok    console: certificates"), "{said}");
    assert!(said.contains("FAIL  mail server"), "{said}");

    // Each is asked for itself: one wrong setting is one line.
    must_work(&installation.run(&["migrate"]));
    let mut doctor = installation.command(&["doctor"]);
    let output = doctor
        .env("PASS_GATEWAY__BROKER__URL", "amqp://pass:s3cret@127.0.0.1:1/%2f")
        .env("PASS_CONSOLE__DATABASE__URL", "postgres://pass:s3cret@127.0.0.1:1/console")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    assert!(said.contains("FAIL  gateway: broker: can't connect"), "{said}");
    assert!(said.contains("FAIL  console: database: can't connect"), "{said}");
    assert!(
        said.contains("ok    gateway: database\n") && said.contains("ok    identity: broker\n"),
        "{said}"
    );
    assert_eq!(
        said.lines().filter(|line| line.starts_with("FAIL")).count(),
        3,
        "the mail server is the third: {said}"
    );
    assert!(!said.contains("s3cret"), "{said}");
}
