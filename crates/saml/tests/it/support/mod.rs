//! An identity provider for tests: it writes documents that are canonical as they stand, so it signs them
//! without a canonicaliser, and shares no code with what verifies them.

pub mod documents;
pub mod keys;
pub mod sealing;
pub mod signing;

use base64::{Engine, engine::general_purpose::STANDARD};
use pass_saml::{
    Certificate, Check, Connection, Expected, Limits, MAX_VALIDITY, NameIdFormat, OutstandingRequest,
    Refusal, Trust, Validated, Validation, Verifier, validate,
};
use std::time::{Duration, Instant};
use time::{OffsetDateTime, macros::datetime};

pub const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
pub const IDP: &str = "https://idp.example.test/metadata";
pub const SP: &str = "https://pass.example.test/saml/acme";
pub const ACS: &str = "https://pass.example.test/saml/acme/acs";
pub const REQUEST: &str = "_request0123456789";

/// Everything that a response is judged by.
pub struct Setting {
    pub certificates: Vec<Certificate>,
    pub decryption: Vec<pass_saml::PrivateKey>,
    pub connection: Connection,
    pub expected: Expected,
    pub now: OffsetDateTime,
    pub limits: Limits,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            certificates: vec![keys::rsa().certificate.clone()],
            decryption: Vec::new(),
            connection: Connection {
                idp_entity_id: IDP.to_owned(),
                name_id_formats: vec![NameIdFormat::EmailAddress, NameIdFormat::Persistent],
                address_attribute: None,
                max_validity: MAX_VALIDITY,
            },
            expected: Expected {
                sp_entity_id: SP.to_owned(),
                acs_url: ACS.to_owned(),
                request: Some(OutstandingRequest {
                    id: REQUEST.to_owned(),
                    issued_at: NOW - time::Duration::minutes(2),
                    force_authn: false,
                }),
                idp_initiated_allowed: false,
            },
            now: NOW,
            limits: Limits::default(),
        }
    }
}

impl Setting {
    /// With the certificates of these keys.
    pub fn trusting(keys: &[&keys::Key]) -> Self {
        let certificates = keys.iter().map(|key| key.certificate.clone()).collect();
        Self { certificates, ..Self::default() }
    }

    /// At another time.
    pub fn at(now: OffsetDateTime) -> Self {
        Self { now, ..Self::default() }
    }

    /// The whole pipeline on a form field.
    pub fn receive(&self, field: &str) -> Result<Validation, Refusal> {
        let verifier = Verifier::new(self.limits);
        let gated = verifier.gate(verifier.decode(field)?)?;
        let trust = Trust { certificates: &self.certificates, decryption: &self.decryption };
        let signed = verifier.verify(&gated, &trust, self.now)?;
        Ok(validate(&signed, gated.facts(), &self.connection, &self.expected, self.now))
    }

    /// The whole pipeline on a document.
    pub fn judge(&self, document: impl AsRef<[u8]>) -> Result<Validated, Refusal> {
        self.receive(&STANDARD.encode(document)).and_then(|validation| validation.result)
    }

    /// The check that refuses a document.
    pub fn refusal(&self, document: impl AsRef<[u8]>) -> Option<Check> {
        self.judge(document).err().map(|refusal| refusal.check())
    }
}

/// How long a refusal may take (the list of cases in security.md).
pub const LONGEST_REFUSAL: Duration = Duration::from_millis(100);

/// How long `work` takes. When that is too long, the machine may have been busy: then the shortest of a few
/// tries.
#[expect(clippy::disallowed_methods, reason = "how long a refusal takes is what is measured")]
pub fn shortest<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut once = || {
        let begun = Instant::now();
        let given = work();
        (begun.elapsed(), given)
    };
    let mut best = once();
    for _ in 0..10 {
        if best.0 < LONGEST_REFUSAL {
            break;
        }
        let (taken, given) = once();
        best = (taken.min(best.0), given);
    }
    best
}

/// Asserts for each named document that it is refused by its check, quickly, and without quoting it.
pub fn assert_refused<D: AsRef<[u8]>>(
    setting: &Setting,
    cases: impl IntoIterator<Item = (&'static str, D, Check)>,
) {
    // libxmlsec1 is initialised, and keys are made, before anything is timed.
    setting.judge(documents::signed()).ok();
    for (name, document, check) in cases {
        let (taken, judged) = shortest(|| setting.judge(&document));
        let refusal = judged.map(|_| ()).expect_err(name);
        assert!(taken < LONGEST_REFUSAL, "{name} took {taken:?}");
        assert_eq!(refusal.check(), check, "{name}: {refusal}");
        let shown = refusal.to_string();
        assert!(shown.len() < 1_000 && !shown.contains('<'), "{name} quotes the document: {shown}");
        assert!(!shown.contains(documents::ADDRESS), "{name} shows the address: {shown}");
    }
}

/// Replaces what must be there.
pub fn swap(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the document");
    text.replace(from, to)
}
