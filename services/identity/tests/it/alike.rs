//! What signing in, signing up and asking for another password do for an address without an account: the same, in the
//! same time (ACC-1, ACC-8). The mail tells, to whoever reads the mailbox.
//!
//! The same is shown by what the database is told: statement for statement. The time is measured, so it is no test of
//! one request against a clock: known and unknown take turns in the same minute, and their medians are compared with
//! each other. The margin is wide, so that a busy machine does not fail it; what it would see is a hash or a call to
//! another service that one of them is spared. Wrong passwords at the real cost are measured in `guessing.rs`.

use crate::{
    guessing::{device, with_device},
    password_reset,
    role::Role,
    suite::{PASSWORD, Suite, wish},
};
use pass_proto::errors::v1::ErrorReason;
use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration as Span,
};

const TARO: &str = "taro@example.com";
const NOBODY: &str = "nobody@example.com";

/// What the database was told about these tables while something was done.
async fn statements(work: impl Future<Output = ()>) -> Vec<String> {
    const ABOUT: [&str; 9] = [
        "throttles",
        "password_resets",
        "sign_ups",
        "security_events",
        "login_history",
        "known_devices",
        "INTO outbox",
        "FROM accounts",
        "SAVEPOINT",
    ];
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("sqlx::query=debug")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // With a single subscriber, tracing lets whichever thread comes first decide what is of interest to all.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);
    work.await;
    drop(guard);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // Without what came of it.
    let statements =
        logged.lines().filter_map(|line| line.split_once("summary=")?.1.split(" rows_affected=").next());
    let about = statements.filter(|statement| ABOUT.iter().any(|table| statement.contains(table)));
    // What was written for nobody is taken back.
    about.map(|statement| statement.replace("ROLLBACK TO SAVEPOINT", "RELEASE SAVEPOINT")).collect()
}

/// Where the statements are written down.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The housekeeping works with the same tables.
async fn without_housekeeping() -> Suite {
    let suite = Suite::with(|config| config.housekeeping_millis = 3_600_000).await;
    suite.user(TARO).await;
    suite
}

/// Compares what is done for an address with an account with what is done for one without; what it was.
async fn same(done_for: impl AsyncFn(&str)) -> Vec<String> {
    // What is done once, for the network and for a connection's first statement, is done.
    statements(done_for("jiro@example.com")).await;
    let (known, unknown) = (statements(done_for(TARO)).await, statements(done_for(NOBODY)).await);
    assert_eq!(known, unknown);
    known
}

/// proves ACC-8: asking for another password tells the database the same, whether or not the address has an account
#[tokio::test]
async fn a_reset_does_the_same_for_nobody() {
    let suite = without_housekeeping().await;
    let gateway = suite.gateway_anonymous();
    let done = same(async |email| {
        gateway.request_password_reset(password_reset::wish(email)).await.unwrap();
    });
    let done = done.await;
    assert!(done.len() >= 9 && done.iter().any(|it| it.contains("security_events")), "{done:#?}");
}

/// proves ACC-8: so does a wrong password, from a browser that shows a device or none
#[tokio::test]
async fn a_wrong_password_does_the_same_for_nobody() {
    let suite = without_housekeeping().await;
    let gateway = suite.gateway_anonymous();
    for device_token in [String::new(), device(5)] {
        let done = same(async |email| {
            let attempt = with_device(email, "not the password", &device_token);
            let refused = gateway.sign_in(attempt).await.unwrap_err();
            assert_eq!(refused.reason, ErrorReason::CredentialsInvalid);
        });
        let done = done.await;
        assert!(done.len() >= 9 && done.iter().any(|it| it.contains("login_history")), "{done:#?}");
    }
}

/// proves ACC-1, ACC-8: so does asking for an account
#[tokio::test]
async fn a_sign_up_does_the_same_for_nobody() {
    let suite = without_housekeeping().await;
    let gateway = suite.gateway_anonymous();
    let done = same(async |email| {
        gateway.request_sign_up(wish(email)).await.unwrap();
    });
    let done = done.await;
    assert!(done.len() >= 6 && done.iter().any(|it| it.contains("sign_ups")), "{done:#?}");
}

/// What a sign-in costs beside the hash is what the database is told: from a browser that the account knows, no more
/// than this. (Of the second factor and the session it is told once each, which is not counted here.)
#[tokio::test]
async fn a_sign_in_tells_the_database_little() {
    let suite = without_housekeeping().await;
    let gateway = suite.gateway_anonymous();
    let sign_in = async || {
        gateway.sign_in(with_device(TARO, PASSWORD, &device(5))).await.unwrap();
    };
    sign_in().await;
    let told = statements(sign_in()).await;
    // Account and device; both limits at once, taken and given back; the password is still that; history; device; event.
    assert_eq!(told.len(), 7, "{told:#?}");
}

/// The medians of how long something takes for an address with an account and for addresses without, in turns.
async fn takes_as_long(suite: &Suite, ask: impl AsyncFn(&Role, &str)) {
    suite.user(TARO).await;
    let gateway = suite.gateway_anonymous();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..120 {
        let nobody = format!("nobody-{}@example.com", round % 3);
        for (email, times) in [(TARO, &mut known), (nobody.as_str(), &mut unknown)] {
            let begun = tokio::time::Instant::now();
            ask(&gateway, email).await;
            times.push(begun.elapsed());
        }
    }
    let median = |times: &mut Vec<Span>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let (known, unknown) = (median(&mut known), median(&mut unknown));
    let ratio = known / unknown;
    assert!((0.67..1.5).contains(&ratio), "known {known} s, unknown {unknown} s");
}

/// proves ACC-8: asking for another password takes as long for an address without an account as for one with
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_takes_as_long_for_nobody() {
    let suite = Suite::with(|config| {
        config.limits.password_resets_per_network = 1_000_000;
        config.limits.password_resets_per_address = 1_000_000;
    });
    takes_as_long(&suite.await, async |gateway, email| {
        gateway.request_password_reset(password_reset::wish(email)).await.unwrap();
    })
    .await;
}

/// proves ACC-1, ACC-8: so does asking for an account
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_takes_as_long_for_nobody() {
    let suite = Suite::with(|config| config.limits.sign_ups_per_address = 1_000_000);
    takes_as_long(&suite.await, async |gateway, email| {
        gateway.request_sign_up(wish(email)).await.unwrap();
    })
    .await;
}
