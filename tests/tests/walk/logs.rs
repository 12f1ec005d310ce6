//! What the services write into their logs meanwhile: nothing secret, nothing personal.

use crate::{
    fixture::Fixture,
    nulab_pass::{COMPANY, CONTACT, HALF_MADE, MANAGED, MANAGED_NAME},
    people::PASSWORD,
};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use tracing_subscriber::fmt::MakeWriter;

/// Everything that this process has logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

static LOG: OnceLock<Log> = OnceLock::new();

/// From here on what is logged is kept: as services log by default.
pub fn keep() {
    LOG.get_or_init(|| {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().json().with_env_filter("info").with_writer(log.clone());
        subscriber.try_init().expect("nobody else keeps logs in this process");
        log
    });
}

/// What must not be there and is.
pub fn spilled(f: &Fixture) -> Vec<String> {
    let log = LOG.get().expect("kept from the beginning").bytes();
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("refused"), "refusals are logged, and this is where");
    let mut secrets = vec![PASSWORD, &f.spare.1, &f.sign_up.1, &f.invitation_token, &f.suite.backlog_secret];
    secrets.extend([
        f.pass.managed_invitation.as_str(),
        &f.saml.test_token,
        MANAGED,
        MANAGED_NAME,
        HALF_MADE,
        CONTACT,
        COMPANY,
    ]);
    secrets.extend([
        "nora@acme.example",
        "yoko@acme.example",
        "open@acme.example",
        "third@acme.example",
        "somebody@new.example",
        "not the password at all",
        pass_tests::SPACE_PASSWORD,
        "elsewhere@new.example",
        &f.login_alert.1,
    ]);
    secrets.extend(f.credentials.secrets());
    for person in [&f.administrator, &f.member, &f.guest, &f.managed, &f.outsider, &f.operator, &f.invited] {
        secrets.extend([person.name, person.email]);
        for tokens in [&person.console, &person.product] {
            secrets.extend([tokens.access.as_str(), &tokens.id, &tokens.refresh]);
        }
    }
    let spilled = secrets.into_iter().filter_map(|secret| {
        let line = log.lines().find(|line| line.contains(secret))?;
        Some(format!("the log has {secret:?}: {}", line.chars().take(600).collect::<String>()))
    });
    spilled.collect()
}

impl Log {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
