//! How many responses one core verifies in a second: the whole pipeline, from the form field to the verdict,
//! beside bare samael on the same document. Processor time is what counts, so a busy machine tells the same.
//!
//! `cargo run --release -p pass-saml --example rate [seconds]`

#[path = "../tests/it/support/mod.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "the tests' identity provider: not all of it is needed here"
)]
mod support;

use base64::{Engine, engine::general_purpose::STANDARD};
use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};
use std::{
    fs,
    time::{Duration, Instant},
};
use support::{Setting, documents, keys};

/// Turns shorter than this tell nothing; the two sides take turns, so that both see the same machine.
const TURN: Duration = Duration::from_millis(100);

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let setting = Setting::default();
    let certificate = [CertificateDer::from(keys::rsa().certificate.der().to_vec())];
    println!("signed        pipeline/s   samael/s   share");
    for (name, document) in [
        ("assertion", documents::signed()),
        ("response", documents::response_signed()),
        ("both", documents::both_signed()),
    ] {
        let field = STANDARD.encode(&document);
        let (mut ours, mut bare) = (Rate::default(), Rate::default());
        let turns = (Duration::from_secs(seconds).as_millis() / TURN.as_millis()).max(2);
        for turn in 0..turns {
            if turn % 2 == 0 {
                ours.run(|| setting.receive(&field).is_ok_and(|validation| validation.result.is_ok()));
            } else {
                bare.run(|| samael(&document, &certificate));
            }
        }
        let share = 100.0 * ours.per_second() / bare.per_second();
        println!("{name:<12} {:>11.0} {:>10.0} {share:>6.0}%", ours.per_second(), bare.per_second());
    }
}

fn samael(document: &str, certificate: &[CertificateDer]) -> bool {
    let algorithms = [AllowedSignatureAlgorithm::RsaSha256];
    Crypto::reduce_xml_to_signed_with_allowed_algorithms(
        document,
        certificate,
        ReduceMode::PreDigest,
        Some(&algorithms),
    )
    .is_ok()
}

/// How often something was done, and how long that took.
#[derive(Default)]
struct Rate {
    times: u32,
    taken: Duration,
}

impl Rate {
    /// Does it for one turn.
    #[expect(clippy::disallowed_methods, reason = "time is what is measured")]
    fn run(&mut self, one: impl Fn() -> bool) {
        let (begun, used) = (Instant::now(), processor_time());
        while begun.elapsed() < TURN {
            assert!(one(), "the document verifies");
            self.times += 1;
        }
        self.taken += processor_time().saturating_sub(used);
    }

    fn per_second(&self) -> f64 {
        f64::from(self.times) / self.taken.as_secs_f64()
    }
}

/// What this thread has used of its processor, as the kernel counts it (proc(5)).
fn processor_time() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds come first"))
}
