//! An identity provider for tests: it writes documents that are canonical as they stand, so it signs them
//! without a canonicaliser, and shares no code with what verifies them.

pub mod corpus;
pub mod cost;
pub mod documents;
pub mod keys;
pub mod sealing;
pub mod signing;

use base64::{Engine, engine::general_purpose::STANDARD};
use cost::{LONGEST_REFUSAL, MOST_KIB, growth, shortest};
use pass_saml::{
    Certificate, Check, Connection, Expected, Limits, MAX_VALIDITY, NameIdFormat, OutstandingRequest,
    PrivateKey, Refusal, Trust, Validated, Validation, Verifier, validate,
};
use time::{OffsetDateTime, macros::datetime};

pub const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
pub const IDP: &str = "https://idp.example.test/metadata";
pub const SP: &str = "https://pass.example.test/saml/acme";
pub const ACS: &str = "https://pass.example.test/saml/acme/acs";
pub const REQUEST: &str = "_request0123456789";

/// Everything that a response is judged by.
pub struct Setting {
    pub certificates: Vec<Certificate>,
    pub decryption: Vec<&'static keys::Key>,
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
        let judged = self.run(field);
        corpus::note("", self, field, &judged);
        judged
    }

    fn run(&self, field: &str) -> Result<Validation, Refusal> {
        let verifier = Verifier::new(self.limits);
        let gated = verifier.gate(verifier.decode(field)?)?;
        let decryption: Vec<PrivateKey> = self.decryption.iter().map(|key| key.for_us()).collect();
        let trust = Trust { certificates: &self.certificates, decryption: &decryption };
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

/// Asserts for each named document that it is refused by its check, at little cost, and without quoting it.
pub fn assert_refused<D: AsRef<[u8]>>(
    setting: &Setting,
    cases: impl IntoIterator<Item = (&'static str, D, Check)>,
) {
    // libxmlsec1 is initialised, and keys are made, before anything is measured.
    setting.run(&STANDARD.encode(documents::signed())).ok();
    for (name, document, check) in cases {
        let judged = at_little_cost(name, setting, &STANDARD.encode(document));
        let refusal = judged.and_then(|validation| validation.result).map(|_| ()).expect_err(name);
        assert_eq!(refusal.check(), check, "{name}: {refusal}");
        let shown = refusal.to_string();
        assert!(shown.len() < 1_000 && !shown.contains('<'), "{name} quotes the document: {shown}");
        assert!(!shown.contains(documents::ADDRESS), "{name} shows the address: {shown}");
    }
}

/// What `setting` says of a form field, and that it is quick; where a process does nothing else, that it
/// takes little memory.
fn at_little_cost(name: &str, setting: &Setting, field: &str) -> Result<Validation, Refusal> {
    if !corpus::is_recorded() {
        let (taken, judged) = shortest(|| setting.run(field));
        assert!(taken < LONGEST_REFUSAL, "{name} took {taken:?}");
        return judged;
    }
    let (grown, judged) = growth(|| setting.run(field));
    assert!(grown < MOST_KIB, "{name} took {grown} KiB");
    corpus::note(name, setting, field, &judged);
    judged
}

/// Replaces what must be there.
pub fn swap(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the document");
    text.replace(from, to)
}

/// One text for each number below `count`, joined.
pub fn each(count: u32, text: impl Fn(u32) -> String) -> String {
    (0..count).map(text).collect()
}
