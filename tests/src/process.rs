//! One service of a running suite as a process of its own, to be killed in earnest.

use crate::Suite;
use pass_testkit::wait_for;
use std::{
    env, fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// Identity as a process: `pass identity`, at the address and on the data of the suite's own. It is killed with
/// the value.
pub struct IdentityProcess {
    child: Child,
    _folder: TempDir,
}

impl IdentityProcess {
    /// Starts it, with the suite's settings, and waits until it takes calls.
    pub async fn start(suite: &Suite) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = &suite.config.identity;
        let peers: Vec<_> =
            identity.mesh.peers.iter().map(|(name, url)| format!("{name} = '{url}'")).collect();
        let file = folder.path().join("pass.toml");
        fs::write(&file, format!("[identity.mesh.peers]\n{}\n", peers.join("\n"))).expect("a file");
        let path = |path: &PathBuf| path.display().to_string();
        let mut command = Command::new(program());
        command.arg("identity").env_clear().env("PASS_CONFIG", &file).envs([
            ("PASS_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
            ("PASS_IDENTITY__DATABASE__URL", identity.database.url.expose().to_owned()),
            ("PASS_IDENTITY__DATABASE__MAX_CONNECTIONS", "6".to_owned()),
            ("PASS_IDENTITY__BROKER__URL", identity.broker.url.expose().to_owned()),
            ("PASS_IDENTITY__BROKER__NAMESPACE", identity.broker.namespace.clone()),
            ("PASS_IDENTITY__MESH__CA_FILE", path(&identity.mesh.ca_file)),
            ("PASS_IDENTITY__MESH__CERTIFICATE_FILE", path(&identity.mesh.certificate_file)),
            ("PASS_IDENTITY__MESH__KEY_FILE", path(&identity.mesh.key_file)),
            ("PASS_IDENTITY__LISTEN", identity.listen.to_string()),
            ("PASS_IDENTITY__ISSUER", identity.issuer.clone()),
            ("PASS_IDENTITY__LINK_SECRET", identity.link_secret.expose().to_owned()),
            ("PASS_IDENTITY__SAML__SECRET", identity.saml.secret.expose().to_owned()),
            ("PASS_IDENTITY__CONSOLE_URL", identity.console_url.clone()),
            ("PASS_IDENTITY__PASSWORDS__MEMORY_KIB", "64".to_owned()),
            ("PASS_IDENTITY__PASSWORDS__ITERATIONS", "1".to_owned()),
            ("PASS_IDENTITY__HOUSEKEEPING_MILLIS", "200".to_owned()),
            ("PASS_IDENTITY__STEP_MILLIS", "8000".to_owned()),
        ]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        let mut process = Self { child: command.spawn().expect("the program"), _folder: folder };
        wait_for(async || {
            let ended = process.child.try_wait().expect("its state");
            assert!(ended.is_none(), "`pass identity` ended at once: {ended:?}");
            TcpStream::connect(identity.listen).await.is_ok()
        })
        .await;
        process
    }

    /// SIGKILL: nothing of it runs any more when this returns.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("its end");
    }
}

impl Drop for IdentityProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The suite's program, which cargo builds beside these tests.
fn program() -> PathBuf {
    let own = env::current_exe().expect("a path");
    let program = own.parent().and_then(|deps| deps.parent()).expect("target/<profile>/deps").join("pass");
    assert!(program.exists(), "{} is missing: run `cargo build -p pass`", program.display());
    program
}
